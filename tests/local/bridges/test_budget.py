from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.settings import ACCOUNT_ID
from tests.local.embedded_aws import EmbeddedAws


def _budget(amount: int) -> dict[str, Any]:
    return {
        "Budget": {
            "Type": "AWS::Budgets::Budget",
            "Properties": {
                "Budget": {
                    "BudgetName": "month",
                    "BudgetType": "COST",
                    "TimeUnit": "MONTHLY",
                    "BudgetLimit": {"Amount": amount, "Unit": "USD"},
                },
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": "ACTUAL",
                            "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 100,
                        },
                        "Subscribers": [
                            {"SubscriptionType": "EMAIL", "Address": "ops@example.org"}
                        ],
                    }
                ],
            },
        }
    }


def test_a_budget_of_a_template_is_kept_changed_and_removed(embedded_aws: EmbeddedAws) -> None:
    budgets = embedded_aws.client("budgets")
    month = {"AccountId": ACCOUNT_ID, "BudgetName": "month"}

    with embedded_aws.stack(_budget(100)) as stack:
        assert budgets.describe_budget(**month)["Budget"]["BudgetLimit"]["Amount"] == "100"
        embedded_aws.update_stack(stack.name, _budget(200), {})
        assert budgets.describe_budget(**month)["Budget"]["BudgetLimit"]["Amount"] == "200"
        (notification,) = budgets.describe_notifications_for_budget(**month)["Notifications"]
        assert notification["NotificationType"] == "ACTUAL"
    with pytest.raises(ClientError, match="NotFoundException"):
        budgets.describe_budget(**month)
