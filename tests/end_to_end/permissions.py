"""Every permission of the deployed roles, and the operation that fails without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Template = dict[str, Any]
Permission = tuple[str, str]
"""Role, and ``action on resource``."""

# Operation by role and permission; test_permissions.py says what each operation does.
NEEDED: dict[str, dict[str, str]] = {
    "RestApiGetAllContentsRole": {
        "dynamodb:BatchGetItem on FeedbackTable": "list_fresh",
        "dynamodb:Query on FeedbackTable/index/NewestFirst": "list",
    },
    "RestApiEnterFeedbackRole": {
        "dynamodb:PutItem on FeedbackTable": "enter",
        "dynamodb:UpdateItem on TallyTable": "enter",
        "dynamodb:PutItem on IdempotencyTable": "enter_with_key",
        "dynamodb:UpdateItem on IdempotencyTable": "enter_with_key",
        "dynamodb:DeleteItem on IdempotencyTable": "enter_again_after_a_failure",
    },
    "RestApiIdentifyGenderRole": {
        "dynamodb:BatchGetItem on FeedbackTable": "identify",
        "dynamodb:UpdateItem on FeedbackTable": "identify",
        "dynamodb:UpdateItem on TallyTable": "identify",
        "sagemaker:InvokeEndpoint on endpoint": "identify",
    },
    "RestApiPredictRole": {
        "sagemaker:InvokeEndpoint on endpoint": "predict",
    },
    "RestApiPredictSentimentRole": {
        "comprehend:BatchDetectSentiment on *": "predict_sentiment",
        "dynamodb:BatchGetItem on FeedbackTable": "predict_sentiment",
        "dynamodb:UpdateItem on FeedbackTable": "predict_sentiment",
        "dynamodb:UpdateItem on TallyTable": "predict_sentiment",
    },
    "RestApiSetGenderRole": {
        "dynamodb:BatchGetItem on FeedbackTable": "set_gender",
        "dynamodb:UpdateItem on FeedbackTable": "set_gender",
        "dynamodb:UpdateItem on TallyTable": "set_gender",
    },
    "RestApiDeleteFeedbackRole": {
        "dynamodb:BatchGetItem on FeedbackTable": "delete",
        "dynamodb:DeleteItem on FeedbackTable": "delete",
        "dynamodb:UpdateItem on TallyTable": "delete",
    },
    "RestApiInsightsRole": {
        "dynamodb:BatchGetItem on TallyTable": "insights",
    },
    "TrainingJobOnEventRole": {
        "iam:PassRole on TrainingJobRole": "start_training",
        "s3:GetObject on StorageBucket/models/*": "find_training",
        "sagemaker:CreateTrainingJob on training-job": "start_training",
        "sagemaker:DescribeTrainingJob on training-job": "find_training",
        "sagemaker:ListTrainingJobs on *": "find_training",
        "sagemaker:StopTrainingJob on training-job": "stop_training",
    },
    "TrainingJobIsCompleteRole": {
        "sagemaker:DescribeTrainingJob on training-job": "await_training",
    },
    "QualityGateOnEventRole": {
        "sagemaker:DescribeTrainingJob on training-job": "judge",
    },
    "EndpointCheckOnEventRole": {
        "sagemaker:DescribeEndpoint on endpoint": "check_endpoint",
    },
    "TrainingJobRole": {
        "ecr:BatchCheckLayerAvailability on repository": "train",
        "ecr:BatchGetImage on repository": "train",
        "ecr:GetAuthorizationToken on *": "train",
        "ecr:GetDownloadUrlForLayer on repository": "train",
        "logs:CreateLogStream on log-group:/aws/sagemaker/*": "train",
        "logs:PutLogEvents on log-group:/aws/sagemaker/*": "train",
        "s3:GetObject on StorageBucket/code/*, StorageBucket/train/*": "train",
        "s3:ListBucket on StorageBucket if train": "train",
        "s3:PutObject on StorageBucket/models/*": "train",
    },
    "ServingRole": {
        "ecr:BatchCheckLayerAvailability on repository": "serve",
        "ecr:BatchGetImage on repository": "serve",
        "ecr:GetAuthorizationToken on *": "serve",
        "ecr:GetDownloadUrlForLayer on repository": "serve",
        "s3:GetObject on StorageBucket/batch/names/*, StorageBucket/code/*, "
        "StorageBucket/models/*": "serve",
    },
}

# What the embedded AWS does not ask for, or what is not ours; each with its reason.
_OURS = (
    r"(RestApi\w+|TrainingJobOnEvent|TrainingJobIsComplete|QualityGateOnEvent|EndpointCheckOnEvent)"
    r"Role"
)
_EXECUTION = r"(TrainingJob|Serving)Role"
_DOCUMENTED = (
    "SageMaker documents it for execution roles; the embedded one does not need it for this job"
)
_BATCHES = "tests/end_to_end/test_batch.py runs the state machine as a whole with these roles"
UNTRIED: dict[tuple[str, str], str] = {
    (_OURS, r"logs:(CreateLogStream|PutLogEvents) on \w+Log"): (
        "the embedded AWS writes a function's log itself, without its role"
    ),
    (_OURS, r"xray:(PutTelemetryRecords|PutTraceSegments) on \*"): (
        "the embedded AWS has no X-Ray; on AWS Lambda's own daemon sends the traces"
    ),
    (_EXECUTION, r"logs:(CreateLogGroup|DescribeLogStreams) on log-group:/aws/sagemaker/\*"): (
        _DOCUMENTED + ": the log group is there from the first job on"
    ),
    (_EXECUTION, r"cloudwatch:PutMetricData on \*"): (
        _DOCUMENTED + ": metrics are extra, and limited to SageMaker's namespaces"
    ),
    (_EXECUTION, r"s3:ListBucket on StorageBucket if (code|models)"): (
        _DOCUMENTED + ": without it a missing object reads as a forbidden one"
    ),
    ("ServingRole", r"logs:(CreateLogStream|PutLogEvents) on log-group:/aws/sagemaker/\*"): (
        _DOCUMENTED + ": a server that has nothing to say has no log"
    ),
    ("TrainingJobRole", r"s3:AbortMultipartUpload on StorageBucket/models/\*"): (
        "it cleans up after an upload in parts that broke off"
    ),
    ("ServingRole", r"s3:\w+ on StorageBucket(/| if )batch/.*"): _BATCHES,
    (r"Batch(Check|Machine|NextJob|Send|Write)Role", r".*"): _BATCHES,
    ("NotebookRole", r".*"): "tests/notebooks/test_role.py shows each to be needed",
    (r"\w+(Providerframework\w+ServiceRole|Providerwaiterstatemachine\w*Role)", r".*"): (
        "CDK's framework of custom resources grants itself what it calls"
    ),
    (r"CustomCDKBucketDeployment\w+", r".*"): (
        "CDK's function that copies assets grants itself what it calls, by patterns"
    ),
}


def label(resource: Any, condition: Any = None) -> str:
    """Name a statement's resource, without what differs per account, region and environment."""
    if isinstance(resource, list):
        return ", ".join(label(entry) for entry in resource)
    text = _text(resource)
    if text.startswith("arn:"):
        text = text.split(":", 5)[5]
    if re.match(
        r"(endpoint|training-job|repository|model|endpoint-config|notebook-instance)/", text
    ):
        text = text.partition("/")[0]
    prefixes = ((condition or {}).get("StringLike") or {}).get("s3:prefix")
    return f"{text} if {prefixes[0]}" if prefixes else text


