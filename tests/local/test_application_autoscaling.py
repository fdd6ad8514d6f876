"""Application Auto Scaling: records, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.workbench import Workbench, statement

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
CONFIGURATION = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    },
}


@pytest.fixture(scope="module")
def endpoint(shared: Workbench) -> str:
    """An endpoint on an instance."""
    return shared.endpoint(shared.endpoint_config(shared.model()))


@pytest.fixture
def scaling(shared: Workbench) -> Any:
    """Client of Application Auto Scaling."""
    return shared.emulator.client("application-autoscaling")


def target_of(endpoint: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/AllTraffic",
        "ScalableDimension": DIMENSION,
    }


def test_target_and_policy_live_and_end_together(scaling: Any, endpoint: str) -> None:
    target = target_of(endpoint)
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.put_scaling_policy(
            **target,
            PolicyName="load",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=CONFIGURATION,
        )
    first = scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    again = scaling.register_scalable_target(**target, MaxCapacity=2)
    assert first["ScalableTargetARN"] == again["ScalableTargetARN"]
    (found,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 2)
    assert "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint" in found["RoleARN"]

    scaling.put_scaling_policy(
        **target,
        PolicyName="load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=CONFIGURATION,
    )
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == CONFIGURATION
    scaling.delete_scaling_policy(**target, PolicyName="load")
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.delete_scaling_policy(**target, PolicyName="load")

    scaling.deregister_scalable_target(**target)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_variant_that_does_not_exist_is_refused(scaling: Any, endpoint: str) -> None:
    with pytest.raises(ClientError, match="is no variant of a SageMaker endpoint"):
        scaling.register_scalable_target(
            **target_of(f"not-{endpoint}"), MinCapacity=1, MaxCapacity=2
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"MinCapacity": 3, "MaxCapacity": 2}, "cannot be less than minimum"),
        ({"MinCapacity": 1}, "MaxCapacity is required"),
        ({"ScalableDimension": "sagemaker:variant:Weight"}, "enum value set"),
    ],
)
def test_bad_requests_are_refused(
    scaling: Any, endpoint: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        scaling.register_scalable_target(**{**target_of(endpoint), **changes})
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_iam_is_enforced(shared: Workbench) -> None:
    nobody = shared.client_of("application-autoscaling", [statement("s3:*", "*")])
    with pytest.raises(ClientError, match="application-autoscaling:DescribeScalableTargets"):
        nobody.describe_scalable_targets(ServiceNamespace="sagemaker")
