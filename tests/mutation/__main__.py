"""Mutates the core and runs its tests on every mutant: ``python -m tests.mutation [TARGET ...]``.

A mutant that every test passes either shows a test that is missing, or means the same as the
code. Those that were looked at and mean the same are in ``equivalent.toml`` with the reason; any
other fails the run, and so does an entry there that no surviving mutant needs any longer. The work
is done on a copy in ``build/mutation/``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
BUILD = REPOSITORY / "build" / "mutation"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
TIMEOUT_SECONDS = 120

# One mutation of each kind for a place: eleven other operators for every "+" would tell no more.
_OPERATORS = (
    r"core/ReplaceBinaryOperator_(?!(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Div|Pow_Mul|Mod_Mul)$)",
    r"core/ReplaceComparisonOperator_\w+_(Is|IsNot)$",
    r"core/ReplaceComparisonOperator_(Lt|LtE|Gt|GtE)_(Eq|NotEq)$",
    r"core/ReplaceComparisonOperator_(Eq|NotEq)_(Lt|LtE|Gt|GtE)$",
    r"core/ReplaceComparisonOperator_(Is|IsNot)_(Eq|NotEq|Lt|LtE|Gt|GtE)$",
    r"core/ReplaceUnaryOperator_\w+_Invert$",
    r"core/Variable",
)

# For readers and the type checker: nothing assigns to a frozen instance.
_NOTHING_WHEN_RUN = ("if TYPE_CHECKING:", "@dataclass(frozen=True, slots=True)")


@dataclass(frozen=True)
class Mutant:
    """A mutant, and whether a test failed on it."""

    module: str
    before: str
    after: str
    survived: bool

    def __str__(self) -> str:
        return f"{self.module}\n  - {self.before}\n  + {self.after}"


@dataclass(frozen=True)
class Outcome:
    """What became of a target's mutants."""

    target: str
    mutants: list[Mutant]

    @property
    def survivors(self) -> list[Mutant]:
        """Those that no test noticed."""
        return [mutant for mutant in self.mutants if mutant.survived]

    def unexplained(self, known: set[Mutant]) -> list[Mutant]:
        """Return the survivors that nobody looked at."""
        return [mutant for mutant in self.survivors if mutant not in known]

    def no_longer_needed(self, known: set[Mutant]) -> list[Mutant]:
        """Return what was looked at in this target's modules, and does not survive."""
        modules = TARGETS[self.target].modules
        unneeded = known.difference(self.survivors)
        return sorted((one for one in unneeded if one.module in modules), key=str)


def mutate(target: str) -> Outcome:
    """Run the tests of a target on every mutant of its modules.

    Raises
    ------
    subprocess.CalledProcessError
        If the tests fail already without a mutation.
    """
    folder = _copy_of_the_repository(BUILD / target)
    config = folder / "cosmic-ray.toml"
    config.write_text(_config(target))
    session = folder / "session.sqlite"
    _run(folder, "cosmic-ray", "init", config, session)
    _run(folder, "cr-filter-operators", session, config)
    _run(folder, "cosmic-ray", "--verbosity", "ERROR", "baseline", config)
    _run(folder, "cosmic-ray", "exec", config, session)
    return Outcome(target, list(_mutants(_run(folder, "cosmic-ray", "dump", session))))


def _run(folder: Path, program: str, *arguments: str | Path) -> str:
    """Run a program of this environment in a folder, and return what it prints."""
    return subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def _config(target: str) -> str:
    chosen = TARGETS[target]
    python = Path(chosen.environment) / "bin" / "python"
    command = f"{python} -m pytest -x -q -p no:cacheprovider {' '.join(chosen.tests)}"
    return "\n".join(
        [
            "[cosmic-ray]",
            f"module-path = {json.dumps(chosen.modules)}",
            f"timeout = {TIMEOUT_SECONDS}",
            "excluded-modules = []",
            f"test-command = {json.dumps(command)}",
            "[cosmic-ray.distributor]",
            'name = "local"',
            "[cosmic-ray.filters.operators-filter]",
            f"exclude-operators = {json.dumps(_OPERATORS)}",
        ]
    )


def _copy_of_the_repository(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    for name in files.split("\0"):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    for installed in (*REPOSITORY.glob(".venv*"), REPOSITORY / "node_modules"):
        (folder / installed.name).symlink_to(installed)
    return folder


def _mutants(dump: str) -> Iterator[Mutant]:
    for line in dump.splitlines():
        item, result = json.loads(line)
        if result is None or result["worker_outcome"] == "skipped":
            continue
        before, after = _changed_lines(result["diff"])
        # The star before keyword-only parameters is no product.
        if before in _NOTHING_WHEN_RUN or after == before.replace(", *,", ", /,"):
            continue
        yield Mutant(
            module=item["mutations"][0]["module_path"],
            before=before,
            after=after,
            survived=result["test_outcome"] == "survived",
        )


def _changed_lines(diff: str) -> tuple[str, str]:
    """Return what stood in the changed lines, and what stands there."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]

    def text(sign: str) -> str:
        changed = (line[1:].strip() for line in lines if line.startswith(sign))
        return " ".join(filter(None, changed))

    return text("-"), text("+")


@dataclass(frozen=True)
class Equivalent:
    """Mutants of one line that mean the same as the code, and why."""

    module: str
    before: str
    after: list[str]
    reason: str


def known_equivalents() -> set[Mutant]:
    """Return the survivors that were looked at.

    Raises
    ------
    TypeError
        An entry says no reason, or something that is not known.
    """
    document = tomllib.loads(EQUIVALENT.read_text())
    equivalents = (
        Equivalent(module, **entry) for module, entries in document.items() for entry in entries
    )
    return {
        Mutant(known.module, known.before, after, survived=True)
        for known in equivalents
        for after in known.after
    }


def main() -> int:
    """Mutate what is asked for, and say what survived."""
    parser = argparse.ArgumentParser(prog="make mutation")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--jobs", type=int, default=2, help="targets at the same time")
    options = parser.parse_args()
    unknown = sorted(set(options.targets) - set(TARGETS))
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}. Allowed: {', '.join(TARGETS)}")
    known = known_equivalents()
    failed = False
    with ThreadPoolExecutor(options.jobs) as jobs:
        for outcome in jobs.map(mutate, options.targets or TARGETS):
            new = outcome.unexplained(known)
            unneeded = outcome.no_longer_needed(known)
            equivalent = len(outcome.survivors) - len(new)
            killed = len(outcome.mutants) - len(outcome.survivors)
            print(
                f"{outcome.target}: {len(outcome.mutants)} mutants, {killed} noticed, "
                f"{equivalent} mean the same, {len(new)} survived",
                flush=True,
            )
            for mutant in new:
                print(mutant)
            for mutant in unneeded:
                print(f"{EQUIVALENT.name} names what no longer survives: {mutant}")
            failed = failed or bool(new or unneeded) or not outcome.mutants
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
