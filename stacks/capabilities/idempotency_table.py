"""Which requests were answered already, so that repeating one does nothing again."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.acknowledgements import acknowledge


class IdempotencyTable(Construct):
    """Hashes of idempotency keys with the answers given, forgotten after a while.

    Attributes
    ----------
    table
        The table, in the form that AWS Lambda Powertools expects.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            time_to_live_attribute="expiration",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(
            self.table, "AwsSolutions-DDB3", "What is forgotten after an hour needs no recovery."
        )
