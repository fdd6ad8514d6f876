"""Our own image, built and pushed by the deploy (``method`` low-level)."""

from __future__ import annotations

from typing import Literal

from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from stacks.capabilities.sagemaker_role import ImageSource
from stacks.settings import Settings
from stacks.shipped_folder import REPOSITORY


def own_image(
    scope: Construct, construct_id: str, *, settings: Settings, target: Literal["train", "serve"]
) -> ImageSource:
    """Have the deploy build one target of ``model_code/Dockerfile`` and push it.

    The tag is a fingerprint of what the image is built from, so that a changed program is a
    changed training job and a changed model.
    """
    image = ecr_assets.DockerImageAsset(
        scope,
        construct_id,
        directory=str(REPOSITORY / "model_code"),
        target=target,
        build_args={"BASE_IMAGE": settings.container_base_image},
        # Whoever deploys from a laptop with an ARM processor builds for SageMaker's machines.
        platform=ecr_assets.Platform.LINUX_AMD64,
    )
    return ImageSource(uri=image.image_uri, repository_arn=image.repository.repository_arn)
