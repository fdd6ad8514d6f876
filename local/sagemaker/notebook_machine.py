"""The machine of a notebook instance: a folder that its programs see as their own disk.

What the scripts of a lifecycle configuration do stays in that folder: the rest of this
machine's disks cannot be written to, and what only Amazon Linux has (its package manager, its
service manager, its user) is played by small programs that say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local import loopback
from local.aws_api import Record
from local.image_client import STORE_VARIABLE
from local.sagemaker import private_mounts
from local.sagemaker.interpreters import write_interpreter
from local.sagemaker.roles import RoleCredentials
from local.sagemaker.settings import SageMakerSettings
from local.settings import PROJECT_ROOT

_HOME = "/home/ec2-user"
_USER = "ec2-user:x:0:0:Notebook user:/home/ec2-user:/bin/bash\n"
_KERNEL = ".voc-gender/kernel"
"""Where on the volume the lifecycle scripts of this repository install the lessons' kernel."""
_CLONE_SECONDS = 120.0
_SUDO = """#!/bin/sh
# There is one user only.
while [ $# -gt 0 ]; do
    case $1 in
        -u | -g) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
exec "$@"
"""
_ABSENT = """#!/bin/sh
echo "$(basename "$0") $*: nothing to do, this machine is not Amazon Linux"
"""
_ABSENT_PROGRAMS = ("dnf", "yum", "systemctl", "usermod")


class CloneError(Exception):
    """A git repository cannot be cloned; the message says why."""


class NotebookMachine:
    """Disk, programs and environment of one instance.

    Parameters
    ----------
    instance
        The instance's record.
    settings
        Surroundings.
    """

    def __init__(self, instance: Record, settings: SageMakerSettings) -> None:
        self._instance = instance
        self._settings = settings
        self._region = instance["NotebookInstanceArn"].split(":")[3]
        name: str = instance["NotebookInstanceName"]
        self.folder: Path = settings.notebooks_folder / self._region / name
        self.volume = self.folder / "volume"
        self._home = self.folder / "home"
        self._programs = self.folder / "bin"

    def start(self) -> None:
        """Make a fresh machine around the volume, which is all that outlives a stop."""
        for name in ("home", "bin", "ml", "etc", "tmp"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for folder in (
            self.volume,
            self._home / "SageMaker",
            self.folder / "ml" / "metadata",
            self.folder / "etc" / "systemd",
            self.folder / "tmp",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self._write_programs()
        self._write_kernel()
        metadata = {
            "ResourceArn": self._instance["NotebookInstanceArn"],
            "ResourceName": self._instance["NotebookInstanceName"],
            "ExecutionRoleArn": self._instance["RoleArn"],
        }
        (self.folder / "ml/metadata/resource-metadata.json").write_text(json.dumps(metadata))
        users = Path("/etc/passwd")
        known = users.read_text(encoding="utf-8") if users.exists() else ""
        (self.folder / "etc/passwd").write_text(known + _USER, encoding="utf-8")

    def clone(self, repository: str) -> None:
        """Clone a git repository onto the volume, unless it is there.

        Raises
        ------
        CloneError
            In git's own words.
        """
        target = self.volume / repository.rstrip("/").rpartition("/")[2].removesuffix(".git")
        if target.exists():
            return
        variables = ("PATH", "HOME", "GIT_CONFIG_GLOBAL")
        try:
            done = subprocess.run(
                ["git", "clone", "--quiet", "--", repository, str(target)],
                env={
                    **{name: os.environ[name] for name in variables if name in os.environ},
                    # Nobody is there to answer.
                    "GIT_TERMINAL_PROMPT": "0",
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_CLONE_SECONDS,
                check=False,
            )
        except OSError as error:
            raise CloneError(f"git cannot be started: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            shutil.rmtree(target, ignore_errors=True)
            raise CloneError(f"no answer within {_CLONE_SECONDS:.0f} s") from error
        if done.returncode != 0:
            raise CloneError(done.stderr.strip())

    def remove(self) -> None:
        """Remove everything, the volume as well."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, program: Sequence[str], *, folder: str = "/") -> list[str]:
        """Command that runs a program on this machine.

        Raises
        ------
        local.sagemaker.private_mounts.MountsUnavailableError
            If the kernel, or the user's rights, do not allow it.
        """
        binds = {
            _HOME: self._home,
            f"{_HOME}/SageMaker": self.volume,
            "/opt/ml": self.folder / "ml",
            "/etc/passwd": self.folder / "etc/passwd",
            "/etc/systemd/system": self.folder / "etc/systemd",
        }
        temporary = self.folder / "tmp"
        binds[str(temporary)] = temporary
        return private_mounts.command(binds, program, folder=folder, read_only=True)

    def environment(self, credentials: RoleCredentials) -> dict[str, str]:
        """Environment in which the instance's role is found, as on AWS through metadata."""
        engine = self._settings.engine
        return {
            **(engine.variables() if engine is not None else {}),
            "PATH": f"{self._programs}:{os.environ.get('PATH', os.defpath)}",
            "HOME": _HOME,
            "USER": "ec2-user",
            "SHELL": "/bin/bash",
            "TMPDIR": str(self.folder / "tmp"),
            STORE_VARIABLE: str(self.folder / "tmp" / "images"),
            **credentials.variables(),
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": loopback.HOSTS,
            "no_proxy": loopback.HOSTS,
        }

    def write_script(self, hook: str, content: bytes) -> Path:
        """Store a script of the lifecycle configuration and answer its path."""
        script = self.folder / "ml" / f"{hook}.sh"
        script.write_bytes(content)
        script.chmod(0o755)
        return script

    def _write_programs(self) -> None:
        write_interpreter(self._programs, self._settings.notebook_python)
        python = f"PYTHONPATH={shlex.quote(str(PROJECT_ROOT))} exec {shlex.quote(sys.executable)}"
        programs = {
            "sudo": _SUDO,
            "aws": f'#!/bin/sh\n{python} -m awscli "$@"\n',
            "docker": f'#!/bin/sh\n{python} -m local.image_client "$@"\n',
        }
        programs |= dict.fromkeys(_ABSENT_PROGRAMS, _ABSENT)
        for name, text in programs.items():
            (self._programs / name).write_text(text, encoding="utf-8")
            (self._programs / name).chmod(0o755)

    def _write_kernel(self) -> None:
        """Put the lessons' packages where the lifecycle script would install them.

        They are a gigabyte, and this machine has them once.
        """
        requirements = PROJECT_ROOT / "notebooks" / "requirements.txt"
        if not requirements.is_file():
            return
        kernel = self.volume / _KERNEL
        write_interpreter(kernel / "bin", self._settings.notebook_python)
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
        (kernel / "installed").write_text(f"{digest}\n", encoding="utf-8")
