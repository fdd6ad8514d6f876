"""The stack of the REST API and the feedback behind it."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.feedback_table import FeedbackTable
from stacks.capabilities.idempotency_table import IdempotencyTable
from stacks.capabilities.rest_api import RestApi
from stacks.capabilities.sign_in import SignIn
from stacks.capabilities.tally_table import TallyTable
from stacks.settings import Settings


class ApiStack(Stack):
    """The table, the functions and the REST API.

    Attributes
    ----------
    api
        The REST API.
    sign_in
        Who may use it.
    feedback
        Where it keeps what it is told.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.sign_in = SignIn(self, "SignIn", settings=settings)
        self.feedback = FeedbackTable(self, "Feedback", settings=settings, key=key)
        self.api = RestApi(
            self,
            "RestApi",
            settings=settings,
            feedback=self.feedback,
            tally=TallyTable(self, "Tally", settings=settings, key=key),
            idempotency=IdempotencyTable(self, "Idempotency", key=key),
            sign_in=self.sign_in,
        ).api
        CfnOutput(self, "TableName", value=self.feedback.table.table_name)
        CfnOutput(self, "ApiUrl", value=self.api.url)
        CfnOutput(self, "UserPoolId", value=self.sign_in.pool.user_pool_id)
