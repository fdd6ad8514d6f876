"""Whether a region has the services that the application is made of."""

from __future__ import annotations

import boto3

from operations.preflight.finding import Finding, missing, ready
from stacks.settings import Settings

_SERVICES = {
    "apigateway": "Amazon API Gateway",
    "cloudformation": "AWS CloudFormation",
    "cognito-idp": "Amazon Cognito",
    "comprehend": "Amazon Comprehend (sentiment)",
    "dynamodb": "Amazon DynamoDB",
    "ecr": "Amazon ECR",
    "lambda": "AWS Lambda",
    "sagemaker": "Amazon SageMaker",
    "stepfunctions": "AWS Step Functions",
}


def check_services(settings: Settings) -> Finding:
    """Look every service up in the SDK's own table of regions; no call is made."""
    session = boto3.Session()
    lacking = [
        name
        for service, name in _SERVICES.items()
        if settings.region not in session.get_available_regions(service)
    ]
    if lacking:
        return missing(
            "services",
            f"{settings.region} has no {', no '.join(lacking)}",
            "deploy to a region that has them; cdk.json lists the regions",
        )
    return ready("services", f"{settings.region} has all {len(_SERVICES)}")
