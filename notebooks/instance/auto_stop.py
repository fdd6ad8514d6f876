"""Stops the notebook instance on which it runs when nobody has used it for a while.

Started every few minutes by a timer of systemd, with the Python of Amazon Linux alone.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import subprocess
import sys
import urllib.request
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


def idle_minutes(url: str) -> float:
    """Minutes since anybody did anything in Jupyter, 0 while a kernel is at work."""
    if any(kernel["execution_state"] == "busy" for kernel in ask(f"{url}/api/kernels")):
        return 0.0
    last = ask(f"{url}/api/status")["last_activity"].replace("Z", "+00:00")
    idle = datetime.now(timezone.utc) - datetime.fromisoformat(last)  # noqa: UP017 - Python 3.9
    return idle.total_seconds() / 60


def ask(url: str) -> Any:
    """Answer of Jupyter's own API, on this machine only.

    Raises
    ------
    OSError
        If Jupyter does not answer.
    """
    # Its certificate is self-signed and the connection does not leave the machine.
    context = ssl._create_unverified_context()  # noqa: S323
    headers = {}
    if "JUPYTER_TOKEN" in os.environ:
        headers["Authorization"] = f"token {os.environ['JUPYTER_TOKEN']}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own argument
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    with opener.open(request, timeout=10) as response:
        return json.load(response)


def main() -> int:
    """Stop the instance if it has been idle for too long; answers the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle-minutes", type=float, required=True)
    parser.add_argument("--url", default="https://localhost:8443")
    parser.add_argument(
        "--metadata", type=Path, default=Path("/opt/ml/metadata/resource-metadata.json")
    )
    arguments = parser.parse_args()
    idle = idle_minutes(arguments.url)
    if idle < arguments.idle_minutes:
        print(f"idle for {idle:.0f} of {arguments.idle_minutes:.0f} minutes")  # noqa: T201
        return 0
    arn = json.loads(arguments.metadata.read_text(encoding="utf-8"))["ResourceArn"]
    region, name = arn.split(":")[3], arn.rpartition("/")[2]
    print(f"idle for {idle:.0f} minutes: stopping {name}")  # noqa: T201
    command = ["aws", "sagemaker", "stop-notebook-instance", "--region", region]
    return subprocess.run([*command, "--notebook-instance-name", name], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
