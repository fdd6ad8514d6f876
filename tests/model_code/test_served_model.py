"""What holds for a model in service whoever takes the requests."""

import json
import logging
from collections.abc import Sequence

import pytest

from model_code import artifact
from model_code.predictor import Prediction, Predictor
from model_code.served_model import ServedModel
from model_code.settings import ServingSettings
from tests.model_code.conftest import Job


class Failing(Predictor):
    """A predictor that fails as a program does: quoting what it worked on."""

    def predict(self, texts: Sequence[str], population: str | None = None) -> list[Prediction]:
        raise ValueError(f"{texts[0]} is too much for {population}")


def test_a_failure_is_an_answer_and_its_place_alone_is_logged(
    trained: Job, caplog: pytest.LogCaptureFixture
) -> None:
    model, model_id = artifact.load(trained.model)
    served = ServedModel(Failing(model), model_id)
    with caplog.at_level(logging.DEBUG):
        answer = served.respond(b'{"names": ["Wilhelmina"]}', "application/json")
    assert (answer.status, answer.content_type) == (500, "application/json")
    assert json.loads(answer.body)["error"]["code"] == "InternalError"
    assert f"{__name__.rpartition('.')[2]}.py" in caplog.text
    assert "ValueError" in caplog.text
    assert "Wilhelmina" not in caplog.text + answer.body.decode()


def test_caches_are_built_before_the_first_request(
    trained: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []
    predict = Predictor.predict

    def watched(self: Predictor, texts: Sequence[str], population: str | None = None) -> object:
        asked.append(texts)
        return predict(self, texts, population)

    monkeypatch.setattr(Predictor, "predict", watched)
    ServedModel.load(ServingSettings(model_folder=trained.model))
    assert asked
