"""Entry of the function that takes feedbacks."""

from __future__ import annotations

import json
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field, StringConstraints

from enter_feedback.logic import enter
from feedback.record import FeedbackText, FirstName, LastName, NewFeedback
from feedback.table import FeedbackTable
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import ConflictError, StorageUnavailableError, UnsupportedMediaTypeError
from rest_api.observability import metrics

application = build_application()

IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")]


class Entered(BaseModel):
    """The new feedback's ID."""

    id: str = Field(alias="ID")


@application.get(
    "/enterfeedback",
    summary="Store one feedback, the workshop's way",
    operation_id="enterFeedbackByQuery",
    tags=["feedback"],
    responses=responses(Entered, StorageUnavailableError, description="It is stored"),
)
def enter_by_query(
    first_name: Annotated[FirstName, Query(alias="FirstName")],
    text: Annotated[FeedbackText, Query(alias="Feedback")],
    last_name: Annotated[LastName, Query(alias="LastName")] = "",
) -> JsonAnswer:
    """Store one feedback, the workshop's way: with the three fields that it had there."""
    return _entered(NewFeedback(FirstName=first_name, LastName=last_name, Feedback=text))


@application.post(
    "/feedback",
    summary="Store one feedback",
    operation_id="enterFeedback",
    tags=["feedback"],
    responses=responses(
        Entered,
        ConflictError,
        UnsupportedMediaTypeError,
        StorageUnavailableError,
        description="It is stored",
    ),
)
def enter_by_body(
    feedback: NewFeedback,
    key: Annotated[IdempotencyKey | None, Header(alias="Idempotency-Key")] = None,
) -> JsonAnswer:
    """Store one feedback. With an Idempotency-Key a repeated request stores nothing more."""
    return _entered(feedback, key)


def _entered(feedback: NewFeedback, key: str | None = None) -> JsonAnswer:
    def work() -> str:
        identifier = enter(feedback, table=FeedbackTable.from_environment(), key=key)
        metrics.add_metric(name="FeedbackEntered", unit=MetricUnit.Count, value=1)
        return identifier

    if key is None:
        identifier = work()
    else:
        # Only requests that may be repeated pay for the import.
        from enter_feedback.repetition import once

        identifier = once(
            key,
            feedback.model_dump(exclude_defaults=True),
            work,
            context=application.lambda_context,
        )
    return json_response(json.dumps({"ID": identifier}))


handler = lambda_handler(application)
