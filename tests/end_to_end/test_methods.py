"""One endpoint, three ways to its model: a running stack changes from one to another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stacks.settings import read_presets
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from .conftest import Application

# A small training that is not good enough for traffic, and a gate that does not mind.
QUICK = (
    'hyperparameters={"sample": 0.03, "epochs": 1}',
    "gate_min_accuracy=0.5",
    "gate_max_ece=0.5",
)
NAMES = ["Mary", "Tom", "José", "", "李明"]


@pytest.fixture(scope="module")
def usual_model(application: Application) -> str:
    """Return the fingerprint of the model that answered first."""
    return application.model()


def shipped_model() -> str:
    defaults = read_presets()["defaults"]
    evaluation = REPOSITORY / defaults["pretrained_model"] / "evaluation.json"
    model: str = json.loads(evaluation.read_text())["model"]
    return model


def invoke(application: Application, content_type: str, body: str) -> tuple[str, str]:
    """Ask the endpoint itself; answers content type and text."""
    answer = application.aws("sagemaker-runtime").invoke_endpoint(
        EndpointName=application.outputs["EndpointName"], ContentType=content_type, Body=body
    )
    text: str = answer["Body"].read().decode()
    return answer["ContentType"].partition(";")[0], text


@pytest.mark.parametrize("method", ["low-level", "pre-trained", "high-level"])
def test_stack_changes_to_another_way_and_answers_alike(
    method: str, application: Application, usual_model: str
) -> None:
    jobs = application.training_jobs()
    changed = application.deploy_model(
        f"method={method}", *(QUICK if method == "low-level" else ())
    )
    assert changed.returncode == 0, changed.stdout

    model = application.model()
    # Trained from the same names by the same program, the shipped model may be the usual one.
    expected = {"high-level": usual_model, "pre-trained": shipped_model()}
    if method in expected:
        assert model == expected[method]
    else:
        assert model not in expected.values()
    # Only the way that had not trained yet did; going back finds what was trained before.
    assert len(application.training_jobs()) - len(jobs) == (1 if method == "low-level" else 0)

    content_type, text = invoke(application, "application/json", json.dumps({"names": NAMES}))
    document = json.loads(text)
    assert content_type == "application/json"
    assert set(document) == {"predictions", "model"}
    assert [prediction["name"] for prediction in document["predictions"]] == NAMES
    assert document["predictions"][3]["gender"] == "U"
    for prediction in document["predictions"]:
        assert {"name", "gender", "probability_female", "probability"} <= set(prediction)
    content_type, text = invoke(application, "text/csv", "Mary,Tom")
    assert content_type == "application/json"
    assert json.loads(text) == {"Mary": "F", "Tom": "M"}
    content_type, text = invoke(application, "application/jsonlines", '{"name": "Mary"}\n"Tom"\n')
    assert content_type == "application/jsonlines"
    assert [json.loads(line)["name"] for line in text.splitlines()] == ["Mary", "Tom"]

    status, answer = application.call("GET", "/identifygender?Id=" + feedback(application, "Mary"))
    assert (status, answer) == (200, ["Mary - F"])


def feedback(application: Application, name: str) -> str:
    """Enter a feedback and answer its id."""
    status, answer = application.call(
        "POST", "/feedback", {"FirstName": name, "LastName": "Test", "Feedback": "Good."}
    )
    assert status == 200, answer
    entered: str = answer["ID"]
    return entered
