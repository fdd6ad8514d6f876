"""The notebook's role: everything that a lesson does is allowed, and nothing else."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.end_to_end.permissions import listed
from tests.notebooks.classroom import Classroom, Lesson

PERMISSIONS = {
    "BucketAccess": {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
    "IAMRoleRead": {"iam:GetPolicy", "iam:GetPolicyVersion"},
    "ECRUpload": {
        "ecr:CreateRepository",
        "ecr:CompleteLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
    },
    "ECRPull": {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
    },
    "Lessons": {
        "iam:PassRole",
        "sagemaker:AddTags",
        "sagemaker:CreateEndpoint",
        "sagemaker:CreateEndpointConfig",
        "sagemaker:CreateModel",
        "sagemaker:CreateTrainingJob",
        "sagemaker:DeleteEndpoint",
        "sagemaker:DeleteEndpointConfig",
        "sagemaker:DeleteModel",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeModel",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:InvokeEndpoint",
    },
    "Reports": {
        "cloudwatch:PutMetricData",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
    },
    "AutoStop": {"sagemaker:StopNotebookInstance"},
}
# What the SDK asks for and goes on without. To allow it would say more about the account than a
# lesson needs: it looks at every bucket, and simulates the role on every resource.
DECLINED = {"iam:GetRole", "iam:SimulatePrincipalPolicy", "s3:ListAllMyBuckets"}
Statement = dict[str, Any]


@pytest.fixture(scope="session")
def statements(classroom: Classroom) -> dict[str, list[Statement]]:
    """Statements of the role by policy, as IAM has them."""
    iam, role = classroom.emulator.client("iam"), classroom.instance["RoleArn"].rpartition("/")[2]
    documents = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    arn = attached["PolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    managed = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    documents["BucketAccess"] = managed["Document"]
    return {
        name: (json.loads(text) if isinstance(text, str) else text)["Statement"]
        for name, text in documents.items()
    }


def test_role_has_these_permissions_only(statements: dict[str, list[Statement]]) -> None:
    assert {
        name: {action for statement in found for action in listed(statement["Action"])}
        for name, found in statements.items()
    } == PERMISSIONS


@pytest.fixture(scope="module")
def decisions(
    classroom: Classroom,
    lessons: dict[str, Lesson],  # noqa: ARG001 - for its effect
    idle_instance: None,  # noqa: ARG001 - for its effect
) -> list[dict[str, Any]]:
    """What IAM has allowed the role while it did everything that it is for."""
    return [entry for entry in classroom.decisions if entry["allowed"]]


@pytest.mark.parametrize(
    ("policy", "action"),
    [(policy, action) for policy, actions in PERMISSIONS.items() for action in sorted(actions)],
)
def test_permission_is_needed(
    policy: str,
    action: str,
    statements: dict[str, list[Statement]],
    decisions: list[dict[str, Any]],
) -> None:
    """Each statement that allows an action has allowed a call that no other one allows."""
    asked = {entry["resource"] for entry in decisions if entry["action"] == action}
    assert asked, f"nothing has asked for {action}"
    everywhere = [statement for found in statements.values() for statement in found]
    for statement in statements[policy]:
        if action not in listed(statement["Action"]):
            continue
        others = [other for other in everywhere if other is not statement]
        assert any(
            allows(statement, action, resource)
            and not any(allows(other, action, resource) for other in others)
            for resource in asked
        ), f"{policy} allows {action} on {statement['Resource']}, which nothing has asked for"


@pytest.mark.usefixtures("lessons", "idle_instance")
def test_every_call_is_allowed(classroom: Classroom) -> None:
    refused = {entry["action"] for entry in classroom.decisions if not entry["allowed"]}
    assert refused <= DECLINED


def allows(statement: Statement, action: str, resource: str) -> bool:
    return action in listed(statement["Action"]) and any(
        fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"])
    )
