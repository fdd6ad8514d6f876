from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from local.client_environment import make_client
from local.credentials import Credentials

if TYPE_CHECKING:
    from tests.local.embedded_aws import EmbeddedAws


def test_who_may_describe_one_repository_may_describe_that_one(embedded_aws: EmbeddedAws) -> None:
    iam = embedded_aws.client("iam")
    embedded_aws.client("ecr").create_repository(repositoryName="mine")
    iam.create_user(UserName="publisher")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "ecr:DescribeRepositories",
                "Resource": "arn:aws:ecr:*:*:repository/mine",
            }
        ],
    }
    iam.put_user_policy(
        UserName="publisher", PolicyName="describe", PolicyDocument=json.dumps(document)
    )
    key = iam.create_access_key(UserName="publisher")["AccessKey"]
    keys = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    ecr = make_client(embedded_aws.settings, keys, "ecr")

    (found,) = ecr.describe_repositories(repositoryNames=["mine"])["repositories"]
    assert found["repositoryName"] == "mine"
    for refused in ({"repositoryNames": ["other"]}, {}):
        with pytest.raises(ClientError, match="not authorized"):
            ecr.describe_repositories(**refused)
