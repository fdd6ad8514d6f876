from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local import launcher, processes
from local.settings import PROJECT_ROOT, LocalSettings
from tests.local.embedded_aws import EmbeddedAws, function_resources, settings_for
from tests.local.sagemaker.workbench import wait_for

_SLEEPS = "import time\ndef handler(event, context): time.sleep(600)"
_ANSWERS = "def handler(event, context): return event"


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[LocalSettings]:
    """Return settings on free ports; whatever a test starts is stopped."""
    chosen = settings_for(tmp_path)
    yield chosen
    processes.end_marked(chosen.state_folder)


def _command(settings: LocalSettings, command: str, **changes: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "LOCAL_AWS_PORT": str(settings.port),
        "LOCAL_STATE_FOLDER": str(settings.state_folder),
        "FUNCTIONS_PYTHON": str(settings.functions_python),
        "MODEL_PYTHON": str(settings.model_python),
        **changes,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "local", command],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_state_survives_stop_and_start(settings: LocalSettings) -> None:
    aws = EmbeddedAws(settings, launcher.start_emulator(settings))
    aws.client("s3").create_bucket(Bucket="kept")
    aws.client("s3").put_object(Bucket="kept", Key="a", Body=b"text")
    aws.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")

    launcher.stop_emulator(settings)
    assert processes.find_marked(settings.state_folder) == []
    assert _is_free(settings.port)
    assert _is_free(settings.page_port)
    assert not settings.temporary_folder.exists()
    again = EmbeddedAws(settings, launcher.start_emulator(settings))

    assert again.credentials == aws.credentials
    assert again.client("s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"text"
    assert again.client("iam").get_role(RoleName="kept")["Role"]["RoleName"] == "kept"


def test_a_second_start_finds_the_first(
    settings: LocalSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    launcher.start_emulator(settings)
    before = processes.find_marked(settings.state_folder)

    launcher.start_emulator(settings)

    assert "already running" in capsys.readouterr().out
    assert processes.find_marked(settings.state_folder) == before


def test_both_ports_are_bound_to_loopback_only(settings: LocalSettings) -> None:
    launcher.start_emulator(settings)

    for port in (settings.port, settings.page_port):
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Possible only as long as nobody listens on every interface.
            other.bind(("127.0.0.2", port))


def test_a_port_that_cannot_work_is_named_in_a_sentence(settings: LocalSettings) -> None:
    process = _command(settings, "up", LOCAL_AWS_PORT="x")
    _output, error = process.communicate(timeout=30)

    assert process.returncode == 1
    assert error == "error: LOCAL_AWS_PORT is 'x': allowed are 1024 to 65534\n"


@pytest.mark.parametrize("offset", [0, 1])
def test_a_taken_port_is_named_with_the_way_out(settings: LocalSettings, offset: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.port + offset))
        other.listen()
        process = _command(settings, "up")
        _output, error = process.communicate(timeout=30)

    assert process.returncode == 1
    assert f"port {settings.port + offset} on 127.0.0.1 is taken" in error
    assert "LOCAL_AWS_PORT" in error
    assert "Traceback" not in error
    assert processes.find_marked(settings.state_folder) == []


def test_a_missing_interpreter_is_named(settings: LocalSettings) -> None:
    broken = replace(settings, functions_python=Path("/nowhere/python"))

    with pytest.raises(launcher.LauncherError, match="/nowhere/python"):
        launcher.start_emulator(broken)


def test_a_killed_emulator_leaves_no_process_and_little_loss(settings: LocalSettings) -> None:
    aws = EmbeddedAws(settings, launcher.start_emulator(settings))
    stack = aws.create_stack(function_resources(_ANSWERS), {"Name": {"Ref": "Function"}})
    assert aws.invoke(stack.outputs["Name"], 1) == 1
    saved = settings.emulator_state / "services" / "cloudformation.json"
    wait_for(lambda: saved.exists() and stack.name in saved.read_text(), "the saved stack")
    functions = settings.emulator_state / "services" / "lambda.json"
    wait_for(functions.exists, "the saved function")

    emulator = int(settings.process_file.read_text())
    os.kill(emulator, signal.SIGKILL)
    os.waitpid(emulator, 0)

    wait_for(lambda: not processes.find_marked(settings.state_folder), "the end of all")
    again = EmbeddedAws(settings, launcher.start_emulator(settings))
    assert again.invoke(stack.outputs["Name"], 2) == 2
    assert again.final_state(stack.name).status == "CREATE_COMPLETE"


def test_down_works_after_everything_but_a_worker_was_killed(settings: LocalSettings) -> None:
    launcher.start_emulator(settings)
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env=processes.marker_of(settings.state_folder),
        start_new_session=True,
    )
    others = [pid for pid in processes.find_marked(settings.state_folder) if pid != orphan.pid]
    processes.send_signal(others, signal.SIGKILL)

    launcher.down(settings)

    assert processes.find_marked(settings.state_folder) == []
    orphan.wait(timeout=10)


