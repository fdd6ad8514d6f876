"""Fixtures of the functions' tests."""

from tests.api_parts import (
    _model_server,
    aws,
    call,
    dynamodb,
    function_environment,
    logs,
    model,
)

__all__ = ["_model_server", "aws", "call", "dynamodb", "function_environment", "logs", "model"]
