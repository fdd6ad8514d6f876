"""A table of what must not be lost."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.encryption_key import acknowledge_shared_key, table_encryption
from stacks.settings import Settings


class LastingTable(dynamodb.Table):
    """Encrypted, recoverable to any second of the last weeks, kept where data are retained.

    Parameters
    ----------
    scope, construct_id
        Where it stands.
    settings
        Whether it outlives the stack.
    key
        A key of the customer's own, or None for DynamoDB's.
    partition_key
        What an item is found by.
    time_to_live_attribute
        Where an item says when it ends.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        partition_key: dynamodb.Attribute,
        time_to_live_attribute: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            partition_key=partition_key,
            time_to_live_attribute=time_to_live_attribute,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=table_encryption(key),
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=settings.retain_data,
            removal_policy=RemovalPolicy.RETAIN if settings.retain_data else RemovalPolicy.DESTROY,
        )
        acknowledge_shared_key(self, key)
