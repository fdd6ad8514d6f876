"""What is measured of the API: by the gateway, and by the functions themselves."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.capabilities.rest_api import STAGE, api_name, metrics_namespace
from stacks.settings import Settings


def gateway_metric(
    settings: Settings,
    name: str,
    *,
    statistic: str = cloudwatch.Stats.SUM,
    period: Duration | None = None,
) -> cloudwatch.Metric:
    """Return a metric that API Gateway measures of the stage."""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiName": api_name(settings), "Stage": STAGE},
        statistic=statistic,
        period=period or Duration.minutes(1),
    )


def function_metric(
    settings: Settings, name: str, *, function: str, period: Duration | None = None
) -> cloudwatch.Metric:
    """Return a count that one of the functions reports of itself."""
    return cloudwatch.Metric(
        namespace=metrics_namespace(settings),
        metric_name=name,
        dimensions_map={"service": function},
        statistic=cloudwatch.Stats.SUM,
        period=period or Duration.hours(1),
    )
