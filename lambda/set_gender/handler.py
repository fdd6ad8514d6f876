"""Entry of the function that takes a person's own word."""

from __future__ import annotations

import json

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field

from feedback.ids import PathId
from feedback.record import Feedback
from feedback.table import FeedbackTable
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import NoSuchFeedbackError, StorageUnavailableError, UnsupportedMediaTypeError
from rest_api.observability import metrics
from set_gender.logic import OwnGender, set_gender

application = build_application()


class OwnWord(BaseModel):
    """What the person said."""

    gender: OwnGender = Field(description="X: neither or another")


@application.put(
    "/feedback/<id>/gender",
    summary="Store what the person said about themselves",
    operation_id="setGender",
    tags=["gender"],
    responses=responses(
        Feedback,
        NoSuchFeedbackError,
        UnsupportedMediaTypeError,
        StorageUnavailableError,
        description="The feedback now",
    ),
)
def set_by_body(id: PathId, word: OwnWord) -> JsonAnswer:  # noqa: A002 - the route's own word
    """Store what the person said about themselves. It wins over every inference."""
    feedback = set_gender(id, word.gender, table=FeedbackTable.from_environment())
    metrics.add_metric(name="GendersStated", unit=MetricUnit.Count, value=1)
    return json_response(json.dumps(feedback.as_answer()))


handler = lambda_handler(application)
