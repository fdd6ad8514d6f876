"""Entry point for CDK's custom-resource framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


class EndpointCheckError(Exception):
    """An endpoint that does not run what was asked for."""


def on_event(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Compare the endpoint's configuration with the one that the template asks for.

    An endpoint whose update failed is ``InService`` again, on its old configuration, and
    CloudFormation takes that for success.

    Raises
    ------
    EndpointCheckError
        If the endpoint is not in service or runs another configuration.
    """
    properties = event["ResourceProperties"]
    name, wanted = properties["EndpointName"], properties["EndpointConfigName"]
    answer = {"PhysicalResourceId": f"endpoint-check-{name}"}
    if event["RequestType"] == "Delete":
        return answer
    sagemaker: SageMakerClient = boto3.client("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName=name)
    if endpoint["EndpointStatus"] != "InService" or endpoint["EndpointConfigName"] != wanted:
        raise EndpointCheckError(
            f"Endpoint {name} is {endpoint['EndpointStatus']} on configuration "
            f"{endpoint['EndpointConfigName']}, not InService on {wanted}. "
            f"{endpoint.get('FailureReason', '')} Log: /aws/sagemaker/Endpoints/{name}"
        )
    return answer
