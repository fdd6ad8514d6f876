"""Operations on the tags of any resource."""

from __future__ import annotations

from local.aws_api import Record, listing
from local.aws_api.callers import Caller
from local.aws_api.errors import validation_error
from local.sagemaker.kinds import KINDS, could_not_find
from local.sagemaker.store import Store

_MOST_TAGS = 50


class Tags:
    """Tags of all resources of the local SageMaker."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, request: Record, _caller: Caller) -> Record:
        """AddTags."""
        arn = self._existing(request["ResourceArn"])
        with self._store.lock:
            tags = {**self._store.tags().get(arn, {})}
            tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
            if len(tags) > _MOST_TAGS:
                raise validation_error(f"A resource has at most {_MOST_TAGS} tags.")
            self._store.tags()[arn] = tags
        return {"Tags": _as_list(tags)}

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListTags."""
        arn = self._existing(request["ResourceArn"])
        found, more = listing.page(_as_list(self._store.tags().get(arn, {})), request, 50)
        return {"Tags": found, **more}

    def delete(self, request: Record, _caller: Caller) -> Record:
        """DeleteTags."""
        arn = self._existing(request["ResourceArn"])
        with self._store.lock:
            tags = self._store.tags().get(arn, {})
            kept = {key: value for key, value in tags.items() if key not in request["TagKeys"]}
            # Put in place of the old ones, which another thread may be reading.
            self._store.tags()[arn] = kept
        return {}

    def _existing(self, arn: str) -> str:
        arn_name, _, name = arn.split(":", 5)[-1].partition("/")
        kind = KINDS.get(arn_name)
        records = self._store.records(kind) if kind is not None else ()
        lowered = arn[: len(arn) - len(name)] + name.lower()
        if lowered not in {record["_Arn"] for record in records}:
            raise could_not_find("resource", arn)
        return lowered


def _as_list(tags: dict[str, str]) -> list[Record]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
