"""The region's dashboard: is it well, is it used, what does it cost."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.capabilities.api_metrics import function_metric, gateway_metric
from stacks.capabilities.endpoint_alarms import endpoint_metric
from stacks.settings import Settings

_FULL_WIDTH = 24
_DAY = Duration.days(1)
_HOUR = Duration.hours(1)
_FIVE_MINUTES = Duration.minutes(5)


class Dashboard(Construct):
    """One dashboard of graphs, under the three questions that they answer.

    Attributes
    ----------
    name
        Its name; dashboards are one list for all regions.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        table: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = f"{settings.name_prefix}-{settings.region}"
        self._settings = settings
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=self.name,
            default_interval=Duration.days(7),
            widgets=[
                [_heading("Is it well?", "What each alarm means: docs/operations.md.")],
                self._health(),
                [_heading("Is it used?", "Counts; no name leaves the table.")],
                self._usage(),
                [_heading("What does it cost?", "What the bill grows with, and the bill so far.")],
                self._cost(table),
            ],
        )

    def _health(self) -> list[cloudwatch.IWidget]:
        settings = self._settings
        return [
            _graph(
                "API: errors",
                [
                    gateway_metric(settings, "5XXError", period=_FIVE_MINUTES),
                    gateway_metric(settings, "4XXError", period=_FIVE_MINUTES),
                ],
            ),
            _graph(
                "API: milliseconds",
                [
                    gateway_metric(settings, "Latency", statistic=statistic, period=_FIVE_MINUTES)
                    for statistic in ("p50", "p99")
                ],
            ),
            _graph(
                "Endpoint: errors",
                [
                    endpoint_metric(settings, name, period=_FIVE_MINUTES)
                    for name in ("Invocation5XXErrors", "InvocationModelErrors")
                ],
            ),
            _graph(
                "Endpoint: microseconds",
                [
                    endpoint_metric(
                        settings, "ModelLatency", statistic=statistic, period=_FIVE_MINUTES
                    )
                    for statistic in ("p50", "p99")
                ],
            ),
        ]

    def _usage(self) -> list[cloudwatch.IWidget]:
        settings = self._settings
        counts = {
            "Feedback": (("FeedbackEntered", "enter_feedback"),),
            "Genders": (
                ("GendersInferred", "identify_gender"),
                ("GendersUnknown", "identify_gender"),
                ("GendersStated", "set_gender"),
            ),
            "Names without storing": (("NamesPredicted", "predict"),),
        }
        return [
            _graph("Requests", [gateway_metric(settings, "Count", period=_HOUR)]),
            *(
                _graph(
                    title,
                    [
                        function_metric(settings, name, function=function)
                        for name, function in metrics
                    ],
                )
                for title, metrics in counts.items()
            ),
        ]

    def _cost(self, table: dynamodb.ITable) -> list[cloudwatch.IWidget]:
        settings = self._settings
        bill = cloudwatch.Metric(
            namespace="AWS/Billing",
            metric_name="EstimatedCharges",
            dimensions_map={"Currency": "USD"},
            statistic=cloudwatch.Stats.MAXIMUM,
            period=_DAY,
            # The bill is measured there, for the whole account.
            region="us-east-1",
        )
        return [
            _graph("The account's bill this month, in dollars", [bill]),
            _graph(
                "Requests that are paid",
                [
                    gateway_metric(settings, "Count", period=_DAY),
                    endpoint_metric(settings, "Invocations", period=_DAY),
                ],
            ),
            _graph(
                "Functions of the account: milliseconds",
                [
                    cloudwatch.Metric(
                        namespace="AWS/Lambda",
                        metric_name="Duration",
                        statistic=cloudwatch.Stats.SUM,
                        period=_DAY,
                    )
                ],
            ),
            _graph(
                "Feedback: units of the table",
                [
                    cloudwatch.Metric(
                        namespace="AWS/DynamoDB",
                        metric_name=name,
                        dimensions_map={"TableName": table.table_name},
                        statistic=cloudwatch.Stats.SUM,
                        period=_DAY,
                    )
                    for name in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
                ],
            ),
        ]


def _heading(question: str, hint: str) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(markdown=f"## {question}\n{hint}", width=_FULL_WIDTH, height=2)


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0),
        width=_FULL_WIDTH // 4,
    )
