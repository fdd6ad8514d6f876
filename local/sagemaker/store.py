"""Records of the local SageMaker, per account and region."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from typing import Any

from local.aws_api import Record, context
from local.sagemaker.kinds import KINDS, Kind


class Store:
    """Records by kind and name, and the tags of their ARNs.

    Keys of a record that begin with an underscore are this emulator's own and never leave it.

    Parameters
    ----------
    lock
        Held while a record changes, and never while something is waited for.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self._scopes: dict[str, dict[str, Any]] = {}

    def table(self, kind: Kind) -> dict[str, Record]:
        """Return the records of one kind, by name, in the account and region of the request.

        Other threads add to the table: whoever goes through all of it takes `records`.
        """
        table: dict[str, Record] = self._scope()["records"][kind.arn_name]
        return table

    def records(self, kind: Kind) -> list[Record]:
        """List the records of one kind in the account and region of the request, as of now."""
        with self.lock:
            return list(self.table(kind).values())

    def tags(self) -> dict[str, dict[str, str]]:
        """Return the tags by ARN in the account and region of the request."""
        tags: dict[str, dict[str, str]] = self._scope()["tags"]
        return tags

    def remove(self, kind: Kind, name: str) -> None:
        """Forget a record and its tags."""
        with self.lock:
            record = self.table(kind).pop(name, None)
            if record is not None:
                self.tags().pop(record["_Arn"], None)

    def everything(self, kind: Kind) -> Iterator[tuple[str, str, Record]]:
        """Yield every record of a kind with its account and region."""
        with self.lock:
            found = [
                (account, region, record)
                for key, scope in self._scopes.items()
                for account, region in [key.split("/")]
                for record in scope["records"][kind.arn_name].values()
            ]
        yield from found

    def export_state(self) -> dict[str, Any]:
        """Copy everything, for the emulator to save as JSON."""
        with self.lock:
            return copy.deepcopy(self._scopes)

    def import_state(self, state: dict[str, Any]) -> None:
        """Take over what an earlier emulator saved."""
        with self.lock:
            self._scopes = {}
            for key, saved in state.items():
                records = {kind: saved.get("records", {}).get(kind, {}) for kind in KINDS}
                self._scopes[key] = {"records": records, "tags": saved.get("tags", {})}

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self._scopes = {}

    def _scope(self) -> dict[str, Any]:
        key = f"{context.account()}/{context.region()}"
        with self.lock:
            if key not in self._scopes:
                self._scopes[key] = {"records": {kind: {} for kind in KINDS}, "tags": {}}
            return self._scopes[key]
