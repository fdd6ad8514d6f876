"""Asks for known vulnerabilities of every pin: ``python -m supply_chain.audit [--required]``.

pip-audit and ``npm audit`` ask the advisories' services. Where a service cannot be reached, or
a registry has no advisories, this says so in plain words and ends with 0, so that a machine
without such access can run the other checks; ``--required`` (for a release) ends with 3 instead.
A vulnerability ends with 1. "Nothing found" is said only of packages that were looked up.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supply_chain.audiences import PYTHON, REPOSITORY
from supply_chain.policy import read_policy

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_PIP_AUDIT = Path(sys.executable).with_name("pip-audit")
_PROBED = 5

Pins = dict[str, list[str]]


@dataclass
class Audit:
    """What an advisories' service said.

    Attributes
    ----------
    kind
        Whose packages.
    pins
        How many there are.
    audited
        How many of them were looked up.
    findings
        ``package version: advisories``.
    """

    kind: str
    pins: int
    audited: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether every package was looked up."""
        return self.audited == self.pins

    def report(self) -> str:
        """Say what was found, and what was not looked at."""
        lines = [f"VULNERABLE {finding}" for finding in self.findings]
        if not self.is_complete:
            missed = self.pins - self.audited
            lines.append(
                f"NOT AUDITED: {missed} of {self.pins} {self.kind} packages: "
                "the advisories could not be reached, or do not know them."
            )
        if self.audited:
            lines.append(
                f"{self.kind}: {self.audited} audited, {len(self.findings)} of them vulnerable."
            )
        return "\n".join(lines)


def pins_of(locks: Collection[str]) -> Pins:
    """Return the versions that lock files pin, by package."""
    pins: dict[str, set[str]] = {}
    for lock in locks:
        for name, version in _PIN.findall(lock):
            pins.setdefault(name.lower(), set()).add(version)
    return {name: sorted(versions) for name, versions in sorted(pins.items())}


def audit_python(pins: Pins, accepted: Mapping[str, str]) -> Audit:
    """Look up Python packages."""
    audit = Audit("Python", sum(len(versions) for versions in pins.values()))
    probe = {name: pins[name] for name in list(pins)[:_PROBED]}
    if not any("vulns" in entry for entry in _pip_audit(probe)):
        return audit
    for entry in _pip_audit(pins):
        if "vulns" not in entry:
            continue
        audit.audited += 1
        ids = [vulnerability["id"] for vulnerability in entry["vulns"]]
        if unaccepted := [name for name in ids if name not in accepted]:
            audit.findings.append(f"{entry['name']} {entry['version']}: {', '.join(unaccepted)}")
    return audit


def audit_npm(accepted: Mapping[str, str]) -> Audit:
    """Look up npm packages."""
    lock = json.loads((REPOSITORY / "package-lock.json").read_text())
    audit = Audit("npm", len(lock["packages"]) - 1)
    done = subprocess.run(
        ["npm", "audit", "--json"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return read_npm(audit, done.stdout, accepted)


def read_npm(audit: Audit, answer: str, accepted: Mapping[str, str]) -> Audit:
    """Read what ``npm audit --json`` printed."""
    try:
        vulnerabilities = json.loads(answer)["vulnerabilities"]
    except (ValueError, KeyError):
        return audit
    audit.audited = audit.pins
    for name, entry in vulnerabilities.items():
        # An entry that is a name stands for the package that brings the vulnerability along.
        urls = [via["url"] for via in entry["via"] if isinstance(via, dict)]
        ids = [url.rpartition("/")[2] for url in urls]
        if unaccepted := [identifier for identifier in ids if identifier not in accepted]:
            audit.findings.append(f"{name} {entry['range']}: {', '.join(unaccepted)}")
    return audit


def exit_code(audits: Collection[Audit], *, required: bool) -> int:
    """Return 1 with a finding, 3 where an audit is required and was not possible, else 0."""
    if any(audit.findings for audit in audits):
        return 1
    if required and not all(audit.is_complete for audit in audits):
        return 3
    return 0


def main() -> int:
    """Audit every lock file; return the exit code."""
    parser = argparse.ArgumentParser(prog="make audit")
    parser.add_argument("--required", action="store_true", help="fail where nobody can be asked")
    required = parser.parse_args().required
    accepted = read_policy().advisories.accepted
    locks = [(REPOSITORY / audience.lock).read_text() for audience in PYTHON]
    audits = [audit_python(pins_of(locks), accepted), audit_npm(accepted)]
    for audit in audits:
        print(audit.report())
    return exit_code(audits, required=required)


def _pip_audit(pins: Pins) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        options: list[str] = []
        # One version of a package per file: pip-audit takes no more.
        for turn in range(max(len(versions) for versions in pins.values())):
            file = Path(folder) / f"{turn}.txt"
            chosen = [f"{name}=={v[turn]}" for name, v in pins.items() if len(v) > turn]
            file.write_text("\n".join(chosen))
            options.extend(["-r", str(file)])
        done = subprocess.run(
            [
                *(str(_PIP_AUDIT), "--disable-pip", "--no-deps", "--format=json"),
                *("--progress-spinner=off", "--timeout=15", *options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
    try:
        entries: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []
    return entries


if __name__ == "__main__":
    sys.exit(main())
