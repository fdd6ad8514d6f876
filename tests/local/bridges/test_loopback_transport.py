from __future__ import annotations

import json

import pytest

from local.bridges.loopback_transport import is_loopback
from local.client_environment import make_client
from tests.local.embedded_aws import EmbeddedAws


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_loopback_addresses_are_recognised(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.2", "", "localhost", "2001:db8::1"])
def test_no_other_address_counts_as_loopback(address: str) -> None:
    assert not is_loopback(address)


def test_a_bucket_that_allows_tls_only_can_be_used_over_loopback(
    embedded_aws: EmbeddedAws,
) -> None:
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket="tls-only")
    resources = ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"]
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(
        Bucket="tls-only",
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    with embedded_aws.user({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}) as keys:
        reader = make_client(embedded_aws.settings, keys, "s3")
        reader.put_object(Bucket="tls-only", Key="a", Body=b"text")
        assert reader.get_object(Bucket="tls-only", Key="a")["Body"].read() == b"text"
