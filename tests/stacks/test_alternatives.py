"""Settings that no preset has: what they make of the templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import synthesize

if TYPE_CHECKING:
    from .conftest import Assembly

ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/company/5f0c"


@pytest.fixture(scope="module")
def alternative(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Return a production on serverless hosting, in a company with rules of its own."""
    return synthesize(
        tmp_path_factory.mktemp("alternative"),
        {
            "environment": "production",
            "region": "eu-west-1",
            "hosting": "serverless",
            "rollout": "all-at-once",
            "serverless_provisioned_concurrency": 2,
            "permissions_boundary": "company-boundary",
            "alarm_email": "ops@example.org",
            "page_web_acl_arn": ACL,
        },
    )


def properties(assembly: Assembly, resource_type: str) -> list[dict[str, Any]]:
    return [
        resource["Properties"]
        for template in assembly.templates["production-eu-west-1"].values()
        for resource in template["Resources"].values()
        if resource["Type"] == resource_type
    ]


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Return a production whose instances are as many as they are."""
    chosen = {"environment": "production", "region": "eu-west-1"}
    count = {"instances_min": 4, "instances_max": 4}
    return synthesize(tmp_path_factory.mktemp("fixed"), chosen | count)


def test_a_fixed_number_of_instances_is_what_a_deploy_sets(fixed: Assembly) -> None:
    (config,) = properties(fixed, "AWS::SageMaker::EndpointConfig")
    assert config["ProductionVariants"][0]["InitialInstanceCount"] == 4
    (endpoint,) = properties(fixed, "AWS::SageMaker::Endpoint")
    assert "RetainAllVariantProperties" not in endpoint
    assert not properties(fixed, "AWS::ApplicationAutoScaling::ScalableTarget")


def test_every_role_is_bounded(alternative: Assembly) -> None:
    roles = properties(alternative, "AWS::IAM::Role")
    assert roles
    for role in roles:
        assert ":policy/company-boundary" in json.dumps(role["PermissionsBoundary"])


def test_serverless_endpoint_is_kept_warm_without_a_rollout(alternative: Assembly) -> None:
    (config,) = properties(alternative, "AWS::SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]
    assert variant["ServerlessConfig"]["ProvisionedConcurrency"] == 2
    assert "KmsKeyId" not in config
    (endpoint,) = properties(alternative, "AWS::SageMaker::Endpoint")
    assert "DeploymentConfig" not in endpoint
    assert not properties(alternative, "AWS::ApplicationAutoScaling::ScalableTarget")


def test_alarms_are_mailed(alternative: Assembly) -> None:
    (subscription,) = properties(alternative, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.org")


def test_page_has_the_company_s_web_acl(alternative: Assembly) -> None:
    (distribution,) = properties(alternative, "AWS::CloudFront::Distribution")
    assert distribution["DistributionConfig"]["WebACLId"] == ACL


def test_nothing_of_it_is_a_policy_finding(alternative: Assembly) -> None:
    assert alternative.report["pluginReports"] == []
