from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.embedded_aws import EmbeddedAws


def _bucket(tags: dict[str, str]) -> dict[str, Any]:
    return {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"Tags": [{"Key": k, "Value": v} for k, v in tags.items()]},
        }
    }


def test_tags_of_a_template_are_on_the_bucket_and_follow_its_updates(
    embedded_aws: EmbeddedAws,
) -> None:
    s3 = embedded_aws.client("s3")
    outputs = {"Name": {"Ref": "Bucket"}}
    with embedded_aws.stack(_bucket({"aws-cdk:auto-delete-objects": "true"}), outputs) as stack:
        name = stack.outputs["Name"]
        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [
            {"Key": "aws-cdk:auto-delete-objects", "Value": "true"}
        ]

        embedded_aws.update_stack(stack.name, _bucket({"team": "voc"}), outputs)
        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "voc"}]

        embedded_aws.update_stack(stack.name, _bucket({}), outputs)
        with pytest.raises(ClientError, match="NoSuchTagSet"):
            s3.get_bucket_tagging(Bucket=name)
