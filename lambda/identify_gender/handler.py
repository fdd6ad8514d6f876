"""Entry of the function behind the Identify Gender button."""

from __future__ import annotations

import json

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field

from feedback.ids import IdsRequest, QueryIds, distinct_ids, ids_of_query
from feedback.outcome import FailedId, Outcome
from feedback.record import GENDERS, INFERRED, SELF_DESCRIBED, Feedback
from feedback.table import FeedbackTable
from gender_model.client import GenderModel
from identify_gender.logic import identify
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


class Identified(BaseModel):
    """What is known of a feedback's gender now."""

    id: str
    gender: str | None = Field(json_schema_extra={"enum": [*GENDERS, None]})
    probability: float | None = Field(description="Of the likelier gender; null if not inferred")
    source: str | None = Field(json_schema_extra={"enum": [INFERRED, SELF_DESCRIBED, None]})


class IdentifyAnswer(BaseModel):
    """One result or error per distinct id, in the order asked."""

    results: list[Identified | FailedId]


_ERRORS = (TooLargeError, ModelFailedError, ModelUnavailableError)


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
    rows = _identified(ids_of_query(ids)).all_found()
    return json_response(json.dumps([f"{row.first_name} - {row.gender}" for row in rows]))


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
    results = _identified(distinct_ids(request.ids)).results(_result)
    return json_response(IdentifyAnswer.model_construct(results=results).model_dump_json())


def _identified(ids: list[str]) -> Outcome:
    outcome = identify(
        ids, table=FeedbackTable.from_environment(), model=GenderModel.from_environment()
    )
    inferred = [row for row in outcome.found if not row.is_self_described]
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
