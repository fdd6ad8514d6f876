"""The training program and the training data, as the deploy ships them."""

from __future__ import annotations

import gzip
import importlib.util
import io
import tarfile
from pathlib import Path

from stacks.shipped_folder import REPOSITORY, MissingInputError, ShippedFolder, fingerprint

DATA_PREFIX = "train"
SOURCE_PREFIX = "code"
SOURCE_ARCHIVE_NAME = "sourcedir.tar.gz"
# Pure Python and needed by training and serving alike; shipped along, because a
# container that installs packages when it starts is slow and depends on the internet.
_VENDORED_PACKAGES = ("anyascii",)


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
    version = fingerprint(members)
    folder = build / "source" / version
    if not (folder / SOURCE_ARCHIVE_NAME).exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder.parent / f"{version}.partial"
        partial.write_bytes(archive)
        partial.replace(folder / SOURCE_ARCHIVE_NAME)
    return ShippedFolder(folder, f"{SOURCE_PREFIX}/{version}")


def training_data(folder: Path) -> ShippedFolder:
    """Find the training channel.

    Raises
    ------
    MissingInputError
        If the folder holds no CSV file.
    """
    # As training finds them, in folders below as well.
    files = [path for path in folder.rglob("*.csv") if path.is_file()]
    if not files:
        raise MissingInputError(
            f"training_data: no CSV file in '{folder}'. 'make data' builds 'build/train'"
        )
    version = fingerprint(
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    )
    return ShippedFolder(folder, f"{DATA_PREFIX}/{version}")


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
