"""The stack of the web page."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from stacks.capabilities.sign_in import SignIn
from stacks.capabilities.website import add_website
from stacks.settings import Settings


class WebStack(Stack):
    """The distribution of page and API."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        api: apigateway.IRestApi,
        sign_in: SignIn,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        add_website(self, settings=settings, api=api, sign_in=sign_in)
