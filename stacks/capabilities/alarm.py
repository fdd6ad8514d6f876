"""One alarm of this application."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.settings import Settings

RUNBOOK = "docs/operations.md"


def alarm_name(settings: Settings, name: str) -> str:
    """Return the full name of an alarm; the short one stands in ``docs/operations.md``."""
    return f"{settings.name_prefix}-{name}"


def add_alarm(
    scope: Construct,
    name: str,
    *,
    settings: Settings,
    topic: sns.ITopic,
    metric: cloudwatch.IMetric,
    threshold: float,
    means: str,
    periods: int = 3,
    periods_over: int | None = None,
) -> cloudwatch.Alarm:
    """Create an alarm that tells the topic when a metric reaches a threshold, and when it is over.

    Parameters
    ----------
    scope
        Where it stands.
    name
        Short name, in lower case with dashes; ``docs/operations.md`` has a line for it.
    settings
        For the name.
    topic
        Who is told.
    metric, threshold
        What is watched; nothing measured means that nothing is wrong.
    means
        What it means, in a sentence, for the mail.
    periods, periods_over
        How many of the metric's periods are looked at, and how many of them must be over the
        threshold; by default all.
    """
    alarm = cloudwatch.Alarm(
        scope,
        "".join(part.title() for part in name.split("-")),
        alarm_name=alarm_name(settings, name),
        alarm_description=f"{means} What to do: {RUNBOOK}, {name}.",
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        datapoints_to_alarm=periods_over,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    alarm.add_ok_action(actions.SnsAction(topic))
    return alarm
