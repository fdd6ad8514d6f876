"""A table of a template forgets what is past its time.

Gap (ministack 1.5.33): ``AWS::DynamoDB::Table`` drops ``TimeToLiveSpecification``, so that items
which the cloud would delete stay for ever.
"""

from __future__ import annotations

from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

_OFF = {"Enabled": False}


def _apply(table_name: str, wanted: Any, known: Any) -> None:
    specification = wanted or ({**known, **_OFF} if known else None)
    if specification is None:
        return
    status, _headers, body = dynamodb._update_ttl(
        {"TableName": table_name, "TimeToLiveSpecification": specification}
    )
    if status >= 400:
        raise ValueError(f"AWS::DynamoDB::Table TimeToLiveSpecification failed: {body!r}")


def install() -> None:
    """Wrap the creation and the update of tables."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    upstream_create: Any = handlers["create"]
    upstream_update: Any = handlers["update"]

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        result = upstream_create(logical_id, properties, stack_name)
        _apply(result[0], properties.get("TimeToLiveSpecification"), None)
        return result

    def update(
        physical_id: str,
        old_properties: dict[str, Any],
        properties: dict[str, Any],
        stack_name: str,
        logical_id: str | None = None,
    ) -> Any:
        result = upstream_update(
            physical_id, old_properties, properties, stack_name, logical_id=logical_id
        )
        _apply(
            result[0],
            properties.get("TimeToLiveSpecification"),
            old_properties.get("TimeToLiveSpecification"),
        )
        return result

    handlers["create"] = create
    handlers["update"] = update
