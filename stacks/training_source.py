"""The training program and the training data, as the deploy ships them."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE_ARCHIVE_NAME = "sourcedir.tar.gz"
# Pure Python and needed by training and serving alike; shipped along, because a
# container that installs packages when it starts is slow and depends on the internet.
_VENDORED_PACKAGES = ("anyascii",)


class MissingInputError(ValueError):
    """Something that the deploy ships is missing or damaged; the message says what makes it."""


@dataclass(frozen=True)
class ShippedFolder:
    """A folder to be delivered to the bucket, and the fingerprint of what is in it."""

    path: Path
    fingerprint: str


def training_source(build: Path) -> ShippedFolder:
    """Pack the training program for script mode, the same bytes for the same files.

    The archive holds the package ``model_code``, its entry points at the root, and the
    vendored packages.

    Parameters
    ----------
    build
        Folder to write the archive below.

    Returns
    -------
    ShippedFolder
        The folder that holds ``sourcedir.tar.gz`` and nothing else.
    """
    package = REPOSITORY / "model_code"
    members = {
        f"model_code/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in sorted(package.rglob("*.py"))
    }
    for entry_point in sorted((package / "entry_points").glob("*.py")):
        if entry_point.name != "__init__.py":
            members[entry_point.name] = entry_point.read_bytes()
    for name in _VENDORED_PACKAGES:
        members |= _package_files(name)
    archive = _deterministic_tar_gz(members)
    fingerprint = _fingerprint(members)
    folder = build / "source" / fingerprint
    if not (folder / SOURCE_ARCHIVE_NAME).exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder.parent / f"{fingerprint}.partial"
        partial.write_bytes(archive)
        partial.replace(folder / SOURCE_ARCHIVE_NAME)
    return ShippedFolder(folder, fingerprint)


def training_data(folder: Path) -> ShippedFolder:
    """Find the training channel.

    Raises
    ------
    MissingInputError
        If the folder holds no CSV file.
    """
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    if not files:
        raise MissingInputError(
            f"training_data: no CSV file in '{folder}'. 'make data' builds 'build/train'"
        )
    return ShippedFolder(folder, _fingerprint({path.name: path.read_bytes() for path in files}))


def _package_files(name: str) -> dict[str, bytes]:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise MissingInputError(f"the package {name} is not installed: run 'make setup'")
    package = Path(spec.origin).parent
    return {
        f"{name}/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def _fingerprint(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()[:16]


def _deterministic_tar_gz(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(members):
            member = tarfile.TarInfo(name)
            member.size = len(members[name])
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(members[name]))
    return packed.getvalue()
