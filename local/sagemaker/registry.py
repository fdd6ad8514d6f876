"""Images in the account's own registry, as the embedded AWS's image client pushes them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ministack.services import ecr

from local.image_client import CONFIG_TYPE

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


def find(uri: str) -> PackedImage:
    """Find an image of the account's own registry.

    Raises
    ------
    RegistryError
        If there is none, or it was not packed by the embedded AWS's image client.
    """
    match = _IMAGE.match(uri)
    if match is None:
        raise RegistryError(f"{uri} is no image of a registry of AWS")
    place = match["account"], match["region"], match["name"]
    image_id = {"imageDigest": match["digest"], "imageTag": match["tag"] or "latest"}
    if match["digest"]:
        image_id["imageTag"] = None
    images = ecr._images.get_scoped(*place, [])
    found = next(
        (
            image
            for image in images
            if image["imageDigest"] == image_id["imageDigest"]
            or image_id["imageTag"] in image.get("imageTags", [])
        ),
        None,
    )
    if found is None:
        raise RegistryError(f"Cannot find requested image {uri}")
    manifest = json.loads(found["imageManifest"])
    if manifest.get("config", {}).get("mediaType") != CONFIG_TYPE:
        raise RegistryError(
            f"{uri} was not built by the embedded AWS's image client, and no engine runs here"
        )
    blobs = ecr._layer_blobs.get_scoped(*place, {})
    config = json.loads(blobs[manifest["config"]["digest"]])["config"]
    (layer,) = (blobs[entry["digest"]] for entry in manifest["layers"])
    return PackedImage(layer, config["Entrypoint"], config["WorkingDir"])
