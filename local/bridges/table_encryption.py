"""A table of a template says with which key it is encrypted.

Gap (ministack 1.5.33): creating an ``AWS::DynamoDB::Table`` drops ``SSESpecification``, and an
update misreads it, so that nobody can see on the deployed table whose key it has.
"""

from __future__ import annotations

from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners


def _apply(table_name: str, specification: Any) -> None:
    asked = dict(specification or {})
    # A template calls it otherwise than the API does.
    asked["Enabled"] = str(asked.pop("SSEEnabled", False)).lower() == "true"
    dynamodb._tables[table_name]["SSEDescription"] = (
        dynamodb._sse_description_from_spec(asked) if asked["Enabled"] else None
    )


def install() -> None:
    """Wrap the creation and the update of tables."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    upstream_create: Any = handlers["create"]
    upstream_update: Any = handlers["update"]

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        result = upstream_create(logical_id, properties, stack_name)
        _apply(result[0], properties.get("SSESpecification"))
        return result

    def update(
        physical_id: str,
        old_properties: dict[str, Any],
        properties: dict[str, Any],
        stack_name: str,
        logical_id: str | None = None,
    ) -> Any:
        # The service need not know: what it would record is replaced here.
        without = [
            {key: value for key, value in given.items() if key != "SSESpecification"}
            for given in (old_properties, properties)
        ]
        result = upstream_update(physical_id, *without, stack_name, logical_id=logical_id)
        _apply(result[0], properties.get("SSESpecification"))
        return result

    handlers["create"] = create
    handlers["update"] = update
