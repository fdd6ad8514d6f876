"""Faults of deployments and trainings, each injected for real while clients work.

Nothing here heals by itself: a deployment that fails is somebody's to repeat. What is looked at
is that clients notice nothing, that the one who deploys is told what happened, and that the same
command, given again, brings everything to where it should be.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from local import launcher
from local.client_environment import client_environment
from local.credentials import load_or_create
from local.deployment import cdk_command
from local.settings import PROJECT_ROOT
from soak.faults import EVERYTHING
from soak.rehearsing import Outcome, observe
from soak.surroundings import Surroundings, wait_until

_START_SECONDS = 300.0
_UNTIL_AT_WORK_SECONDS = 0.3
_FULL_DISK = "64k"
_TOLD = re.compile(
    r"(❌|AlgorithmError|InternalServerError|IN_PROGRESS state|No space left|error:)"
)
_FAILURE = re.compile(r"AlgorithmError|InternalServerError:|ClientError:")
_NOTE_CHARACTERS = 300


@dataclass(frozen=True)
class Assembly:
    """What the CDK wrote for some settings, ready to be deployed several times.

    Attributes
    ----------
    folder
        Of the assembly.
    surroundings
        Where it is deployed to.
    """

    folder: Path
    surroundings: Surroundings

    @classmethod
    def write(cls, surroundings: Surroundings, name: str, *context: str) -> Assembly:
        """Synthesize with these settings on top of those that the application runs with.

        Raises
        ------
        RuntimeError
            If it fails.
        """
        folder = surroundings.folder / f"cdk.{name}"
        settings = surroundings.settings
        chosen = [f"region={settings.region}", f"environment={settings.environment}"]
        if settings.method is not None:
            chosen.append(f"method={settings.method}")
        # A later setting wins.
        named = {setting.partition("=")[0]: setting for setting in [*chosen, *context]}
        done = _cdk(
            surroundings,
            "synth",
            "--quiet",
            "--output",
            str(folder),
            *(argument for setting in named.values() for argument in ("-c", setting)),
        )
        _, output = _wait(done)
        if done.returncode != 0:
            raise RuntimeError(f"cdk synth failed:\n{output}")
        return cls(folder, surroundings)

    def deploy(self, *stacks: str) -> subprocess.Popen[str]:
        """Start a deployment of these stacks, such as ``Api``."""
        stage = self.surroundings.settings.stage_name
        return _cdk(
            self.surroundings,
            "deploy",
            *("--app", str(self.folder), "--exclusively", "--progress", "events"),
            *("--require-approval", "never"),
            *(f"{stage}/{stack}" for stack in stacks),
        )


def _cdk(surroundings: Surroundings, *arguments: str) -> subprocess.Popen[str]:
    settings = surroundings.settings
    return subprocess.Popen(
        cdk_command(*arguments),
        cwd=PROJECT_ROOT,
        env=client_environment(settings, load_or_create(settings.state_folder)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _wait(command: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = command.communicate()
    return command.returncode, output


def told(output: str) -> str:
    """Return the lines of a deployment's output that say what went wrong, in short."""
    lines = [line.strip() for line in output.splitlines() if _TOLD.search(line)]
    # The last one sums up.
    return shortened(lines[-1]) if lines else ""


def shortened(text: str) -> str:
    """Return a message without this machine's folders, and without what follows the reason."""
    reason = text.partition(" Log: ")[0]
    return reason.replace(f"{PROJECT_ROOT}/", "").strip()[:_NOTE_CHARACTERS]


Steps = Callable[[Assembly], str]
"""Lets it happen, brings everything back in order, and returns what was told."""


@dataclass(frozen=True)
class Mishap:
    """One fault of a deployment.

    Attributes
    ----------
    name, how
        What happens, and by which means it is made to happen.
    context
        The settings that are to be deployed when it happens.
    steps
        Lets it happen.
    """

    name: str
    how: str
    context: Sequence[str]
    steps: Steps


def rehearse(surroundings: Surroundings, mishap: Mishap, *, clients: int) -> Outcome:
    """Let a deployment go wrong while clients work.

    Parameters
    ----------
    surroundings
        The application, without any clients yet.
    mishap
        What goes wrong.
    clients
        Number of clients.
    """
    _prepare_few_names()
    assembly = Assembly.write(surroundings, "changed", *mishap.context)
    try:
        return observe(
            surroundings,
            name=mishap.name,
            how=mishap.how,
            concerns=EVERYTHING,
            happens=lambda: mishap.steps(assembly),
            clients=clients,
        )
    finally:
        shutil.rmtree(assembly.folder, ignore_errors=True)


def _must_succeed(deployment: subprocess.Popen[str]) -> None:
    code, output = _wait(deployment)
    if code != 0:
        raise RuntimeError(f"the repeated deployment failed:\n{output[-3000:]}")


def _wait_for_update(deployment: subprocess.Popen[str]) -> None:
    """Read what a deployment prints until CloudFormation is at work."""
    if deployment.stdout is None:
        raise ValueError("the deployment must have been started with a pipe as its output")
    printed = ""
    for line in deployment.stdout:
        printed += line
        if "deploying..." in line:
            time.sleep(_UNTIL_AT_WORK_SECONDS)
            return
    raise RuntimeError(f"the deployment does not begin:\n{printed[-3000:]}")


