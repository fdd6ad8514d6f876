"""Asking a repository for an image that it does not hold is an error.

Gap (ministack 1.5.33): ``DescribeImages`` answers an empty list for an image id that is not
there, where AWS answers ``ImageNotFoundException``. The CDK CLI takes any answer for "the image
has been pushed" and would never build one.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr


def install() -> None:
    """Refuse ids of images that are not there."""
    upstream: Any = ecr._describe_images

    def describe_images(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        if name in ecr._repositories:
            for image_id in data.get("imageIds") or []:
                if ecr._find_image(name, image_id) is None:
                    return error_response_json(
                        "ImageNotFoundException",
                        f"The image with imageId {image_id} does not exist within the repository "
                        f"with name '{name}' in the registry with id '{ecr._registry_id()}'",
                        400,
                    )
        return upstream(data)

    ecr._describe_images = describe_images
