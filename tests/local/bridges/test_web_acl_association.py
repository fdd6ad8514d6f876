from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.embedded_aws import EmbeddedAws

API_STAGE = "arn:aws:apigateway:us-east-1::/restapis/abc/stages/vocweb"


def _resources(acl: str) -> dict[str, Any]:
    visible = {
        "CloudWatchMetricsEnabled": True,
        "MetricName": "test",
        "SampledRequestsEnabled": False,
    }
    acls = {
        name: {
            "Type": "AWS::WAFv2::WebACL",
            "Properties": {
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "VisibilityConfig": visible,
            },
        }
        for name in ("First", "Second")
    }
    association = {
        "Type": "AWS::WAFv2::WebACLAssociation",
        "Properties": {
            "ResourceArn": API_STAGE,
            "WebACLArn": {"Fn::GetAtt": [acl, "Arn"]},
        },
    }
    return {**acls, "Association": association}


def test_an_association_of_a_template_is_made_changed_and_ended(
    embedded_aws: EmbeddedAws,
) -> None:
    waf = embedded_aws.client("wafv2")
    outputs = {name: {"Fn::GetAtt": [name, "Arn"]} for name in ("First", "Second")}

    def associated() -> str:
        arn: str = waf.get_web_acl_for_resource(ResourceArn=API_STAGE)["WebACL"]["ARN"]
        return arn

    with embedded_aws.stack(_resources("First"), outputs) as stack:
        assert associated() == stack.outputs["First"]
        embedded_aws.update_stack(stack.name, _resources("Second"), outputs)
        assert associated() == stack.outputs["Second"]
    with pytest.raises(ClientError, match="WAFNonexistentItemException"):
        associated()
