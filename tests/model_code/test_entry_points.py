"""The handlers that AWS's Python containers call, loaded as those do: as a lone module."""

import importlib.util
import json
from types import ModuleType

import pytest

from model_code.invocations import RequestError
from tests.model_code.conftest import REPOSITORY, Job


@pytest.fixture(scope="module")
def handlers() -> ModuleType:
    path = REPOSITORY / "model_code" / "entry_points" / "inference.py"
    spec = importlib.util.spec_from_file_location("inference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("as_text", [True, False])
def test_a_request_passes_through_the_handlers(
    handlers: ModuleType, trained: Job, as_text: bool
) -> None:
    model = handlers.model_fn(str(trained.model))
    body = json.dumps({"names": ["Anna", "Peter"]})
    data = handlers.input_fn(body if as_text else body.encode(), "application/json")
    answer, content_type = handlers.output_fn(handlers.predict_fn(data, model), "application/json")
    assert content_type == "application/json"
    assert [entry["gender"] for entry in json.loads(answer)["predictions"]] == ["F", "M"]


def test_a_wrong_type_is_refused(handlers: ModuleType) -> None:
    with pytest.raises(RequestError) as refused:
        handlers.input_fn(b"Anna", "image/png")
    assert refused.value.status == 415
