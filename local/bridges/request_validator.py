"""Request validators of a template validate.

Gap (ministack 1.5.33): the REST API service validates requests, but CloudFormation's
``AWS::ApiGateway::RequestValidator`` creates nothing and ``AWS::ApiGateway::Method`` drops
``RequestValidatorId``.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

_Result = tuple[str, dict[str, Any]]


def _create(_logical_id: str, properties: dict[str, Any], _stack_name: str) -> _Result:
    _status, _headers, body = apigateway_v1._create_request_validator(
        properties["RestApiId"],
        {
            "name": properties.get("Name", ""),
            "validateRequestBody": _is_true(properties.get("ValidateRequestBody")),
            "validateRequestParameters": _is_true(properties.get("ValidateRequestParameters")),
        },
    )
    validator_id = json.loads(body)["id"]
    return validator_id, {"RequestValidatorId": validator_id}


def _update(
    physical_id: str, old_properties: dict[str, Any], properties: dict[str, Any], stack_name: str
) -> _Result:
    if any(old_properties.get(key) != properties.get(key) for key in ("RestApiId", "Name")):
        return _create("", properties, stack_name)
    validator = apigateway_v1._request_validators[properties["RestApiId"]][physical_id]
    validator["validateRequestBody"] = _is_true(properties.get("ValidateRequestBody"))
    validator["validateRequestParameters"] = _is_true(properties.get("ValidateRequestParameters"))
    return physical_id, {"RequestValidatorId": physical_id}


def _delete(physical_id: str, properties: dict[str, Any]) -> None:
    apigateway_v1._delete_request_validator(properties["RestApiId"], physical_id)


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def install() -> None:
    """Create validators, and hand methods their validator."""
    validators = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"]
    validators.update({"create": _create, "update": _update, "delete": _delete})
    methods = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]
    for operation in ("create", "update"):
        methods[operation] = _with_validator(methods[operation], operation)


def _with_validator(upstream: Any, operation: str) -> Any:
    def apply(*arguments: Any) -> _Result:
        result: _Result = upstream(*arguments)
        properties = arguments[1] if operation == "create" else arguments[2]
        resources = apigateway_v1._resources[properties["RestApiId"]]
        methods = resources[properties["ResourceId"]]["resourceMethods"]
        methods[properties["HttpMethod"]]["requestValidatorId"] = properties.get(
            "RequestValidatorId"
        )
        return result

    return apply
