"""Lambda functions of this project: own code, own role, own log group."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_function
from stacks.settings import Settings
from stacks.shipped_folder import REPOSITORY

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64


def log_group(scope: Construct, construct_id: str, *, settings: Settings) -> logs.LogGroup:
    """Create a log group that forgets, and that goes with its stack."""
    return logs.LogGroup(
        scope,
        construct_id,
        retention=logs.RetentionDays[settings.log_retention],
        removal_policy=RemovalPolicy.DESTROY,
    )


class Function(Construct):
    """A function from ``lambda/`` whose role may write its log and its traces, and nothing else.

    Attributes
    ----------
    function
        Grant it what it needs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        handler: str,
        description: str,
        environment: Mapping[str, str] | None = None,
        layers: list[lambda_.ILayerVersion] | None = None,
        timeout: Duration | None = None,
        memory_mb: int = 256,
    ) -> None:
        super().__init__(scope, construct_id)
        log = log_group(self, "Log", settings=settings)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=lambda_.Code.from_asset(
                str(REPOSITORY / "lambda"),
                exclude=["**/__pycache__", "**/.*_cache", "requirements*"],
            ),
            handler=handler,
            description=description,
            environment=dict(environment or {}),
            layers=layers,
            timeout=timeout or Duration.seconds(29),
            memory_size=memory_mb,
            role=role,
            log_group=log,
            tracing=lambda_.Tracing.ACTIVE,
        )
        acknowledge(self, "AwsSolutions-IAM5[Resource::*]", "AWS X-Ray has no resources to name.")
        acknowledge_function(self.function)
