"""What the operations on every kind of resource share."""

from __future__ import annotations

from collections.abc import Iterable

from local.aws_api import Record, listing, now, validation
from local.aws_api.callers import Caller
from local.aws_api.errors import ApiError
from local.sagemaker.kinds import SERVICE, Kind
from local.sagemaker.store import Store


class ControlPlane:
    """Operations on one kind of resource.

    Parameters
    ----------
    kind
        The kind.
    store
        Where the records are.
    """

    def __init__(self, kind: Kind, store: Store) -> None:
        self.kind = kind
        self.store = store

    @property
    def table(self) -> dict[str, Record]:
        """Records by name, in the account and region of the request."""
        return self.store.table(self.kind)

    def find(self, name: str) -> Record:
        """Find the record of a resource.

        Raises
        ------
        ApiError
            If there is none.
        """
        record = self.table.get(name)
        if record is None:
            raise self.kind.not_found(name)
        return record

    def named(self, request: Record) -> Record:
        """Find the record of the resource that a request names.

        Raises
        ------
        ApiError
            If there is none.
        """
        return self.find(request[self.kind.name_member])

    def new_record(self, request: Record) -> Record:
        """Begin the record of what a request asks for, with its name, ARN and time."""
        arn = self.kind.arn(request[self.kind.name_member])
        asked = {member: value for member, value in request.items() if member != "Tags"}
        return {**asked, "_Arn": arn, self.kind.arn_member: arn, "CreationTime": now()}

    def add(self, record: Record, request: Record) -> Record:
        """Store a new record with the request's tags; answers what its creation answers.

        Raises
        ------
        ApiError
            If the name is taken.
        """
        arn, name = record["_Arn"], record[self.kind.name_member]
        with self.store.lock:
            if name in self.table:
                raise self.taken(arn)
            self.table[name] = record
            if request.get("Tags"):
                self.store.tags()[arn] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        return {self.kind.arn_member: arn}

    def taken(self, arn: str) -> ApiError:
        """Build the error for a name that is taken."""
        return ApiError(
            "ValidationException", f'Cannot create already existing {self.kind.words} "{arn}".'
        )

    def describe(self, request: Record, _caller: Caller) -> Record:
        """Describe the resource that a request names."""
        return self.named(request)

    def candidates(self, _request: Record) -> Iterable[Record]:
        """Return the records among which a List request chooses."""
        return self.store.records(self.kind)

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """List one page of what a request asks for."""
        chosen = listing.select(
            self.candidates(request),
            request,
            name=self.kind.name_member,
            status=self.kind.status_member if self.kind.has_status else None,
            ascending=self.kind.oldest_first,
        )
        page, more = listing.page(chosen, request, 10)
        shape = validation.service_model(SERVICE).shape_for(f"{self.kind.type_name}Summary")
        return {self.kind.list_member: [validation.project(shape, item) for item in page], **more}

    def delete(self, request: Record, _caller: Caller) -> Record:
        """Delete the resource that a request names."""
        self.store.remove(self.kind, self.named(request)[self.kind.name_member])
        return {}
