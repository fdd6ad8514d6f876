"""Saves the emulator's state every few seconds, so that a crash loses little.

ministack writes its state only when it is stopped in an orderly way. Objects in buckets, the
items of tables (:mod:`local.bridges.table_journal`) and what else clients change
(:mod:`local.acknowledged_changes`) are on disk before they are acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from ministack import app as ministack_app
from ministack.core import persistence

_logger = logging.getLogger(__name__)


class StateSaver:
    """Saves the state of every service while requests come in.

    Parameters
    ----------
    interval_seconds
        Time between two saves, and so the most that a crash can lose.
    """

    def __init__(self, interval_seconds: float = 5.0) -> None:
        self._interval_seconds = interval_seconds
        self._changed = asyncio.Event()
        self._saving = asyncio.Lock()
        self._finished = False

    def note_request(self) -> None:
        """Remember that something may have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Save for ever; to be started only after the stored state has been read."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._interval_seconds)
            self._changed.clear()
            await self.save()

    async def save(self, only: Collection[str] | None = None) -> None:
        """Save once.

        Parameters
        ----------
        only
            Names of the states to save, or None for all.

        Notes
        -----
        The state is copied on the event loop, where requests cannot change it meanwhile, and
        written by a thread, where writing delays no request.
        """
        async with self._saving:
            if not self._finished:
                await self._save_services(only)

    async def finish(self) -> None:
        """Wait for a save that is being made, and make no other.

        ministack's own save at the end writes the same files.
        """
        async with self._saving:
            self._finished = True

    async def _save_services(self, only: Collection[str] | None) -> None:
        services = ministack_app._build_persistence_save_dict()
        # A stack must not be known as complete when what it created is not known yet.
        for service in sorted(services, key="cloudformation".__eq__):
            get_state = services[service]
            if only is not None and service not in only:
                continue
            try:
                state = get_state()
            except Exception:
                # A worker thread may be changing what is being copied. The next round saves it.
                _logger.exception("The state of %s was not saved this time", service)
                continue
            if state is not None:
                await asyncio.to_thread(persistence.save_state, service, state)