def statements(template: Template) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    """Yield role, logical id of the policy, position and statement of every policy."""
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for role in properties["Roles"]:
                for position, statement in enumerate(properties["PolicyDocument"]["Statement"]):
                    yield _bare(role["Ref"]), logical_id, position, statement
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                for position, statement in enumerate(policy["PolicyDocument"]["Statement"]):
                    yield _bare(logical_id), policy["PolicyName"], position, statement


def listed(value: Any) -> list[Any]:
    """Return a value that IAM lets stand for a list of one."""
    return value if isinstance(value, list) else [value]


def permissions(template: Template) -> Iterator[Permission]:
    """Yield everything that a template's roles may do."""
    for role, _policy, _position, statement in statements(template):
        where = label(statement["Resource"], statement.get("Condition"))
        for action in listed(statement["Action"]):
            yield role, f"{action} on {where}"


def reason_untried(role: str, permission: str) -> str | None:
    """Return why a permission is not tried on the embedded AWS."""
    for (roles, actions), reason in UNTRIED.items():
        if re.fullmatch(roles, role) and re.fullmatch(actions, permission):
            return reason
    return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return "".join(_text(part) for part in argument[1])
    if function == "Fn::GetAtt":
        return _bare(argument[0])
    if function == "Fn::ImportValue":
        return _bare(
            re.sub(r".*(FnGetAtt|Ref)(\w+?[0-9A-F]{8})(Arn)?[0-9A-F]{8}$", r"\2", argument)
        )
    if function == "Fn::Sub":
        return str(argument)
    return "" if argument.startswith("AWS::") else _bare(argument)


def _bare(logical_id: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)
