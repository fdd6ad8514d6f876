"""Records that are read while other threads add some."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.aws_api import Record, context
from local.aws_api.callers import CloudFormationCaller
from local.sagemaker import authorization
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.kinds import LIFECYCLE_CONFIG, MODEL, NOTEBOOK_INSTANCE
from local.sagemaker.notebooks import LifecycleConfigs
from local.sagemaker.store import Store
from local.sagemaker.tags import Tags
from tests.local.sagemaker.workbench import ACCOUNT

_CALLER = CloudFormationCaller()


class _Crowded(dict[str, Any]):
    """A record beside which another one is stored at the very moment at which it is read."""

    def __init__(self, record: Record, table: dict[str, Record]) -> None:
        super().__init__(record)
        self._table = table

    def _crowd(self) -> None:
        self._table.setdefault("newcomer", dict(self))

    def __getitem__(self, member: str) -> Any:
        self._crowd()
        return super().__getitem__(member)

    def get(self, member: str, default: Any = None) -> Any:
        self._crowd()
        return super().get(member, default)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(threading.RLock())
    with context.scope(ACCOUNT, "us-east-1"):
        for kind in (MODEL, NOTEBOOK_INSTANCE, LIFECYCLE_CONFIG):
            table = store.table(kind)
            record = {kind.name_member: "one", "_Arn": kind.arn("one"), "CreationTime": 0.0}
            table["one"] = _Crowded(record, table)
        yield store


@pytest.mark.parametrize(
    "read",
    [
        lambda store: ControlPlane(MODEL, store).list_page({}, _CALLER),
        lambda store: LifecycleConfigs(store).delete(
            {LIFECYCLE_CONFIG.name_member: "one"}, _CALLER
        ),
        lambda store: Tags(store).list_page({"ResourceArn": MODEL.arn("one")}, _CALLER),
        authorization._tagged,
    ],
    ids=["a list", "the users of a lifecycle configuration", "tags", "all tags"],
)
def test_what_is_added_meanwhile_does_not_break_a_reader(
    store: Store, read: Callable[[Store], object]
) -> None:
    assert read(store) is not None
