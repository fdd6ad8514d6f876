"""A Docker engine for the tests: the one that runs, or one of our own for as long as they last."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_PACKAGES = ("docker.io", "debootstrap")
_BASE_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
_DEBIAN_DOCKER = Path("/usr/bin/docker")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
OWN_BASE = "voc-gender-base:debian"


class NoEngineError(Exception):
    """No engine runs, and none can be started; the message says why."""


class Engine:
    """Docker's command line, pointed at one engine.

    Parameters
    ----------
    command
        Program and options that come before every command.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def variables(self) -> dict[str, str]:
        """Return the variables by which programs find this engine."""
        program, *options = self._command
        return {"CDK_DOCKER": program, **({"DOCKER_HOST": options[-1]} if options else {})}

    def run(
        self, *arguments: str, check: bool = True, timeout: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; both outputs are in ``stdout``."""
        done = subprocess.run(
            [*self._command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}"
        return done

    def size(self, image: str) -> int:
        """Return the bytes of an image, with its base."""
        return int(self.run("image", "inspect", "--format", "{{.Size}}", image).stdout)

    def build(self, context: Path, *, target: str, base: str, name: str) -> None:
        """Build one target of the context's Dockerfile."""
        # Where a proxy opens connections with a certificate of its own, pip must know it.
        secret = ["--secret", f"id=ca,src={CERTIFICATES}"] if CERTIFICATES.exists() else []
        arguments = ["--network", "host", "--build-arg", f"BASE_IMAGE={base}", *secret]
        self.run("build", *arguments, "--target", target, "--tag", name, str(context))

    def pull(self, image: str) -> bool:
        """Fetch an image; answers whether it is there."""
        found = self.run("image", "inspect", image, check=False).returncode == 0
        return found or self.run("pull", "--quiet", image, check=False).returncode == 0

    def make_base(self, folder: Path) -> str:
        """Make a base image from the machine's own Debian mirror, and return its name.

        Raises
        ------
        NoEngineError
            If this machine is no Debian that has ``debootstrap``, or we are not root.
        """
        if os.geteuid() != 0 or shutil.which("debootstrap") is None:
            raise NoEngineError(
                "the base image can be neither pulled nor made: that takes root and debootstrap"
            )
        root = folder / "root"
        include = f"--include={_BASE_PACKAGES}"
        command = ["debootstrap", "--variant=minbase", include, _codename(), str(root), _mirror()]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr
        with subprocess.Popen(
            ["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE
        ) as archive:
            subprocess.run(
                [*self._command, "import", "-", OWN_BASE],
                stdin=archive.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        shutil.rmtree(root)
        return OWN_BASE


@contextlib.contextmanager
def engine(build: Path) -> Iterator[tuple[Engine, Path]]:
    """Find or start an engine, and a folder for what comes and goes with it.

    Raises
    ------
    NoEngineError
        If there is none and none can be started.
    """
    build.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="container-", dir=build))
    try:
        running = shutil.which("docker")
        if running is not None and _answers([running]):
            yield Engine([running]), folder
        else:
            with _own_engine(folder) as own:
                yield own, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _own_engine(folder: Path) -> Iterator[Engine]:
    _install()
    # A socket's path may have 107 bytes, and the folder of the tests may be deep.
    sockets = Path(tempfile.mkdtemp(prefix="voc-"))
    address = f"unix://{sockets / 'docker.sock'}"
    with (folder / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(
            [
                "dockerd",
                *("--data-root", str(folder / "data"), "--exec-root", str(sockets / "exec")),
                *("--pidfile", str(sockets / "pid"), "--host", address),
                *("--storage-driver", "overlay2"),
                # No rule of the machine's firewall is touched: ports are published by a proxy,
                # and containers reach nothing outside.
                "--iptables=false",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        # A newer client that comes first on the path may lack the builder that fits.
        client = str(_DEBIAN_DOCKER) if _DEBIAN_DOCKER.exists() else "docker"
        command = [client, "--host", address]
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(command):
            if daemon.poll() is not None or time.monotonic() > deadline:
                text = (folder / "dockerd.log").read_text(errors="replace")
                raise NoEngineError(f"dockerd does not start:\n{text[-2000:]}")
            time.sleep(0.2)
        yield Engine(command)
        left = Engine(command).run("ps", "--all", "--quiet").stdout.split()
        if left:
            Engine(command).run("rm", "--force", *left)
    finally:
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
        _unmount(folder, sockets)
        shutil.rmtree(sockets, ignore_errors=True)


def _install() -> None:
    if shutil.which("dockerd") and shutil.which("debootstrap"):
        if os.geteuid() != 0:
            raise NoEngineError("no Docker engine runs, and starting one takes root")
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoEngineError(
            "no Docker engine runs, and one can be installed and started on Debian as root only"
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update",), ("install", "--yes", "--no-install-recommends", *_PACKAGES)):
        done = subprocess.run(
            ["apt-get", "--quiet", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if done.returncode != 0:
            raise NoEngineError(f"apt-get {arguments[0]} failed: {done.stderr[-1000:]}")


def _answers(command: Sequence[str]) -> bool:
    done = subprocess.run(
        [*command, "info", "--format", "{{json .ServerVersion}}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    # Without an engine some clients answer all the same, with nothing in it.
    return done.returncode == 0 and bool(json.loads(done.stdout or '""'))


def _unmount(*folders: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if any(mount.startswith(f"{folder}/") for folder in folders):
            subprocess.run(["umount", "--lazy", mount], check=False)


def _codename() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    values = dict(line.partition("=")[::2] for line in lines if "=" in line)
    return values["VERSION_CODENAME"].strip('"')


def _mirror() -> str:
    """Return the mirror that apt uses for the release itself."""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = dict(line.split(maxsplit=1) for line in targets.splitlines())
    return found.get(_codename(), "http://deb.debian.org/debian")
