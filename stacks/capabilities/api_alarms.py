"""Whether the API answers, in time, and has the capacity to."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.alarm import add_alarm
from stacks.capabilities.api_metrics import gateway_metric
from stacks.settings import Settings

_SLOW_MILLISECONDS = 5_000
_MINUTE = Duration.minutes(1)


class ApiAlarms(Construct):
    """Alarms on errors, latency and throttling of gateway, functions and table."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        topic: sns.ITopic,
        table: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id)
        self._watch_gateway(settings, topic)
        self._watch_functions(settings, topic)
        self._watch_table(settings, topic, table)

    def _watch_gateway(self, settings: Settings, topic: sns.ITopic) -> None:
        add_alarm(
            self,
            "api-server-errors",
            settings=settings,
            topic=topic,
            metric=gateway_metric(settings, "5XXError"),
            threshold=5,
            periods=3,
            periods_over=2,
            means="The API answers with server errors.",
        )
        add_alarm(
            self,
            "api-latency",
            settings=settings,
            topic=topic,
            metric=gateway_metric(settings, "Latency", statistic="p99"),
            threshold=_SLOW_MILLISECONDS,
            periods=10,
            periods_over=6,
            means="One request in a hundred waits five seconds or more for the API.",
        )

    def _watch_functions(self, settings: Settings, topic: sns.ITopic) -> None:
        add_alarm(
            self,
            "function-throttles",
            settings=settings,
            topic=topic,
            # Without a dimension: functions share the concurrency of account and region.
            metric=cloudwatch.Metric(
                namespace="AWS/Lambda",
                metric_name="Throttles",
                statistic=cloudwatch.Stats.SUM,
                period=_MINUTE,
            ),
            threshold=1,
            periods=3,
            periods_over=2,
            means="Functions of this account wait for concurrency in this region.",
        )

    def _watch_table(self, settings: Settings, topic: sns.ITopic, table: dynamodb.ITable) -> None:
        for name, metric_name, means in (
            ("table-read-throttles", "ReadThrottleEvents", "Reads of the feedback wait."),
            ("table-write-throttles", "WriteThrottleEvents", "Writes of feedback wait."),
        ):
            add_alarm(
                self,
                name,
                settings=settings,
                topic=topic,
                metric=cloudwatch.Metric(
                    namespace="AWS/DynamoDB",
                    metric_name=metric_name,
                    dimensions_map={"TableName": table.table_name},
                    statistic=cloudwatch.Stats.SUM,
                    period=_MINUTE,
                ),
                threshold=10,
                periods=3,
                periods_over=2,
                means=means,
            )
