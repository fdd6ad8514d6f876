"""JupyterLab on notebook instances: when it is there, and whose session it has."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ministack.services import iam, sts

from local.aws_api import Record, context
from local.aws_api.errors import ApiError
from local.sagemaker import private_mounts
from local.sagemaker.notebook_machine import NotebookMachine
from local.sagemaker.notebook_runner import NotebookRunner
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store
from local.sagemaker.subprocesses import ProcessTable
from tests.local.sagemaker.workbench import ACCOUNT, TRUST, wait_for

_ROLE = "notebook"
_JUPYTER = """#!{python}
import http.server, os, pathlib, sys, time
folder = pathlib.Path(os.environ["TMPDIR"])
(folder / "started").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass
port = next(a for a in sys.argv if a.startswith("--port=")).partition("=")[2]
http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
"""
"""An interpreter that plays JupyterLab, which answers from the moment that a test chooses."""


@pytest.fixture
def settings(tmp_path: Path) -> SageMakerSettings:
    interpreter = tmp_path / "python"
    interpreter.write_text(_JUPYTER.format(python=sys.executable))
    interpreter.chmod(0o755)
    return SageMakerSettings(
        state_folder=tmp_path,
        temporary_folder=tmp_path / "tmp",
        model_python=Path(sys.executable),
        notebook_python=interpreter,
    )


@pytest.fixture
def runner(settings: SageMakerSettings) -> Iterator[NotebookRunner]:
    processes = ProcessTable(settings.state_folder)
    with context.scope(ACCOUNT, "us-east-1"):
        iam._create_role({"RoleName": _ROLE, "AssumeRolePolicyDocument": json.dumps(TRUST)})
        yield NotebookRunner(settings, Store(threading.RLock()), processes)
        iam._delete_role({"RoleName": _ROLE})
    processes.close()


@pytest.fixture
def instance(settings: SageMakerSettings) -> Record:
    """Return an instance whose machine runs."""
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/one"
    record: Record = {
        "NotebookInstanceName": "one",
        "NotebookInstanceArn": arn,
        "_Arn": arn,
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{_ROLE}",
    }
    NotebookMachine(record, settings).start()
    return record


@pytest.fixture
def folder(instance: Record, settings: SageMakerSettings) -> Path:
    """Where JupyterLab leaves word that it has started, and waits for word to go on."""
    return NotebookMachine(instance, settings).folder / "tmp"


def _open(runner: NotebookRunner, instance: Record) -> str:
    with context.scope(ACCOUNT, "us-east-1"):
        return runner.open(instance)


def test_whoever_opens_it_again_waits_for_it_too(
    runner: NotebookRunner, instance: Record, folder: Path
) -> None:
    with ThreadPoolExecutor() as pool:
        first = pool.submit(_open, runner, instance)
        wait_for((folder / "started").exists, "JupyterLab's start")
        second = pool.submit(_open, runner, instance)
        try:
            with pytest.raises(TimeoutError):
                second.result(timeout=1)
        finally:
            (folder / "go").touch()
        assert second.result() == first.result()


def test_a_session_ends_with_its_jupyterlab(
    runner: NotebookRunner, instance: Record, folder: Path
) -> None:
    (folder / "go").touch()
    before = set(sts._sessions)
    first = runner.open(instance)
    (opened,) = set(sts._sessions) - before

    process = runner._jupyters[instance["_Arn"]].process
    process.signal_group(signal.SIGKILL)
    process.wait()
    assert runner.open(instance) != first
    (opened_again,) = set(sts._sessions) - before
    assert opened_again != opened

    runner.remove_all()
    assert set(sts._sessions) == before


def test_what_cannot_be_run_opens_no_session(
    runner: NotebookRunner, instance: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_mounts, "_unshare", lambda: ())
    before = set(sts._sessions)
    with pytest.raises(ApiError, match="private mounts"):
        runner.open(instance)
    assert set(sts._sessions) == before
