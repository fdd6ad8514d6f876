from __future__ import annotations

import asyncio
import threading

import pytest
from ministack import app as ministack_app
from ministack.core import persistence

from local.state_saver import StateSaver


class _Services:
    """Two services, one of which is being changed while it is copied."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.saved: list[str] = []
        self.may_write = threading.Event()
        self.may_write.set()
        monkeypatch.setattr(
            ministack_app,
            "_build_persistence_save_dict",
            lambda: {"busy": self._busy, "calm": dict},
        )
        monkeypatch.setattr(persistence, "save_state", self._write)

    def _busy(self) -> dict[str, str]:
        raise RuntimeError("dictionary changed size during iteration")

    def _write(self, service: str, _state: object) -> None:
        self.may_write.wait(10)
        self.saved.append(service)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> _Services:
    return _Services(monkeypatch)


def test_a_service_that_cannot_be_copied_keeps_no_other_from_being_saved(
    services: _Services,
) -> None:
    asyncio.run(StateSaver().save())

    assert services.saved == ["calm"]


def test_stacks_are_saved_after_what_they_created(
    services: _Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = {"cloudformation": dict, "calm": dict, "dynamodb": dict}
    monkeypatch.setattr(ministack_app, "_build_persistence_save_dict", lambda: states)

    asyncio.run(StateSaver().save())

    assert services.saved == ["calm", "dynamodb", "cloudformation"]


def test_nothing_is_saved_without_a_request(services: _Services) -> None:
    async def idle_then_request() -> list[str]:
        saver = StateSaver(interval_seconds=0)
        running = asyncio.create_task(saver.run())
        for _ in range(10):
            await asyncio.sleep(0)
        before = list(services.saved)
        saver.note_request()
        while not services.saved:
            await asyncio.sleep(0.01)
        running.cancel()
        return before

    assert asyncio.run(idle_then_request()) == []


def test_the_end_waits_for_a_save_and_allows_no_other(services: _Services) -> None:
    async def end_while_saving() -> bool:
        services.may_write.clear()
        saver = StateSaver()
        saving = asyncio.create_task(saver.save())
        await asyncio.sleep(0)
        ending = asyncio.create_task(saver.finish())
        for _ in range(20):
            await asyncio.sleep(0)
        waited = not ending.done()
        services.may_write.set()
        await asyncio.gather(saving, ending)
        await saver.save()
        return waited

    assert asyncio.run(end_while_saving())
    assert services.saved == ["calm"]
