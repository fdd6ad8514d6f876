from __future__ import annotations

import json

import cbor2
import pytest
from botocore.exceptions import ClientError

from local.bridges.metric_namespace import namespace_of
from local.client_environment import make_client
from tests.local.embedded_aws import EmbeddedAws


@pytest.mark.parametrize(
    ("body", "namespace"),
    [
        (json.dumps({"Namespace": "Shop"}).encode(), "Shop"),
        (cbor2.dumps({"Namespace": "Shop"}), "Shop"),
        (b"Action=PutMetricData&Namespace=%2Faws%2Fshop", "/aws/shop"),
        (b"", None),
        (b"{", None),
        (b"\xff", None),
        (json.dumps({"Namespace": 7}).encode(), None),
    ],
)
def test_namespace_is_read_from_every_protocol(body: bytes, namespace: str | None) -> None:
    assert namespace_of(body) == namespace


def test_metrics_of_one_namespace_can_be_allowed(embedded_aws: EmbeddedAws) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "cloudwatch:PutMetricData",
        "Resource": "*",
        "Condition": {"StringLike": {"cloudwatch:namespace": ["/aws/shop/*"]}},
    }
    datum = {"MetricName": "Sales", "Value": 1.0}
    with embedded_aws.user(statement) as keys:
        cloudwatch = make_client(embedded_aws.settings, keys, "cloudwatch")
        cloudwatch.put_metric_data(Namespace="/aws/shop/tea", MetricData=[datum])
        with pytest.raises(ClientError) as caught:
            cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[datum])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
