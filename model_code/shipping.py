"""Packs a trained model for the repository: ``python -m model_code.shipping MODEL CHANNEL OUT``.

Writes the artifact as a training job would leave it, its evaluation beside it for readers, and
their provenance: hashes, what the model was trained from, and by which program.
"""

import argparse
import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

ARTIFACT, EVALUATION, PROVENANCE = "model.tar.gz", "evaluation.json", "provenance.json"
LARGEST_ARTIFACT = 15_000_000
"""Bytes; every version of the file stays in the repository for ever."""


class ShippingError(Exception):
    """The model cannot be shipped; the message says why."""


def ship(model: Path, channel: Path, out: Path) -> dict[str, Any]:
    """Pack a model folder into an output folder and return the provenance.

    Parameters
    ----------
    model
        Model folder of a training.
    channel
        Training channel, with the ``provenance.json`` of its data where there is one.
    out
        Folder to write to; what an earlier call wrote is replaced.

    Raises
    ------
    ShippingError
        There is no evaluation, or the artifact is too large.
    """
    evaluation = model / EVALUATION
    if not evaluation.is_file():
        raise ShippingError(f"{model} holds no {EVALUATION}: was the model trained to the end?")
    artifact = _tar_gz(model)
    if len(artifact) > LARGEST_ARTIFACT:
        raise ShippingError(
            f"The artifact has {len(artifact)} bytes; at most {LARGEST_ARTIFACT} are shipped"
        )
    document = json.loads(evaluation.read_text("utf-8"))
    provenance = {
        "model": document["model"],
        "sha256": {
            ARTIFACT: hashlib.sha256(artifact).hexdigest(),
            EVALUATION: _sha256(evaluation),
        },
        "bytes": len(artifact),
        "made_by": "make pretrained",
        "hyperparameters": document.get("hyperparameters"),
        "versions": document.get("versions"),
        "program": _program(),
        "data": _data(channel),
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / ARTIFACT).write_bytes(artifact)
    (out / EVALUATION).write_bytes(evaluation.read_bytes())
    (out / PROVENANCE).write_text(json.dumps(provenance, indent=2) + "\n", "utf-8")
    return provenance


def _tar_gz(folder: Path) -> bytes:
    """Pack the same bytes for the same files."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in sorted(folder.iterdir()):
            content = path.read_bytes()
            member = tarfile.TarInfo(path.name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _data(channel: Path) -> dict[str, Any]:
    described = channel / PROVENANCE
    return {
        "sha256": {path.name: _sha256(path) for path in sorted(channel.glob("*.csv"))},
        "sources": json.loads(described.read_text("utf-8")) if described.is_file() else [],
    }


def _program() -> dict[str, str]:
    package = Path(__file__).parent
    return {path.name: _sha256(path) for path in sorted(package.glob("*.py"))}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: list[str]) -> int:
    """Pack the model that the command line names; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m model_code.shipping", description=__doc__)
    parser.add_argument("model", type=Path, help="model folder of a training")
    parser.add_argument("channel", type=Path, help="channel that it was trained on")
    parser.add_argument("out", type=Path, help="folder to write to")
    options = parser.parse_args(arguments)
    try:
        provenance = ship(options.model, options.channel, options.out)
    except ShippingError as error:
        print(f"shipping: {error}", file=sys.stderr)
        return 1
    print(f"model {provenance['model']}, {provenance['bytes']} bytes, in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
