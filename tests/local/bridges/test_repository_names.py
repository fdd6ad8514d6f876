from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from local.client_environment import make_client

if TYPE_CHECKING:
    from tests.local.embedded_aws import EmbeddedAws


def test_who_may_describe_one_repository_may_describe_that_one(embedded_aws: EmbeddedAws) -> None:
    embedded_aws.client("ecr").create_repository(repositoryName="mine")
    statement = {
        "Effect": "Allow",
        "Action": "ecr:DescribeRepositories",
        "Resource": "arn:aws:ecr:*:*:repository/mine",
    }
    with embedded_aws.user(statement) as keys:
        ecr = make_client(embedded_aws.settings, keys, "ecr")
        (found,) = ecr.describe_repositories(repositoryNames=["mine"])["repositories"]
        assert found["repositoryName"] == "mine"
        for refused in ({"repositoryNames": ["other"]}, {}):
            with pytest.raises(ClientError, match="not authorized"):
                ecr.describe_repositories(**refused)
