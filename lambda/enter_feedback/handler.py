"""Entry of the function that takes feedbacks."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.metrics import MetricUnit

from enter_feedback.logic import FeedbackText, FirstName, LastName, NewFeedback, enter
from feedback.table import FeedbackTable
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.observability import metrics

application = build_application()


@cache
def _table() -> FeedbackTable:
    return FeedbackTable.from_environment()


@application.get("/enterfeedback")
def enter_by_query(
    first_name: Annotated[FirstName, Query(alias="FirstName")],
    text: Annotated[FeedbackText, Query(alias="Feedback")],
    last_name: Annotated[LastName, Query(alias="LastName")] = "",
) -> JsonAnswer:
    """Store one feedback, the workshop's way."""
    return _entered(NewFeedback(FirstName=first_name, LastName=last_name, Feedback=text))


@application.post("/feedback")
def enter_by_body(feedback: NewFeedback) -> JsonAnswer:
    """Store one feedback."""
    return _entered(feedback)


def _entered(feedback: NewFeedback) -> JsonAnswer:
    identifier = enter(feedback, table=_table())
    metrics.add_metric(name="FeedbackEntered", unit=MetricUnit.Count, value=1)
    return json_response(json.dumps({"ID": identifier}))


handler = lambda_handler(application)
