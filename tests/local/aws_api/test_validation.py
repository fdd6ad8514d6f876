"""Requests against botocore's service model."""

from __future__ import annotations

from typing import Any

import pytest

from local.aws_api import validation
from local.aws_api.errors import ApiError

ARN = "arn:aws:sagemaker:us-east-1:000000000000:model/one"


def problem(operation: str, request: object) -> str:
    with pytest.raises(ApiError) as caught:
        validation.parse("sagemaker", operation, request)
    return caught.value.message


def test_every_violation_is_named() -> None:
    message = problem("CreateModel", {"ModelName": "under_score", "Tags": [{"Key": ""}]})
    assert message.startswith("3 validation errors detected: ")
    assert "Value 'under_score' at 'modelName' failed to satisfy constraint" in message
    assert "Value null at 'tags.1.member.value'" in message
    assert "Value '' at 'tags.1.member.key'" in message
    assert "length greater than or equal to 1" in message


@pytest.mark.parametrize(
    ("operation", "request_", "part"),
    [
        ("DescribeModel", {}, "Value null at 'modelName'"),
        ("ListModels", {"MaxResults": 101}, "value less than or equal to 100"),
        ("ListModels", {"SortBy": "Size"}, "enum value set: [Name, CreationTime]"),
        ("ListTags", {"ResourceArn": "model/one"}, "regular expression pattern"),
    ],
)
def test_a_violation(operation: str, request_: dict[str, Any], part: str) -> None:
    assert part in problem(operation, request_)


@pytest.mark.parametrize("request_", [[], {"ModelName": 1}, {"ModelName": "one", "Tags": {}}])
def test_wrong_types_are_no_requests(request_: object) -> None:
    with pytest.raises(ApiError) as caught:
        validation.parse("sagemaker", "CreateModel", request_)
    assert caught.value.code == "SerializationException"


@pytest.mark.parametrize("key", ["Größe", "名前", "a b", "a:b/c=d+e-f@g_h.1"])
def test_tags_may_be_in_any_script(key: str) -> None:
    request = {"ResourceArn": ARN, "Tags": [{"Key": key, "Value": ""}]}
    assert validation.parse("sagemaker", "AddTags", request) == request


def test_a_tag_with_a_forbidden_sign_is_refused() -> None:
    request = {"ResourceArn": ARN, "Tags": [{"Key": "a*b", "Value": ""}]}
    assert "tags.1.member.key" in problem("AddTags", request)


def test_properties_of_a_template_take_the_types_of_the_service() -> None:
    properties: dict[str, Any] = {
        "EndpointConfigName": "one",
        "ProductionVariants": [
            {"VariantName": "a", "InitialInstanceCount": "2", "InitialVariantWeight": "0.5"}
        ],
        "EnableNetworkIsolation": "true",
    }
    coerced = validation.coerce("sagemaker", "CreateEndpointConfig", properties)
    assert coerced["ProductionVariants"][0]["InitialInstanceCount"] == 2
    assert coerced["ProductionVariants"][0]["InitialVariantWeight"] == 0.5
    assert coerced["EnableNetworkIsolation"] is True
    properties["ProductionVariants"] = [{"VariantName": "a", "InitialInstanceCount": "two"}]
    with pytest.raises(
        ApiError, match="at '/ProductionVariants/0/InitialInstanceCount' cannot be read"
    ):
        validation.coerce("sagemaker", "CreateEndpointConfig", properties)
