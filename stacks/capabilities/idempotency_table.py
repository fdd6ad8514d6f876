"""Which requests were answered already, so that repeating one does nothing again."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_checkov
from stacks.capabilities.encryption_key import acknowledge_shared_key, table_encryption


class IdempotencyTable(Construct):
    """Hashes of idempotency keys with the answers given, forgotten after a while.

    Attributes
    ----------
    table
        The table, in the form that AWS Lambda Powertools expects.
    """

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expiration",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=table_encryption(key),
            encryption_key=key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge_shared_key(self.table, key)
        acknowledge(
            self.table, "AwsSolutions-DDB3", "What is of no use after an hour needs no recovery."
        )
        acknowledge_checkov(
            self.table, {"CKV_AWS_28": "What is of no use after an hour needs no recovery."}
        )
