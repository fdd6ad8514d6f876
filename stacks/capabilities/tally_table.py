"""Where the sums over all feedback are kept: what ``GET /insights`` is computed from."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.lasting_table import LastingTable
from stacks.settings import Settings


class TallyTable(Construct):
    """A few items of sums, which every write of a feedback moves in its own transaction.

    Apart from the feedback, so that the function of the insights can read no person's row.

    Attributes
    ----------
    table
        The table.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.table = LastingTable(
            self,
            "Table",
            settings=settings,
            key=key,
            partition_key=dynamodb.Attribute(name="Shard", type=dynamodb.AttributeType.NUMBER),
        )
