"""Layers are saved once, not with every state.

Gap (ministack 1.5.33): the saved state of Lambda holds each layer version's archive as text.
CDK's AWS CLI layers and a dependency layer make that some 90 MB, which takes seconds to write and
to read. Here an archive is written once to a file of its own, named by its hash, as ministack
itself does with the code of functions.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.services import lambda_svc

_ARCHIVE = "_zip_data"
_REFERENCE = "layer_archive"


def _versions(layers: Any) -> Iterator[dict[str, Any]]:
    for layer in layers._data.values():
        yield from layer["versions"]


def _file_name(version: dict[str, Any]) -> str:
    return base64.b64decode(version["Content"]["CodeSha256"]).hex() + ".zip"


def externalize(layers: Any, folder: Path) -> None:
    """Write archives to files, and leave references in their place.

    Parameters
    ----------
    layers
        A copy of the layers, which is changed.
    folder
        Where the files are.
    """
    for version in _versions(layers):
        archive = version.get(_ARCHIVE)
        if not isinstance(archive, bytes):
            continue
        name = _file_name(version)
        version[_ARCHIVE] = {_REFERENCE: name}
        if not (folder / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = folder / f"{name}.unfinished"
            unfinished.write_bytes(archive)
            unfinished.replace(folder / name)


def internalize(layers: Any, folder: Path) -> None:
    """Read the archives that the references name, and remove files without a reference.

    That is done here and not when saving: a crash after a removal, but before the state is
    written, would leave a saved state whose files are missing.

    Parameters
    ----------
    layers
        The saved layers, which are changed; equal archives share their memory.
    folder
        Where the files are.

    Raises
    ------
    OSError
        If a file is missing.
    """
    archives: dict[str, bytes] = {}
    for version in _versions(layers):
        reference = version.get(_ARCHIVE)
        if isinstance(reference, dict):
            name = reference[_REFERENCE]
            if name not in archives:
                archives[name] = (folder / name).read_bytes()
            version[_ARCHIVE] = archives[name]
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name not in archives:
                file.unlink()


def install() -> None:
    """Save and load layers through files."""
    folder = Path(os.path.realpath(persistence.STATE_DIR)) / "layer-archives"
    upstream_get: Any = lambda_svc.get_state
    upstream_load: Any = lambda_svc.load_persisted_state

    def get_state() -> Any:
        state = upstream_get()
        externalize(state["layers"], folder)
        return state

    def load_persisted_state(state: Any) -> None:
        internalize(state["layers"], folder)
        upstream_load(state)

    lambda_svc.get_state = get_state
    lambda_svc.load_persisted_state = load_persisted_state
