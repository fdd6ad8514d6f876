"""Request validators of a template validate.

Gap (ministack 1.5.33): the REST API service validates requests, but CloudFormation's
``AWS::ApiGateway::RequestValidator`` creates nothing and ``AWS::ApiGateway::Method`` drops
``RequestValidatorId``.
"""

from __future__ import annotations

import json

from ministack.services import apigateway_v1

from local import resource_types
from local.resource_types import Properties, Provisioned


def _create(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    _status, _headers, body = apigateway_v1._create_request_validator(
        properties["RestApiId"], {"name": properties.get("Name", ""), **_flags(properties)}
    )
    validator_id = json.loads(body)["id"]
    return validator_id, {"RequestValidatorId": validator_id}


def _update(physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
    if any(old.get(key) != new.get(key) for key in ("RestApiId", "Name")):
        return _create("", new, stack)
    validator = apigateway_v1._request_validators[new["RestApiId"]][physical_id]
    validator.update(_flags(new))
    return physical_id, {"RequestValidatorId": physical_id}


def _delete(physical_id: str, properties: Properties) -> None:
    apigateway_v1._delete_request_validator(properties["RestApiId"], physical_id)


def _flags(properties: Properties) -> dict[str, bool]:
    return {
        f"validateRequest{part}": str(properties.get(f"ValidateRequest{part}")).lower() == "true"
        for part in ("Body", "Parameters")
    }


def _apply_validator(_method_id: str, properties: Properties, _old: Properties) -> None:
    resource = apigateway_v1._resources[properties["RestApiId"]][properties["ResourceId"]]
    method = resource["resourceMethods"][properties["HttpMethod"]]
    method["requestValidatorId"] = properties.get("RequestValidatorId")


def install() -> None:
    """Create validators, and hand methods their validator."""
    resource_types.register(
        "AWS::ApiGateway::RequestValidator", create=_create, delete=_delete, update=_update
    )
    resource_types.add_property("AWS::ApiGateway::Method", "RequestValidatorId", _apply_validator)
