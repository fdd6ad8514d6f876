"""What the deploy delivers to the data scientist's notebook instance."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from pathlib import Path

from stacks.settings import Settings
from stacks.shipped_folder import REPOSITORY, MissingInputError, ShippedFolder, fingerprint

LESSONS_PREFIX = "notebooks"
_LESSONS = REPOSITORY / "notebooks"
_SCRIPT_LIMIT = 16_384
"""Characters of a lifecycle script in base64, SageMaker's own limit."""
# What a token of the template may turn into: a bucket's name has at most 63 characters.
_LONGEST_BUCKET_NAME = "b" * 63


class LifecycleScriptError(MissingInputError):
    """A lifecycle script that SageMaker would refuse."""


def lessons(build: Path, settings: Settings) -> ShippedFolder:
    """Collect what is copied to the instance: ``workshop/`` and ``instance/``.

    ``workshop/notebooks`` holds the lessons. Where the method builds an image of its own,
    ``workshop/container`` holds what the image is built from. Where a git repository is named,
    it takes the place of ``workshop/``. ``instance/`` is what the instance itself runs on.

    Parameters
    ----------
    build
        Folder to collect below.
    settings
        ``method`` and ``notebook_repository`` count.
    """
    files = {f"instance/{path.name}": path for path in (_LESSONS / "instance").glob("*.*")}
    files["instance/requirements.txt"] = _LESSONS / "requirements.txt"
    if settings.notebook_repository == "none":
        files |= {
            f"workshop/notebooks/{path.name}": path
            for pattern in ("*.ipynb", "*.py", "requirements.txt")
            for path in _LESSONS.glob(pattern)
        }
        if settings.method == "low-level":
            files |= _container()
    contents = {name: path.read_bytes() for name, path in files.items()}
    version = fingerprint(contents)
    folder = build / "lessons" / version
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        for name, content in contents.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            (partial / name).write_bytes(content)
        partial.replace(folder)
    return ShippedFolder(folder, f"{LESSONS_PREFIX}/{version}")


def lifecycle_script(name: str, values: Mapping[str, str], bucket_name: str) -> str:
    """Read a lifecycle script and fill its places in.

    Parameters
    ----------
    name
        File in ``notebooks/lifecycle``.
    values
        What stands for ``@NAME@``; may hold tokens of the template.
    bucket_name
        The token of the bucket's name, to tell the final length.

    Raises
    ------
    LifecycleScriptError
        If the script is longer than SageMaker takes.
    """
    script = (_LESSONS / "lifecycle" / name).read_text(encoding="utf-8")
    for place, value in values.items():
        script = script.replace(f"@{place}@", value)
    final = script.replace(bucket_name, _LONGEST_BUCKET_NAME)
    length = len(base64.b64encode(final.encode()))
    if length > _SCRIPT_LIMIT:
        raise LifecycleScriptError(
            f"notebooks/lifecycle/{name} has {length:,} characters in base64; SageMaker takes "
            f"{_SCRIPT_LIMIT:,}. Move work into notebooks/instance/, which is delivered to the "
            "instance as files"
        )
    return script


def _container() -> dict[str, Path]:
    package = REPOSITORY / "model_code"
    return {
        f"workshop/container/{path.relative_to(package).as_posix()}": path
        for path in package.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and "pretrained" not in path.parts
        and path.suffix in ("", ".py", ".txt")
    }
