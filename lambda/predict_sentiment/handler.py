"""Entry of the function behind the Predict Sentiment button."""

from __future__ import annotations

import json

from pydantic import BaseModel, Field

from feedback.ids import IdsRequest, QueryIds, distinct_ids, ids_of_query
from feedback.outcome import ErrorOfId, FailedId, Outcome
from feedback.record import SENTIMENTS, Feedback
from feedback.table import FeedbackTable
from predict_sentiment.logic import predict_sentiment
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import (
    NotFoundError,
    SentimentFailedError,
    SentimentUnavailableError,
    TooLargeError,
    UnsupportedMediaTypeError,
)
from sentiment.client import SentimentService

application = build_application()


class Judged(BaseModel):
    """The sentiment of a feedback."""

    id: str
    sentiment: str = Field(json_schema_extra={"enum": SENTIMENTS})


class SentimentAnswer(BaseModel):
    """One result or error per distinct id, in the order asked."""

    results: list[Judged | FailedId]


_ERRORS = (TooLargeError, SentimentFailedError, SentimentUnavailableError)


@application.get(
    "/predictsentiment",
    summary="Find out and store sentiments, the workshop's way",
    operation_id="predictSentimentByQuery",
    tags=["sentiment"],
    responses=responses(
        list[str], NotFoundError, *_ERRORS, description='As the workshop: `["<ID> - POSITIVE"]`'
    ),
)
def predict_by_query(ids: QueryIds) -> JsonAnswer:
    """Find out and store sentiments, the workshop's way: ``["<ID> - POSITIVE", …]``.

    A text in which none is found is left out, as it was there.
    """
    rows = _predicted(ids_of_query(ids)).all_found()
    return json_response(
        json.dumps([f"{row.id} - {row.sentiment}" for row in rows if row.sentiment])
    )


@application.post(
    "/predictsentiment",
    summary="Find out and store sentiments",
    operation_id="predictSentiment",
    tags=["sentiment"],
    responses=responses(
        SentimentAnswer,
        UnsupportedMediaTypeError,
        *_ERRORS,
        description="One result or error per id",
    ),
)
def predict_by_body(request: IdsRequest) -> JsonAnswer:
    """Find out and store sentiments, with one result or error per id."""
    results = _predicted(distinct_ids(request.ids)).results(_result)
    return json_response(SentimentAnswer.model_construct(results=results).model_dump_json())


def _predicted(ids: list[str]) -> Outcome:
    return predict_sentiment(
        ids, table=FeedbackTable.from_environment(), service=SentimentService.from_environment()
    )


def _result(row: Feedback) -> Judged | FailedId:
    if row.sentiment is None:
        error = ErrorOfId(code="no_sentiment", message="The text has no sentiment to be found.")
        return FailedId(id=row.id, error=error)
    return Judged(id=row.id, sentiment=row.sentiment)


handler = lambda_handler(application)
