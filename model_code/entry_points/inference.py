"""Handlers for AWS's Python framework containers: ``SAGEMAKER_PROGRAM=inference.py``.

The container calls ``model_fn`` once and ``transform_fn`` for every request. It takes a WSGI
application for an answer, which alone can have a status other than 200.
"""

import os

from model_code.served_model import Answer, ServedModel
from model_code.settings import ServingSettings


def model_fn(model_dir: str) -> ServedModel:
    """Load the model from a folder."""
    return ServedModel.load(
        ServingSettings.from_environment({**os.environ, "SM_MODEL_DIR": model_dir})
    )


def transform_fn(
    model: ServedModel,
    body: bytes | str,
    content_type: str,
    accept: str,  # noqa: ARG001
) -> Answer:
    """Answer a request; ``accept`` is ignored, as the design has it.

    JSON and CSV come as text, in which the container has replaced what is no UTF-8: such a
    request alone is answered where ``serve.py`` refuses it.
    """
    return model.respond(body.encode() if isinstance(body, str) else body, content_type)
