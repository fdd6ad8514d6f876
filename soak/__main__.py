"""Command line of the soak: ``python -m soak [load] [faults] [deployments]``.

Needs the application on an embedded AWS that is running (``make soak`` starts one of its own).
Ends with 1 if anything acknowledged was lost, a server error was not explained by a fault, or
something was not well again in time.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial

from local.progress import say
from local.settings import LocalSettings
from soak import deployments, faults, load, machine, rehearsing, report
from soak.rehearsing import Outcome
from soak.surroundings import Surroundings

MOST_CLIENTS = 200
LONGEST_SECONDS = 3_600
FAULT_CLIENTS = 10
_PARTS = ("load", "faults", "deployments")


def bounded(variable: str, default: int, most: int) -> int:
    """Read a number from an environment variable.

    Raises
    ------
    SystemExit
        If it is no number from 1 to `most`.
    """
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        sys.exit(f"error: {variable} is {text!r}: allowed are 1 to {most:,}")
    return int(text)


def main() -> int:
    """Run the chosen parts, and write their reports."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(_PARTS)}")
    parser.add_argument(
        "--only", default="", metavar="WORDS", help="faults with these in their name"
    )
    arguments = parser.parse_args()
    chosen = arguments.parts or list(_PARTS)
    unknown = sorted(set(chosen) - set(_PARTS))
    if unknown:
        parser.error(f"{', '.join(unknown)}: allowed are {', '.join(_PARTS)}")
    clients = bounded("SOAK_CLIENTS", 50, MOST_CLIENTS)
    seconds = bounded("SOAK_SECONDS", 300, LONGEST_SECONDS)
    settings = LocalSettings.from_environment()
    surroundings = Surroundings(settings, settings.state_folder / "soak")
    well = True
    if "load" in chosen:
        well = _load(surroundings, clients, seconds)
    if {"faults", "deployments"} & set(chosen):
        steps = _steps(surroundings, chosen, min(clients, FAULT_CLIENTS), arguments.only)
        well = _rehearse(steps, min(clients, FAULT_CLIENTS)) and well
    return 0 if well else 1


def _load(surroundings: Surroundings, clients: int, seconds: int) -> bool:
    say(f"==> {clients} clients for {seconds} s")
    taken_on = machine.describe()
    # One client more hands in six times as many feedbacks at once: the stage's throttle answers.
    result = load.run(surroundings, clients=clients, seconds=seconds, burst=6 * clients)
    report.write_load({**result, "machine": taken_on})
    for line in report.load_lines(result):
        say(line)
    return bool(result["reconciliation"]["is_clean"]) and result["server_errors"] == 0


def _steps(
    surroundings: Surroundings, chosen: list[str], clients: int, only: str
) -> list[Callable[[], Outcome]]:
    steps: list[Callable[[], Outcome]] = []
    if "faults" in chosen:
        steps += [
            partial(rehearsing.rehearse, surroundings, rehearsal, clients=clients)
            for rehearsal in faults.ALL
            if only in rehearsal.name
        ]
    if "deployments" in chosen:
        steps += [
            partial(deployments.rehearse, surroundings, mishap, clients=clients)
            for mishap in deployments.ALL
            if only in mishap.name
        ]
    return steps


def _rehearse(steps: list[Callable[[], Outcome]], clients: int) -> bool:
    say(f"==> Faults, with {clients} clients")
    well = True
    for step in steps:
        taken_on = machine.describe()
        outcome = step()
        report.write_outcome(outcome, clients=clients, taken_on=taken_on)
        say(report.outcome_line(outcome))
        well = well and outcome.is_well
    return well


if __name__ == "__main__":
    sys.exit(main())
