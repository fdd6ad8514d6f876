"""A limit for the cost of a month."""

from __future__ import annotations

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.alarm import alarm_name
from stacks.settings import Settings

NAME = "budget"


class Budget(Construct):
    """Tells the topic when the month's cost is above the limit, or is forecast to be.

    It counts what carries this deployment's tag ``cost-centre`` in this region.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                # Budgets are one list for all regions.
                budget_name=f"{alarm_name(settings, NAME)}-{settings.region}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=settings.monthly_budget_usd, unit="USD"
                ),
                cost_filters={
                    "Region": [settings.region],
                    "TagKeyValue": [f"user:cost-centre${settings.cost_centre}"],
                },
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=100,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(
                            subscription_type="SNS", address=topic.topic_arn
                        )
                    ],
                )
                for kind in ("ACTUAL", "FORECASTED")
            ],
        )
