"""Rehearses faults under load: what clients see, whether anything is lost, when all is well."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from soak.faults import EVERYTHING, Rehearsal, injected
from soak.reconciliation import Finding
from soak.surroundings import Answer, Surroundings, wait_until

RECOVERY_SECONDS = 10.0
"""What the application promises, once the cause is gone."""

_WARM_UP_SECONDS = 60.0
_LONGEST_RECOVERY_SECONDS = 120.0
_LONGEST_LOAD_SECONDS = 1800.0


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
    heals_within: float = 0.0

    @property
    def recovered_in_time(self) -> bool:
        """Whether it recovered by itself within the promised time."""
        return (
            self.recovered_after is not None
            and self.recovered_after <= RECOVERY_SECONDS + self.heals_within
        )

    @property
    def is_well(self) -> bool:
        """Whether nothing was lost, and everything recovered in time."""
        return self.finding.is_clean and self.recovered_in_time


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


def observe(
    surroundings: Surroundings,
    *,
    name: str,
    how: str,
    concerns: Sequence[str],
    happens: Callable[[], str],
    clients: int,
    heals_within: float = 0.0,
) -> Outcome:
    """Let something happen while clients work, and see how the application comes through.

    Parameters
    ----------
    surroundings
        The application, without any clients yet.
    name, how
        Of what happens.
    concerns
        Names of the probes that must work afterwards.
    happens
        Lets it happen and takes its cause away; returns what whoever operates it is told.
    clients
        Number of clients.
    heals_within
        Seconds after which the embedded AWS itself takes the cause away, if nobody else does.

    Raises
    ------
    RuntimeError
        If the application does not work before.
    """
    probes = Probes(surroundings)
    if not wait_until(lambda: probes.work(EVERYTHING), seconds=_WARM_UP_SECONDS):
        raise RuntimeError(f"the application does not work before this: {name}")
    begun = time.time()
    load = surroundings.start_clients(clients, _LONGEST_LOAD_SECONDS)
    try:
        wait_until(lambda: len(surroundings.samples(begun)) > 2 * clients, seconds=_WARM_UP_SECONDS)
        happened_at = time.time()
        note = happens()
        gone = time.monotonic()
        recovered = wait_until(lambda: probes.work(concerns), seconds=_LONGEST_RECOVERY_SECONDS)
        recovered_after = round(time.monotonic() - gone, 1)
        well_again = time.time()
    finally:
        surroundings.stop_clients(load)
    probes.remove()
    during = [sample for sample in surroundings.samples(happened_at) if sample.begun <= well_again]
    return Outcome(
        name=name,
        how=how,
        requests=len(during),
        seen=dict(Counter(sample.failure for sample in during if sample.failure).most_common()),
        recovered_after=recovered_after if recovered else None,
        finding=surroundings.reconcile(),
        note=note,
        heals_within=heals_within,
    )


def rehearse(surroundings: Surroundings, rehearsal: Rehearsal, *, clients: int) -> Outcome:
    """Inject a fault of a service while clients work.

    Parameters
    ----------
    surroundings
        The application, without any clients yet.
    rehearsal
        The fault.
    clients
        Number of clients.
    """

    def happens() -> str:
        with injected(rehearsal, surroundings):
            time.sleep(rehearsal.seconds)
        return ""

    return observe(
        surroundings,
        name=rehearsal.name,
        how=rehearsal.how,
        concerns=rehearsal.concerns,
        happens=happens,
        clients=clients,
        heals_within=rehearsal.heals_within,
    )
