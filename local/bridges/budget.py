"""A template may have a budget.

Gap (ministack 1.5.33): the Budgets service is there, but CloudFormation does not know
``AWS::Budgets::Budget``. Nothing costs anything here: a budget is a record.
"""

from __future__ import annotations

from typing import Any

from ministack.services import budgets
from ministack.services.cloudformation import provisioners

_TYPE = "AWS::Budgets::Budget"
_Result = tuple[str, dict[str, Any]]


def _request(properties: dict[str, Any]) -> dict[str, Any]:
    budget = dict(properties["Budget"])
    if "BudgetLimit" in budget:
        # The API takes amounts as text, a template as numbers.
        limit = budget["BudgetLimit"]
        budget["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
    return {
        "Budget": budget,
        "NotificationsWithSubscribers": properties.get("NotificationsWithSubscribers", []),
        "ResourceTags": properties.get("ResourceTags", []),
    }


def _create(_logical_id: str, properties: dict[str, Any], _stack_name: str) -> _Result:
    request = _request(properties)
    status, _headers, body = budgets._create_budget(request)
    if status >= 400:
        raise ValueError(f"{_TYPE} failed: {body!r}")
    return request["Budget"]["BudgetName"], {}


def _update(
    physical_id: str, _old_properties: dict[str, Any], properties: dict[str, Any], stack_name: str
) -> _Result:
    # A record has no history: with its notifications it is simply written anew.
    _delete(physical_id, properties)
    return _create("", properties, stack_name)


def _delete(physical_id: str, _properties: dict[str, Any]) -> None:
    budgets._delete_budget({"BudgetName": physical_id})


def install() -> None:
    """Register the type."""
    provisioners._RESOURCE_HANDLERS[_TYPE] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