def _kill(command: subprocess.Popen[str]) -> None:
    for child in psutil.Process(command.pid).children(recursive=True):
        child.kill()
    command.kill()
    command.communicate()


def _two_at_once(assembly: Assembly) -> str:
    both = [assembly.deploy("Api"), assembly.deploy("Api")]
    results = [_wait(deployment) for deployment in both]
    if all(code != 0 for code, _ in results):
        raise RuntimeError(f"both deployments failed:\n{results[0][1]}\n{results[1][1]}")
    _must_succeed(assembly.deploy("Api"))
    refused = [told(output) for code, output in results if code != 0]
    return f"One is done; the other: “{refused[0]}”" if refused else "Both are done."


def _interrupted(assembly: Assembly) -> str:
    deployment = assembly.deploy("Api")
    _wait_for_update(deployment)
    _kill(deployment)
    # CloudFormation goes on without the CLI; the repeated command waits for it.
    _must_succeed(assembly.deploy("Api"))
    return "The same command, given again, is done."


def _aws_killed_meanwhile(assembly: Assembly) -> str:
    deployment = assembly.deploy("Api")
    _wait_for_update(deployment)
    for process in assembly.surroundings.processes("embedded AWS"):
        process.kill()
    _, output = _wait(deployment)
    launcher.start_emulator(assembly.surroundings.settings)
    _must_succeed(assembly.deploy("Api"))
    message = told(output)
    said = f"“{message}” " if message else ""
    return f"{said}The same command, given again, is done."


def _training(surroundings: Surroundings) -> psutil.Process:
    found: list[psutil.Process] = []

    def is_there() -> bool:
        found[:] = surroundings.processes("training")
        return bool(found)

    if not wait_until(is_there, seconds=_START_SECONDS):
        raise RuntimeError("no training begins")
    return found[0]


def _fails(deployment: subprocess.Popen[str]) -> str:
    code, output = _wait(deployment)
    if code == 0:
        raise RuntimeError("the deployment should have failed")
    return f"The deployment is rolled back: “{_reason(output)}” The earlier model goes on."


def _reason(output: str) -> str:
    """Return why a training job failed, as the one who deploys reads it."""
    lines = [line.strip() for line in output.splitlines()]
    for number, line in enumerate(lines):
        found = _FAILURE.search(line)
        if found is not None:
            # A reason of the training toolkit goes over several lines.
            return shortened(" ".join([line[found.start() :], *lines[number + 1 : number + 4]]))
    return told(output)


def _training_killed(assembly: Assembly) -> str:
    deployment = assembly.deploy("Storage", "Model")
    training = _training(assembly.surroundings)
    training.send_signal(signal.SIGKILL)
    return _fails(deployment)


def _disk_full_while_training(assembly: Assembly) -> str:
    deployment = assembly.deploy("Storage", "Model")
    training = _training(assembly.surroundings)
    base = Path(training.environ()["SAGEMAKER_BASE_DIR"])
    with _full(base / "model", training):
        return _fails(deployment)


@contextmanager
def _full(folder: Path, training: psutil.Process) -> Iterator[None]:
    """Let a folder be on a full disk, or as good as that where nothing may be mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_FULL_DISK}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        return
    training.rlimit(psutil.RLIMIT_FSIZE, (65_536, psutil.RLIM_INFINITY))
    yield


_FEW_NAMES = PROJECT_ROOT / "build" / "soak-training"
_NAMES = 5_000
_RETRAINED = (
    "method=high-level",
    f"training_data={_FEW_NAMES.relative_to(PROJECT_ROOT)}",
    'hyperparameters={"epochs": 1}',
)


def _prepare_few_names() -> None:
    """Make a small training channel: what is rehearsed is the end of a training, not its length."""
    _FEW_NAMES.mkdir(parents=True, exist_ok=True)
    for file in (PROJECT_ROOT / "build" / "train").glob("*.csv"):
        with file.open() as stream:
            lines = [line for _, line in zip(range(_NAMES), stream, strict=False)]
        (_FEW_NAMES / file.name).write_text("".join(lines))


ALL = (
    Mishap(
        "The training is killed",
        "`kill -9` of its process during a deployment",
        _RETRAINED,
        _training_killed,
    ),
    Mishap(
        "The disk is full while training",
        f"the model's folder is on a file system of {_FULL_DISK}",
        _RETRAINED,
        _disk_full_while_training,
    ),
    Mishap(
        "Two deployments at once",
        "two `cdk deploy` of the same change",
        ("log_retention=TWO_WEEKS",),
        _two_at_once,
    ),
    Mishap(
        "A deployment is interrupted and repeated",
        "`kill -9` of the CDK CLI while CloudFormation updates",
        ("log_retention=ONE_MONTH",),
        _interrupted,
    ),
    Mishap(
        "The local AWS is killed during a deployment",
        "`kill -9` while CloudFormation updates, then the launcher",
        ("log_retention=TWO_MONTHS",),
        _aws_killed_meanwhile,
    ),
)
