"""Handlers for AWS's Python framework containers: ``SAGEMAKER_PROGRAM=inference.py``.

The container calls ``model_fn`` once and the other three for every request.
"""

import os
from pathlib import Path

from model_code import artifact
from model_code.invocations import Request, answer, parse
from model_code.predictor import Predictor
from model_code.settings import ServingSettings

Served = tuple[Predictor, str]


def model_fn(model_dir: str) -> Served:
    """Load the model from a folder."""
    settings = ServingSettings.from_environment({**os.environ, "SM_MODEL_DIR": model_dir})
    model, model_id = artifact.load(Path(model_dir))
    predictor = Predictor(model, threshold=settings.threshold, population=settings.population)
    return predictor, model_id


def input_fn(body: bytes | str, content_type: str) -> Request:
    """Read a request."""
    return parse(body.encode() if isinstance(body, str) else bytes(body), content_type)


def predict_fn(data: Request, model: Served) -> tuple[bytes, str]:
    """Infer; the answer is formatted here, since it depends on the request's type."""
    predictor, model_id = model
    return answer(data, predictor, model_id), data.content_type


def output_fn(prediction: tuple[bytes, str], accept: str) -> tuple[bytes, str]:  # noqa: ARG001
    """Return the answer and its type; ``accept`` is ignored, as the design has it."""
    body, content_type = prediction
    return body, "application/json" if content_type == "text/csv" else content_type
