"""Node.js functions find the AWS SDK.

Gap (ministack 1.5.33): AWS's Node.js runtimes hold the AWS SDK for JavaScript v3; the emulator
runs Node.js functions without it, so CDK's auto-delete and provider-framework handlers cannot
load. The clients that they need are development dependencies of this project.
"""

from __future__ import annotations

import os

from local.settings import PROJECT_ROOT

NODE_MODULES = PROJECT_ROOT / "node_modules"


def install() -> None:
    """Put this project's Node.js packages on the path of Node.js functions."""
    os.environ["NODE_PATH"] = str(NODE_MODULES)
