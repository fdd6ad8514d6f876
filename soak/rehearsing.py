"""Rehearses faults under load: what clients see, whether anything is lost, when all is well."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from soak.faults import EVERYTHING, Rehearsal, injected
from soak.reconciliation import Finding
from soak.surroundings import Answer, Surroundings, wait_until

RECOVERY_SECONDS = 10.0
"""What the application promises, once the cause is gone."""

_WARM_UP_SECONDS = 60.0
_LONGEST_RECOVERY_SECONDS = 120.0
_LONGEST_LOAD_SECONDS = 900.0


@dataclass(frozen=True)
class Outcome:
    """What became of one fault.

    Attributes
    ----------
    name, how
        Of the fault.
    requests
        Requests that clients sent while it lasted.
    seen
        Answers other than success, and how often, while it lasted and until all was well.
    recovered_after
        Seconds from the end of the cause until everything that it concerned worked; None if it
        did not.
    finding
        Acknowledged against stored.
    note
        What whoever operates it is told, if it needs somebody.
    """

    name: str
    how: str
    requests: int
    seen: dict[str, int]
    recovered_after: float | None
    finding: Finding
    note: str = ""
    heals_within: float = field(default=0.0)

    @property
    def recovered_in_time(self) -> bool:
        """Whether it recovered by itself within the promised time."""
        return (
            self.recovered_after is not None
            and self.recovered_after <= RECOVERY_SECONDS + self.heals_within
        )


class Probes:
    """One request to each part of the application, on a row of its own.

    Parameters
    ----------
    surroundings
        The application.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        body = {"FirstName": "Mary", "LastName": "Probe", "Feedback": "A probe of the soak."}
        answer = surroundings.call("POST", "/feedback", body)
        if answer.status != 200:
            raise RuntimeError(f"the application does not work: {answer}")
        self._id: str = answer.body["ID"]
        # It is not one of the clients' rows.
        surroundings.before.add(self._id)

    def send(self, name: str) -> Answer:
        """Send a probe, one of `soak.faults.EVERYTHING`."""
        requests: dict[str, tuple[str, str, Any]] = {
            "predict": ("POST", "/predict", {"names": ["Mary"]}),
            "identify": ("POST", "/identifygender", {"ids": [self._id]}),
            "judge": ("POST", "/predictsentiment", {"ids": [self._id]}),
            "say": ("PUT", f"/feedback/{self._id}/gender", {"gender": "X"}),
            "list": ("GET", "/getallcontents?limit=1", None),
            "insights": ("GET", "/insights", None),
        }
        return self._surroundings.call(*requests[name], timeout=35)

    def work(self, names: Sequence[str]) -> bool:
        """Whether all of these are answered with success now."""
        with ThreadPoolExecutor(len(names)) as pool:
            return all(answer.status == 200 for answer in pool.map(self.send, names))

    def remove(self) -> None:
        """Delete the row."""
        self._surroundings.call("DELETE", f"/feedback/{self._id}")


def rehearse(surroundings: Surroundings, rehearsal: Rehearsal, *, clients: int) -> Outcome:
    """Let a fault happen while clients work.

    Parameters
    ----------
    surroundings
        The application, without any clients yet.
    rehearsal
        The fault.
    clients
        Number of clients.

    Raises
    ------
    RuntimeError
        If the application does not work before the fault.
    """
    probes = Probes(surroundings)
    if not wait_until(lambda: probes.work(EVERYTHING), seconds=_WARM_UP_SECONDS):
        raise RuntimeError("the application does not work before the fault")
    begun = time.time()
    load = surroundings.start_clients(clients, _LONGEST_LOAD_SECONDS)
    try:
        wait_until(lambda: len(surroundings.samples(begun)) > 2 * clients, seconds=_WARM_UP_SECONDS)
        injected_at = time.time()
        with injected(rehearsal, surroundings):
            time.sleep(rehearsal.seconds)
        gone = time.monotonic()
        recovered = wait_until(
            lambda: probes.work(rehearsal.concerns), seconds=_LONGEST_RECOVERY_SECONDS
        )
        recovered_after = round(time.monotonic() - gone, 1)
        well_again = time.time()
    finally:
        surroundings.stop_clients(load)
    probes.remove()
    during = [sample for sample in surroundings.samples(injected_at) if sample.begun <= well_again]
    return Outcome(
        name=rehearsal.name,
        how=rehearsal.how,
        requests=len(during),
        seen=dict(Counter(sample.failure for sample in during if sample.failure).most_common()),
        recovered_after=recovered_after if recovered else None,
        finding=surroundings.reconcile(),
        heals_within=rehearsal.heals_within,
    )