def test_a_running_function_does_not_delay_the_stop(settings: LocalSettings) -> None:
    aws = EmbeddedAws(settings, launcher.start_emulator(settings))
    resources = function_resources(_SLEEPS, Timeout=600)
    stack = aws.create_stack(resources, {"Name": {"Ref": "Function"}})
    aws.client("lambda").invoke(FunctionName=stack.outputs["Name"], InvocationType="Event")
    wait_for(lambda: len(processes.find_marked(settings.state_folder)) == 3, "the function")

    stopping = _command(settings, "down")
    # Far less than the 600 s for which the function sleeps, far more than a stop takes.
    stopping.communicate(timeout=60)

    assert stopping.returncode == 0
    assert processes.find_marked(settings.state_folder) == []


def test_down_and_reset_of_nothing_succeed(settings: LocalSettings) -> None:
    launcher.down(settings)
    launcher.reset(settings)

    assert not settings.state_folder.exists()


def test_reset_forgets_the_state(settings: LocalSettings) -> None:
    aws = EmbeddedAws(settings, launcher.start_emulator(settings))
    aws.client("s3").create_bucket(Bucket="forgotten")

    launcher.reset(settings)
    again = EmbeddedAws(settings, launcher.start_emulator(settings))

    assert again.client("s3").list_buckets()["Buckets"] == []


def test_only_one_launcher_is_at_work_and_down_ends_it(settings: LocalSettings) -> None:
    first = _command(settings, "up")
    lock = settings.lock_file
    wait_for(lambda: lock.exists() and lock.read_text(), "the first launcher's lock")

    second = _command(settings, "up")
    _output, error = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"another launcher (process {first.pid}) is at work" in error

    launcher.down(settings)
    first.communicate(timeout=30)
    assert first.returncode != 0
    assert processes.find_marked(settings.state_folder) == []


def test_an_emulator_in_the_foreground_ends_with_its_launcher(settings: LocalSettings) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    launcher.start_emulator(settings, parent=parent.pid)

    parent.kill()
    parent.wait()

    wait_for(lambda: not processes.find_marked(settings.state_folder), "the end of all")
    assert (settings.emulator_state / "services").is_dir()


def test_no_variable_of_the_host_reaches_the_emulator(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "company")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/ca.pem")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    aws = EmbeddedAws(settings, launcher.start_emulator(settings))

    assert aws.client("sts").get_caller_identity()["Account"] == "000000000000"
    emulator = settings.process_file.read_text().strip()
    environ = Path(f"/proc/{emulator}/environ")
    if environ.exists():
        names = {entry.partition(b"=")[0] for entry in environ.read_bytes().split(b"\0")}
        assert not names & {b"AWS_PROFILE", b"AWS_CA_BUNDLE", b"HTTP_PROXY"}


def test_the_status_names_the_state_folder(embedded_aws: EmbeddedAws) -> None:
    found = launcher._answering_state_folder(embedded_aws.settings.port)

    assert found == embedded_aws.settings.state_folder
