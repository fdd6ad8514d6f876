"""Entry of the function that answers for names and stores nothing."""

from __future__ import annotations

import json

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field

from gender_model.client import GenderModel
from gender_model.prediction import MAX_NAMES, Population, Predictions
from predict.logic import predict
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses
from rest_api.errors import (
    ModelFailedError,
    ModelUnavailableError,
    TooLargeError,
    UnsupportedMediaTypeError,
)
from rest_api.observability import metrics

application = build_application()


class PredictRequest(BaseModel):
    """Which names, and among whom."""

    names: list[str] = Field(min_length=1, json_schema_extra={"maxItems": MAX_NAMES})
    population: Population | None = None


@application.post(
    "/predict",
    summary="Infer the gender of names; stores nothing",
    operation_id="predict",
    tags=["gender"],
    responses=responses(
        Predictions,
        TooLargeError,
        UnsupportedMediaTypeError,
        ModelFailedError,
        ModelUnavailableError,
        description="One prediction per name, in the order asked",
    ),
)
def predict_by_body(request: PredictRequest) -> JsonAnswer:
    """Infer the gender of each name, in the order asked."""
    answer = predict(
        request.names, population=request.population, model=GenderModel.from_environment()
    )
    metrics.add_metric(name="NamesPredicted", unit=MetricUnit.Count, value=len(answer.predictions))
    return json_response(json.dumps(answer.as_answer()))


handler = lambda_handler(application)
