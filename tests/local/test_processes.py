from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import guardian, processes

_IGNORES_SIGTERM = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.write("ready\\n")
sys.stdout.flush()
time.sleep(600)
"""
_STARTS_A_SESSION = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                         start_new_session=True)
sys.stdout.write("ready\\n")
sys.stdout.flush()
time.sleep(600)
"""


def _start(code: str, state_folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **processes.marker_of(state_folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_descendants_are_found_even_in_a_session_of_their_own(tmp_path: Path) -> None:
    process = _start(_STARTS_A_SESSION, tmp_path)

    found = processes.find_marked(tmp_path)

    assert process.pid in found
    assert len(found) == 2
    assert processes.end_marked(tmp_path) == 2
    assert processes.find_marked(tmp_path) == []
    process.communicate()


def test_what_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = _start(_IGNORES_SIGTERM, tmp_path)

    processes.end_marked(tmp_path, grace_seconds=0.2)

    process.communicate(timeout=10)
    assert process.returncode != 0


def test_processes_of_another_state_folder_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other"
    process = _start(_STARTS_A_SESSION, other)

    assert processes.end_marked(tmp_path) == 0
    assert process.poll() is None

    processes.end_marked(other)
    process.communicate()


def test_a_zombie_does_not_count_as_running(tmp_path: Path) -> None:
    process = _start(_STARTS_A_SESSION, tmp_path)
    processes.end_marked(tmp_path)

    # Nobody has asked for its exit code yet.
    assert not processes.is_running(process.pid)
    process.communicate()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the other way is the only one here")
def test_ps_finds_what_proc_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = _start(_STARTS_A_SESSION, tmp_path)
    expected = sorted(processes.find_marked(tmp_path))

    marker = f"{processes.MARKER}={tmp_path}"
    listing = "\n".join(f"{pid} python -c code A=1 {marker} B=2" for pid in expected)
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda *_arguments, **_options: subprocess.CompletedProcess([], 0, f"{listing}\n7 sh\n"),
    )
    monkeypatch.setattr(processes, "_PROC", tmp_path / "no-proc-here")
    assert sorted(processes.find_marked(tmp_path)) == expected

    monkeypatch.undo()
    processes.end_marked(tmp_path)
    process.communicate()


def test_the_guardian_ends_what_is_left_when_its_emulator_is_gone(tmp_path: Path) -> None:
    temporary_folder = tmp_path / "tmp"
    temporary_folder.mkdir()
    process = _start(_STARTS_A_SESSION, tmp_path)
    guard = guardian.start(tmp_path, temporary_folder)
    assert guard.stdin is not None

    guard.stdin.close()
    guard.wait(timeout=20)

    assert processes.find_marked(tmp_path) == []
    assert not temporary_folder.exists()
    process.communicate()
