"""The way from CloudFormation to the functions behind a custom resource."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import custom_resources as cr
from constructs import Construct

from stacks.acknowledgements import acknowledge_provider
from stacks.capabilities.function import log_group
from stacks.settings import Settings


def custom_resource_provider(
    scope: Construct,
    construct_id: str,
    *,
    settings: Settings,
    on_event: lambda_.IFunction,
    is_complete: lambda_.IFunction | None = None,
    total_timeout: Duration | None = None,
) -> cr.Provider:
    """Build a provider of CDK's framework with a log that forgets.

    Parameters
    ----------
    scope, construct_id
        Where it stands.
    settings
        For the log's retention.
    on_event
        Called when the resource is created, updated or deleted.
    is_complete
        Asked every five seconds until it says so, where the work takes long.
    total_timeout
        When to give up asking, one hour at most.
    """
    provider = cr.Provider(
        scope,
        construct_id,
        on_event_handler=on_event,
        is_complete_handler=is_complete,
        query_interval=Duration.seconds(5) if is_complete else None,
        total_timeout=total_timeout,
        log_group=log_group(scope, f"{construct_id}Log", settings=settings),
        disable_waiter_state_machine_logging=True if is_complete else None,
    )
    acknowledge_provider(provider, [on_event, *([is_complete] if is_complete else [])])
    return provider
