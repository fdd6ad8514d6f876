"""Images in the account's own registry, as the embedded AWS's image client pushes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ministack.services import ecr

from local.aws_api import context
from local.image_client import CONFIG_TYPE, ENGINE_CONFIG_TYPE
from local.image_names import ImageName
from local.sagemaker.contracts import UnsupportedImageError


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


def is_own(image: str) -> bool:
    """Whether an image is one of the account's own registry."""
    name = ImageName.parse(image)
    return name is not None and name.account == context.account()


def find_packed(image: str) -> PackedImage:
    """Find an image of the account's own registry, to be run from its files.

    Raises
    ------
    UnsupportedImageError
        If there is none, or it was not packed by the embedded AWS's image client.
    """
    place, manifest = _manifest(image)
    if manifest["config"]["mediaType"] != CONFIG_TYPE:
        raise UnsupportedImageError(
            f"{image} was not built by the embedded AWS's image client, and no engine runs here"
        )
    config = json.loads(_blob(place, manifest["config"]))["config"]
    (layer,) = (_blob(place, entry) for entry in manifest["layers"])
    return PackedImage(layer, config["Entrypoint"], config["WorkingDir"])


def id_in_engine(image: str) -> str:
    """Id that an image of the account's own registry has in the engine.

    Raises
    ------
    UnsupportedImageError
        If there is none, or it was pushed while no engine ran the containers.
    """
    place, manifest = _manifest(image)
    if manifest["config"]["mediaType"] != ENGINE_CONFIG_TYPE:
        raise UnsupportedImageError(
            f"{image} was pushed without LOCAL_CONTAINERS=docker: push it again"
        )
    return str(json.loads(_blob(place, manifest["config"]))["image"])


def _manifest(image: str) -> tuple[tuple[str, str, str], dict[str, Any]]:
    name = ImageName.parse(image)
    if name is None:
        raise UnsupportedImageError(f"{image} is no image of a registry of AWS")
    place = name.account, name.region, name.repository
    tag = None if name.digest else name.tag or "latest"
    found = next(
        (
            stored
            for stored in ecr._images.get_scoped(*place, [])
            if stored["imageDigest"] == name.digest or tag in stored.get("imageTags", [])
        ),
        None,
    )
    if found is None:
        raise UnsupportedImageError(f"Cannot find requested image {image}")
    manifest = json.loads(found["imageManifest"])
    manifest.setdefault("config", {}).setdefault("mediaType", "")
    return place, manifest


def _blob(place: tuple[str, str, str], entry: dict[str, Any]) -> bytes:
    content: bytes = ecr._layer_blobs.get_scoped(*place, {})[entry["digest"]]
    return content
