"""What the machine that deploys must have."""

from __future__ import annotations

import os
import subprocess

from operations.preflight.finding import Finding, missing, ready
from stacks.settings import Settings

_ANSWER_SECONDS = 30.0
_OTHER_WAYS = "or take a way that needs none: METHOD=high-level or METHOD=pre-trained"


def check_docker(settings: Settings) -> Finding:
    """Find out whether an image can be built, where the method builds one."""
    subject = "Docker"
    if settings.method != "low-level":
        return ready(subject, f"the method {settings.method} needs none")
    program = os.environ.get("CDK_DOCKER") or "docker"
    try:
        answer = subprocess.run(
            [program, "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except OSError:
        return missing(
            subject,
            f"the method low-level builds an image, and there is no program {program!r}",
            f"install Docker (or name another engine's client in CDK_DOCKER), {_OTHER_WAYS}",
        )
    except subprocess.TimeoutExpired:
        return _silent(subject, program)
    version = answer.stdout.strip()
    # A client may end well although no engine told it a version.
    if answer.returncode != 0 or not version:
        return _silent(subject, program)
    return ready(subject, f"engine {version}")


def _silent(subject: str, program: str) -> Finding:
    return missing(
        subject,
        f"{program} is there, its engine does not answer",
        f"start it (`{program} version` must show a server), {_OTHER_WAYS}",
    )
