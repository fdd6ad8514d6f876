from __future__ import annotations

import pytest

from local.bridges.node_sdk import NODE_MODULES
from tests.local.embedded_aws import EmbeddedAws, function_resources

_CODE = """
const { S3Client, ListBucketsCommand } = require("@aws-sdk/client-s3");
require("@aws-sdk/client-lambda");
require("@aws-sdk/client-sfn");

exports.handler = async () => {
  const answer = await new S3Client({}).send(new ListBucketsCommand({}));
  return answer.Buckets.map((bucket) => bucket.Name);
};
"""
_POLICY = {
    "PolicyName": "list",
    "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
    },
}


@pytest.mark.parametrize("client", ["client-s3", "client-lambda", "client-sfn"])
def test_the_clients_that_cdks_functions_need_are_installed(client: str) -> None:
    assert (NODE_MODULES / "@aws-sdk" / client).is_dir()


def test_a_node_function_calls_aws_with_the_real_sdk(embedded_aws: EmbeddedAws) -> None:
    embedded_aws.client("s3").create_bucket(Bucket="seen-from-node")
    resources = function_resources(_CODE, runtime="nodejs22.x")
    resources["Role"]["Properties"]["Policies"] = [_POLICY]
    with embedded_aws.stack(resources, {"Name": {"Ref": "Function"}}) as stack:
        assert "seen-from-node" in embedded_aws.invoke(stack.outputs["Name"])
