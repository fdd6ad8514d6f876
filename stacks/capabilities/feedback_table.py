"""Where the customers' feedback is kept."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.lasting_table import LastingTable
from stacks.settings import Settings

LISTING_INDEX = "NewestFirst"
# What lambda/feedback writes it as.
_EXPIRES_AT = "ExpiresAt"


class FeedbackTable(Construct):
    """Keyed by ``ID`` alone, so that many rows are one batch; an index lists newest first.

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
            partition_key=dynamodb.Attribute(name="ID", type=dynamodb.AttributeType.STRING),
            # On with every retention, so that what was given an end when there was one keeps it.
            time_to_live_attribute=_EXPIRES_AT,
        )
        self.table.add_global_secondary_index(
            index_name=LISTING_INDEX,
            partition_key=dynamodb.Attribute(name="Listing", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="PostedTime", type=dynamodb.AttributeType.STRING),
        )
