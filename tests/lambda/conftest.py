"""Fixtures of the functions' tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api_parts import (
    _model_server,
    aws,
    call,
    dynamodb,
    function_environment,
    logs,
    model,
)
from tests.local.conftest import emulator, shared
from tests.local.sagemaker.emulator import ADMINISTRATOR

if TYPE_CHECKING:
    from tests.local.sagemaker.workbench import Workbench

__all__ = [
    "_model_server",
    "aws",
    "call",
    "dynamodb",
    "emulator",
    "function_environment",
    "logs",
    "model",
    "shared",
]


@pytest.fixture
def sagemaker_environment(shared: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead the functions that have no API to the SageMaker that really trains."""
    for name, value in {
        "AWS_ENDPOINT_URL": shared.emulator.url,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": ADMINISTRATOR[0],
        "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR[1],
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
