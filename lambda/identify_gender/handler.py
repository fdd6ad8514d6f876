"""Entry of the function behind the Identify Gender button."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.metrics import MetricUnit

from feedback.ids import IdsRequest, distinct_ids, ids_of_query, missing
from feedback.record import Feedback
from feedback.table import FeedbackTable
from gender_model.client import GenderModel
from identify_gender.logic import Identification, identify
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.errors import NotFoundError
from rest_api.observability import metrics

application = build_application()


@cache
def _table() -> FeedbackTable:
    return FeedbackTable.from_environment()


@cache
def _model() -> GenderModel:
    return GenderModel.from_environment()


@application.get("/identifygender")
def identify_by_query(
    ids: Annotated[str, Query(alias="Id", description="Ids, separated by commas")],
) -> JsonAnswer:
    """Infer and store genders, the workshop's way: ``["Tom - M", …]``."""
    outcome = _identified(ids_of_query(ids))
    if outcome.missing:
        # The workshop's form has no place for an error per id.
        message = "Some feedbacks do not exist. The others were identified."
        raise NotFoundError(message, details={"missing": outcome.missing})
    return json_response(
        json.dumps([f"{row.first_name} - {row.gender}" for row in outcome.rows.values()])
    )


@application.post("/identifygender")
def identify_by_body(request: IdsRequest) -> JsonAnswer:
    """Infer and store genders, with one result or error per id."""
    wanted = distinct_ids(request.ids)
    outcome = _identified(wanted)
    results = [
        _result(outcome.rows[identifier]) if identifier in outcome.rows else missing(identifier)
        for identifier in wanted
    ]
    return json_response(json.dumps({"results": results}))


def _identified(ids: list[str]) -> Identification:
    outcome = identify(ids, table=_table(), model=_model())
    inferred = [row for row in outcome.rows.values() if not row.is_self_described]
    metrics.add_metric(name="GendersInferred", unit=MetricUnit.Count, value=len(inferred))
    unknown = sum(row.gender == "U" for row in inferred)
    metrics.add_metric(name="GendersUnknown", unit=MetricUnit.Count, value=unknown)
    return outcome


def _result(row: Feedback) -> dict[str, object]:
    return {
        "id": row.id,
        "gender": row.gender,
        "probability": row.gender_probability,
        "source": row.gender_source,
    }


handler = lambda_handler(application)
