"""Writes a CycloneDX bill of materials per audience: ``python -m supply_chain.sbom FOLDER``.

Each audience's lock file is installed, with its hashes, into a fresh environment, and what is
there is written down. Nothing in a bill depends on the time, the folder or the machine's name, so
two runs on machines of one kind write the same bytes. A bill that breaks CycloneDX's schema is not
written.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs

from supply_chain.audiences import NPM, PYTHON, REPOSITORY, Audience

Bill = dict[str, Any]
_UV = REPOSITORY / ".venv" / "bin" / "uv"
_CYCLONEDX = Path(sys.executable).with_name("cyclonedx-py")


class InvalidBillError(Exception):
    """A bill of materials that breaks CycloneDX's schema."""


_SSH_ADDRESS = re.compile(r"^(\w+@[\w.-]+):(?!/)(.+)$")


def bill_of_python(audience: Audience) -> Bill:
    """Install an audience's dependencies and list them."""
    with tempfile.TemporaryDirectory(prefix="sbom-") as folder:
        interpreter = str(Path(folder) / "bin" / "python")
        _run(str(_UV), "venv", "--quiet", "--python", sys.executable, folder)
        _run(
            *(str(_UV), "pip", "sync", "--quiet", "--require-hashes", "--no-compile-bytecode"),
            *("--python", interpreter, audience.lock),
        )
        bill: Bill = json.loads(
            _run(
                *(str(_CYCLONEDX), "environment", "--output-reproducible", "--no-validate"),
                *("--spec-version=1.6", interpreter),
            )
        )
    return bill


def bill_of_npm() -> Bill:
    """List what package-lock.json names."""
    bill: Bill = json.loads(_run("npm", "sbom", "--package-lock-only", "--sbom-format=cyclonedx"))
    del bill["serialNumber"], bill["metadata"]["timestamp"]
    for component in bill["components"]:
        for reference in component.get("externalReferences", []):
            # git's short form of an ssh address is none to CycloneDX.
            reference["url"] = _SSH_ADDRESS.sub(r"ssh://\1/\2", reference["url"])
    return bill


def with_root(bill: Bill, audience: Audience) -> Bill:
    """Say what the bill is of."""
    version = json.loads((REPOSITORY / "package.json").read_text())["version"]
    before = bill["metadata"].get("component", {}).get("bom-ref")
    root = f"voc-gender-{audience.name}"
    needed = {entry for node in bill["dependencies"] for entry in node.get("dependsOn", [])}
    dependencies = [node for node in bill["dependencies"] if node["ref"] != before]
    direct = sorted(node["ref"] for node in dependencies if node["ref"] not in needed)
    if before is not None:
        direct = next(node for node in bill["dependencies"] if node["ref"] == before)["dependsOn"]
    bill["metadata"]["component"] = {
        "bom-ref": root,
        "type": "application",
        "name": root,
        "version": version,
        "description": audience.purpose,
        "licenses": [{"license": {"id": "MIT-0"}}],
    }
    bill["dependencies"] = [{"ref": root, "dependsOn": direct}, *dependencies]
    return bill


def validated(bill: Bill) -> str:
    """Return the bill as text.

    Raises
    ------
    InvalidBillError
        It breaks CycloneDX's schema.
    """
    text = json.dumps(bill, indent=1, sort_keys=True) + "\n"
    problem = next(_validator(bill["specVersion"]).iter_errors(bill), None)
    if problem is not None:
        place = "/".join(str(part) for part in problem.instance_path)
        raise InvalidBillError(f"{bill['metadata']['component']['name']}: {place}: {problem}")
    return text


def main(folder: Path) -> None:
    """Write every bill."""
    folder.mkdir(parents=True, exist_ok=True)
    for audience in (*PYTHON, NPM):
        bill = bill_of_npm() if audience is NPM else bill_of_python(audience)
        text = validated(with_root(bill, audience))
        (folder / f"{audience.name}.cdx.json").write_text(text)
        print(f"{audience.name}: {len(bill['components'])} components")


def _validator(version: str) -> Any:
    # cyclonedx-py would validate with the same schemas, for a minute longer.
    folder = files("cyclonedx.schema") / "_res"
    names = [f"{name}.SNAPSHOT.schema.json" for name in (f"bom-{version}", "spdx", "jsf-0.82")]
    schemas = {name: json.loads((folder / name).read_text()) for name in names}
    base = "http://cyclonedx.org/schema/"
    return jsonschema_rs.validator_for(
        schemas[names[0]],
        registry=jsonschema_rs.Registry([(base + name, found) for name, found in schemas.items()]),
        validate_formats=True,
    )


def _run(*command: str) -> str:
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
