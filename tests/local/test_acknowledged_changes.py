from __future__ import annotations

import pytest

from local.acknowledged_changes import changes_something

_TARGET = "x-amz-target"


@pytest.mark.parametrize(
    ("service", "method", "path", "target", "body", "changes"),
    [
        ("ssm", "POST", "/", "AmazonSSM.PutParameter", b"{}", True),
        ("ssm", "POST", "/", "AmazonSSM.GetParameter", b"{}", False),
        ("cognito-idp", "POST", "/", "AWSCognito.AdminCreateUser", b"{}", True),
        ("cognito-idp", "POST", "/", "AWSCognito.AdminGetUser", b"{}", False),
        ("iam", "POST", "/", "", b"Action=CreateUser&UserName=ann", True),
        ("iam", "POST", "/", "", b"Version=2010-05-08&Action=ListUsers", False),
        ("lambda", "PUT", "/2015-03-31/functions/f/configuration", "", b"{}", True),
        ("lambda", "POST", "/2015-03-31/functions/f/invocations", "", b"{}", False),
        ("sagemaker", "POST", "/endpoints/e/invocations", "", b"", False),
        ("s3", "PUT", "/bucket", "", b"", True),
        ("s3", "PUT", "/bucket/object", "", b"", False),
    ],
)
def test_requests_that_change_something(
    service: str, method: str, path: str, target: str, body: bytes, changes: bool
) -> None:
    assert changes_something(service, method, path, {_TARGET: target}, body) is changes
