"""A template may have a budget.

Gap (ministack 1.5.33): the Budgets service is there, but CloudFormation does not know
``AWS::Budgets::Budget``. Nothing costs anything here: a budget is a record.
"""

from __future__ import annotations

from typing import Any

from ministack.services import budgets

from local import resource_types
from local.resource_types import Properties, Provisioned

_TYPE = "AWS::Budgets::Budget"


def _request(properties: Properties) -> dict[str, Any]:
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


def _create(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    request = _request(properties)
    status, _headers, body = budgets._create_budget(request)
    if status >= 400:
        raise ValueError(f"{_TYPE} failed: {body!r}")
    return request["Budget"]["BudgetName"], {}


def _update(physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
    # A record has no history: with its notifications it is simply written anew.
    _delete(physical_id, old)
    return _create("", new, stack)


def _delete(physical_id: str, _properties: Properties) -> None:
    budgets._delete_budget({"BudgetName": physical_id})


def install() -> None:
    """Register the type."""
    resource_types.register(_TYPE, create=_create, delete=_delete, update=_update)
