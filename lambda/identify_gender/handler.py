"""Entry of the function behind the Identify Gender button."""

from __future__ import annotations

import json
from functools import cache

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field

from feedback.ids import FailedId, IdsRequest, QueryIds, distinct_ids, ids_of_query, missing
from feedback.record import INFERRED, SELF_DESCRIBED, Feedback
from feedback.table import FeedbackTable
from gender_model.client import GenderModel
from identify_gender.logic import Identification, identify
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import (
    ModelFailedError,
    ModelUnavailableError,
    NotFoundError,
    TooLargeError,
    UnsupportedMediaTypeError,
)
from rest_api.observability import metrics

application = build_application()


@cache
def _table() -> FeedbackTable:
    return FeedbackTable.from_environment()


@cache
def _model() -> GenderModel:
    return GenderModel.from_environment()


class Identified(BaseModel):
    """What is known of a feedback's gender now."""

    id: str
    gender: str | None = Field(json_schema_extra={"enum": ["F", "M", "U", "X", None]})
    probability: float | None = Field(description="Of the likelier gender; null if not inferred")
    source: str | None = Field(json_schema_extra={"enum": [INFERRED, SELF_DESCRIBED, None]})


class IdentifyAnswer(BaseModel):
    """One result or error per distinct id, in the order asked."""

    results: list[Identified | FailedId]


_ERRORS = (
    TooLargeError,
    ModelFailedError,
    ModelUnavailableError,
)


@application.get(
    "/identifygender",
    summary="Infer and store genders, the workshop's way",
    operation_id="identifyGenderByQuery",
    tags=["gender"],
    responses=responses(
        list[str], NotFoundError, *_ERRORS, description='As the workshop: `["Tom - M"]`'
    ),
)
def identify_by_query(ids: QueryIds) -> JsonAnswer:
    """Infer and store genders, the workshop's way: ``["Tom - M", …]``."""
    outcome = _identified(ids_of_query(ids))
    if outcome.missing:
        # The workshop's form has no place for an error per id.
        message = "Some feedbacks do not exist. The others were identified."
        raise NotFoundError(message, details={"missing": outcome.missing})
    return json_response(
        json.dumps([f"{row.first_name} - {row.gender}" for row in outcome.rows.values()])
    )


@application.post(
    "/identifygender",
    summary="Infer and store genders",
    operation_id="identifyGender",
    tags=["gender"],
    responses=responses(
        IdentifyAnswer,
        UnsupportedMediaTypeError,
        *_ERRORS,
        description="One result or error per id",
    ),
)
def identify_by_body(request: IdsRequest) -> JsonAnswer:
    """Infer and store genders, with one result or error per id."""
    wanted = distinct_ids(request.ids)
    outcome = _identified(wanted)
    results = [
        _result(outcome.rows[identifier]) if identifier in outcome.rows else missing(identifier)
        for identifier in wanted
    ]
    return json_response(IdentifyAnswer.model_construct(results=results).model_dump_json())


def _identified(ids: list[str]) -> Identification:
    outcome = identify(ids, table=_table(), model=_model())
    inferred = [row for row in outcome.rows.values() if not row.is_self_described]
    metrics.add_metric(name="GendersInferred", unit=MetricUnit.Count, value=len(inferred))
    unknown = sum(row.gender == "U" for row in inferred)
    metrics.add_metric(name="GendersUnknown", unit=MetricUnit.Count, value=unknown)
    return outcome


def _result(row: Feedback) -> Identified:
    return Identified(
        id=row.id,
        gender=row.gender,
        probability=row.gender_probability,
        source=row.gender_source,
    )


handler = lambda_handler(application)
