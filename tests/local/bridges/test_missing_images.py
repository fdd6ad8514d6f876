from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.embedded_aws import EmbeddedAws


def test_an_image_that_is_not_there_is_an_error(embedded_aws: EmbeddedAws) -> None:
    ecr = embedded_aws.client("ecr")
    ecr.create_repository(repositoryName="images")
    wanted = [{"imageTag": "v1"}]
    with pytest.raises(ClientError, match="ImageNotFoundException"):
        ecr.describe_images(repositoryName="images", imageIds=wanted)
    assert ecr.describe_images(repositoryName="images")["imageDetails"] == []
    ecr.put_image(repositoryName="images", imageManifest="{}", imageTag="v1")
    (found,) = ecr.describe_images(repositoryName="images", imageIds=wanted)["imageDetails"]
    assert found["imageTags"] == ["v1"]
