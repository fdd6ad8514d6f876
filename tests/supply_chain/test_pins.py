"""Every dependency is pinned to one file by its hash, for everybody who installs it."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from supply_chain.audiences import PYTHON, REPOSITORY

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
INSTALL = re.compile(r"pip(3)? (--python \S+ )?(install|sync)\b")


def tracked(*patterns: str) -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", *patterns], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return listing.stdout.split()


def folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_lock_file_has_an_audience() -> None:
    locks = tracked("*requirements*.txt")
    assert {audience.lock for audience in PYTHON} == set(locks)


@pytest.mark.parametrize("lock", [audience.lock for audience in PYTHON])
def test_every_pin_has_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (REPOSITORY / lock).read_text())
    pins = [entry for entry in entries if not entry.startswith("#")]
    assert pins
    for entry in pins:
        assert PIN.match(entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("lock", [audience.lock for audience in PYTHON])
def test_lock_follows_its_source(lock: str) -> None:
    """Someone who raises a version and forgets ``make lock`` is told."""
    pins = {folded(name): version for name, version in PIN.findall((REPOSITORY / lock).read_text())}
    source = (REPOSITORY / lock).with_suffix(".in").read_text()
    asked = {folded(name): version for name, version in PIN.findall(source)}
    assert {name: pins.get(name) for name in asked} == asked


def test_every_npm_package_has_a_hash() -> None:
    lock = json.loads((REPOSITORY / "package-lock.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert packages
    assert [path for path, entry in packages.items() if not entry.get("integrity")] == []


def test_every_installation_asks_for_hashes() -> None:
    """In the Makefile, images and scripts."""
    programs = tracked("Makefile", "*Dockerfile", "*.sh", ".ci/*")
    careless: list[str] = []
    for program in programs:
        text = (REPOSITORY / program).read_text().replace("\\\n", " ")
        careless.extend(
            f"{program}: {line.strip()}"
            for line in text.splitlines()
            if INSTALL.search(line)
            and not line.strip().startswith("#")
            and "--require-hashes" not in line
        )
    assert careless == []


def test_the_package_under_the_gpl_is_pinned_nowhere() -> None:
    """Our data's package asks for Unidecode, whose licence would reach what we ship."""
    pinned = {folded(n) for a in PYTHON for n, _ in PIN.findall((REPOSITORY / a.lock).read_text())}
    assert "nomquamgender" in pinned
    assert "unidecode" not in pinned
