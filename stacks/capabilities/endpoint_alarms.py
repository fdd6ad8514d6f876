"""Whether the endpoint answers, and in time."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.alarm import add_alarm
from stacks.settings import Settings

VARIANT = "AllTraffic"
"""The endpoint's one production variant."""
# A name takes milliseconds, the largest request that the API sends some hundred.
_SLOW_MICROSECONDS = 3_000_000


def endpoint_metric(
    settings: Settings,
    name: str,
    *,
    statistic: str = cloudwatch.Stats.SUM,
    period: Duration | None = None,
) -> cloudwatch.Metric:
    """Return a metric that SageMaker measures of the endpoint."""
    return cloudwatch.Metric(
        namespace="AWS/SageMaker",
        metric_name=name,
        dimensions_map={"EndpointName": settings.endpoint_name, "VariantName": VARIANT},
        statistic=statistic,
        period=period or Duration.minutes(1),
    )


class EndpointAlarms(Construct):
    """Alarms on the endpoint's errors and time.

    Attributes
    ----------
    of_a_bad_model
        Those that a new model can cause: a rollout that sees one goes back.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        server_errors = add_alarm(
            self,
            "endpoint-server-errors",
            settings=settings,
            topic=topic,
            metric=endpoint_metric(settings, "Invocation5XXErrors"),
            threshold=5,
            periods=3,
            periods_over=2,
            means="SageMaker's endpoint answers with server errors.",
        )
        model_errors = add_alarm(
            self,
            "model-errors",
            settings=settings,
            topic=topic,
            metric=endpoint_metric(settings, "InvocationModelErrors"),
            threshold=5,
            periods=3,
            periods_over=2,
            means="The model server fails on requests.",
        )
        latency = add_alarm(
            self,
            "endpoint-latency",
            settings=settings,
            topic=topic,
            metric=endpoint_metric(settings, "ModelLatency", statistic="p99"),
            threshold=_SLOW_MICROSECONDS,
            periods=5,
            periods_over=3,
            means="One request in a hundred waits three seconds or more for the model.",
        )
        self.of_a_bad_model = [server_errors, model_errors, latency]
