"""Entry of the function behind the Predict Sentiment button."""

from __future__ import annotations

import json
from functools import cache

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field

from feedback.ids import (
    ErrorOfId,
    FailedId,
    IdsRequest,
    QueryIds,
    distinct_ids,
    ids_of_query,
    missing,
)
from feedback.record import SENTIMENTS, Feedback
from feedback.table import FeedbackTable
from predict_sentiment.logic import Outcome, predict_sentiment
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import (
    NotFoundError,
    SentimentFailedError,
    SentimentUnavailableError,
    TooLargeError,
    UnsupportedMediaTypeError,
)
from rest_api.observability import metrics
from sentiment.client import SentimentService

application = build_application()


@cache
def _table() -> FeedbackTable:
    return FeedbackTable.from_environment()


@cache
def _service() -> SentimentService:
    return SentimentService.from_environment()


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
    outcome = _predicted(ids_of_query(ids))
    if outcome.missing:
        # The workshop's form has no place for an error per id.
        raise NotFoundError(
            "Some feedbacks do not exist. The others were handled.",
            details={"missing": outcome.missing},
        )
    return json_response(
        json.dumps(
            [f"{row.id} - {row.sentiment}" for row in outcome.rows.values() if row.sentiment]
        )
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
    wanted = distinct_ids(request.ids)
    outcome = _predicted(wanted)
    results = [
        _result(outcome.rows[identifier]) if identifier in outcome.rows else missing(identifier)
        for identifier in wanted
    ]
    return json_response(SentimentAnswer.model_construct(results=results).model_dump_json())


def _predicted(ids: list[str]) -> Outcome:
    outcome = predict_sentiment(ids, table=_table(), service=_service())
    found = sum(row.sentiment is not None for row in outcome.rows.values())
    metrics.add_metric(name="SentimentsPredicted", unit=MetricUnit.Count, value=found)
    return outcome


def _result(row: Feedback) -> Judged | FailedId:
    if row.sentiment is None:
        error = ErrorOfId(code="no_sentiment", message="The text has no sentiment to be found.")
        return FailedId(id=row.id, error=error)
    return Judged(id=row.id, sentiment=row.sentiment)


handler = lambda_handler(application)
