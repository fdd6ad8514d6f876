"""Everything between a client and what it told: sign-in, tables, functions, REST API."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import CfnOutput
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.feedback_table import FeedbackTable
from stacks.capabilities.idempotency_table import IdempotencyTable
from stacks.capabilities.rest_api import RestApi
from stacks.capabilities.sign_in import SignIn
from stacks.capabilities.tally_table import TallyTable
from stacks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class FeedbackApi:
    """What others need of it.

    Attributes
    ----------
    rest
        The REST API and its functions.
    sign_in
        Who may use it.
    table
        Where it keeps what it is told.
    """

    rest: RestApi
    sign_in: SignIn
    table: dynamodb.ITable


def add_feedback_api(scope: Construct, *, settings: Settings, key: kms.IKey | None) -> FeedbackApi:
    """Create tables, sign-in and API in a stack, with the stack's outputs about them."""
    sign_in = SignIn(scope, "SignIn", settings=settings)
    feedback = FeedbackTable(scope, "Feedback", settings=settings, key=key)
    rest = RestApi(
        scope,
        "RestApi",
        settings=settings,
        feedback=feedback,
        tally=TallyTable(scope, "Tally", settings=settings, key=key),
        idempotency=IdempotencyTable(scope, "Idempotency", key=key),
        sign_in=sign_in,
    )
    CfnOutput(scope, "TableName", value=feedback.table.table_name)
    CfnOutput(scope, "ApiUrl", value=rest.api.url)
    CfnOutput(scope, "UserPoolId", value=sign_in.pool.user_pool_id)
    return FeedbackApi(rest=rest, sign_in=sign_in, table=feedback.table)
