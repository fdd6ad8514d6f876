"""Alarms of the API, of trainings and of cost, and the region's dashboard."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.api_alarms import ApiAlarms
from stacks.capabilities.budget import Budget
from stacks.capabilities.dashboard import Dashboard
from stacks.capabilities.training_notice import TrainingNotice
from stacks.settings import Settings


def add_monitoring(
    scope: Construct, *, settings: Settings, topic: sns.ITopic | None, table: dynamodb.ITable
) -> None:
    """Watch what is deployed, as far as the settings ask for it.

    The endpoint's alarms stand beside it, because a rollout asks them.

    Parameters
    ----------
    scope
        The stack.
    settings
        What to watch.
    topic
        Who is told, or None without alarms.
    table
        The table of feedback.
    """
    if topic is not None:
        ApiAlarms(scope, "ApiAlarms", settings=settings, topic=topic, table=table)
        TrainingNotice(scope, "Training", settings=settings, topic=topic)
        if settings.monthly_budget_usd:
            Budget(scope, "Budget", settings=settings, topic=topic)
    if settings.dashboard:
        dashboard = Dashboard(scope, "Dashboard", settings=settings, table=table)
        CfnOutput(scope, "DashboardName", value=dashboard.name)
