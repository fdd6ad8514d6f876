"""Images in the account's own registry, as the embedded AWS's image client pushes them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ministack.services import ecr

from local.image_client import CONFIG_TYPE, ENGINE_CONFIG_TYPE

_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<name>[^:@]+)(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[^:@]+))?$"
)


class RegistryError(Exception):
    """An image that is not there, or that cannot be run from its files."""


@dataclass(frozen=True)
class PackedImage:
    """Files of an image, and what it starts.

    Attributes
    ----------
    layer
        tar.gz of its files.
    entry_point
        Program and arguments that a command such as ``train`` is appended to.
    working_folder
        Where the program starts, in the image.
    """

    layer: bytes
    entry_point: list[str]
    working_folder: str


def is_own(uri: str, account: str) -> bool:
    """Whether an image is one of the account's own registry."""
    match = _IMAGE.match(uri)
    return match is not None and match["account"] == account


def find(uri: str) -> PackedImage:
    """Find an image of the account's own registry, to be run from its files.

    Raises
    ------
    RegistryError
        If there is none, or it was not packed by the embedded AWS's image client.
    """
    place, manifest = _manifest(uri)
    if manifest["config"]["mediaType"] != CONFIG_TYPE:
        raise RegistryError(
            f"{uri} was not built by the embedded AWS's image client, and no engine runs here"
        )
    config = json.loads(_blob(place, manifest["config"]))["config"]
    (layer,) = (_blob(place, entry) for entry in manifest["layers"])
    return PackedImage(layer, config["Entrypoint"], config["WorkingDir"])


def engine_image(uri: str) -> str:
    """Id that an image of the account's own registry has in the engine.

    Raises
    ------
    RegistryError
        If there is none, or it was pushed while no engine ran the containers.
    """
    place, manifest = _manifest(uri)
    if manifest["config"]["mediaType"] != ENGINE_CONFIG_TYPE:
        raise RegistryError(f"{uri} was pushed without LOCAL_CONTAINERS=docker: push it again")
    return str(json.loads(_blob(place, manifest["config"]))["image"])


def _manifest(uri: str) -> tuple[tuple[str, str, str], dict[str, Any]]:
    match = _IMAGE.match(uri)
    if match is None:
        raise RegistryError(f"{uri} is no image of a registry of AWS")
    place = match["account"], match["region"], match["name"]
    digest = match["digest"]
    tag = None if digest else match["tag"] or "latest"
    found = next(
        (
            image
            for image in ecr._images.get_scoped(*place, [])
            if image["imageDigest"] == digest or tag in image.get("imageTags", [])
        ),
        None,
    )
    if found is None:
        raise RegistryError(f"Cannot find requested image {uri}")
    manifest = json.loads(found["imageManifest"])
    manifest.setdefault("config", {}).setdefault("mediaType", "")
    return place, manifest


def _blob(place: tuple[str, str, str], entry: dict[str, Any]) -> bytes:
    content: bytes = ecr._layer_blobs.get_scoped(*place, {})[entry["digest"]]
    return content
