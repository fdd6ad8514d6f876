"""Entry of the function behind the Predict Sentiment button."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.metrics import MetricUnit

from feedback.ids import IdsRequest, distinct_ids, ids_of_query, missing
from feedback.record import Feedback
from feedback.table import FeedbackTable
from predict_sentiment.logic import Outcome, predict_sentiment
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.errors import NotFoundError
from rest_api.observability import metrics
from sentiment.client import SentimentService

application = build_application()


@cache
def _table() -> FeedbackTable:
    return FeedbackTable.from_environment()


@cache
def _service() -> SentimentService:
    return SentimentService.from_environment()


@application.get("/predictsentiment")
def predict_by_query(
    ids: Annotated[str, Query(alias="Id", description="Ids, separated by commas")],
) -> JsonAnswer:
    """Find out and store sentiments, the workshop's way: ``["Tom - POSITIVE", …]``."""
    outcome = _predicted(ids_of_query(ids))
    if outcome.missing:
        # The workshop's form has no place for an error per id.
        raise NotFoundError(
            "Some feedbacks do not exist. The others were handled.",
            details={"missing": outcome.missing},
        )
    return json_response(
        json.dumps([f"{row.first_name} - {row.sentiment}" for row in outcome.rows.values()])
    )


@application.post("/predictsentiment")
def predict_by_body(request: IdsRequest) -> JsonAnswer:
    """Find out and store sentiments, with one result or error per id."""
    wanted = distinct_ids(request.ids)
    outcome = _predicted(wanted)
    results = [
        _result(outcome.rows[identifier]) if identifier in outcome.rows else missing(identifier)
        for identifier in wanted
    ]
    return json_response(json.dumps({"results": results}))


def _predicted(ids: list[str]) -> Outcome:
    outcome = predict_sentiment(ids, table=_table(), service=_service())
    found = sum(row.sentiment is not None for row in outcome.rows.values())
    metrics.add_metric(name="SentimentsPredicted", unit=MetricUnit.Count, value=found)
    return outcome


def _result(row: Feedback) -> dict[str, object]:
    if row.sentiment is None:
        error = {"code": "no_sentiment", "message": "The text has no sentiment to be found."}
        return {"id": row.id, "error": error}
    return {"id": row.id, "sentiment": row.sentiment}


handler = lambda_handler(application)
