"""Figures, model card and comparison."""

import json

import numpy as np
import pytest

from model_code import artifact, evaluation
from model_code.channel import read_channel
from model_code.compare import NameList, lists, measure, ours, unseen
from model_code.evaluation import Scored
from model_code.model_card import card
from tests.model_code.conftest import Job

SCORED = Scored(
    share=np.array([1.0, 0.9, 0.2, 0.0, 0.0]), female=np.array([0.99, 0.4, 0.1, 0.7, 0.02])
)


def test_figures_by_hand() -> None:
    assert evaluation.accuracy(SCORED) == pytest.approx(3 / 5)
    assert evaluation.brier(SCORED) == pytest.approx(
        (0.01**2 + 0.6**2 + 0.1**2 + 0.7**2 + 0.02**2) / 5
    )
    assert evaluation.log_loss(SCORED) == pytest.approx(
        -np.mean(np.log([0.99, 0.4, 0.9, 0.3, 0.98]))
    )
    figures = evaluation.error_metrics(SCORED, 0.65)
    assert figures["naCoded"] == pytest.approx(1 / 5)
    assert figures["errorCodedWithoutNA"] == pytest.approx(1 / 4)
    assert figures["errorCoded"] == pytest.approx(2 / 5)
    assert figures["errorGenderBias"] == pytest.approx(1 / 4)
    assert figures["errorCodedFull"] == pytest.approx(2 / 5)
    assert evaluation.coverage(SCORED, 0.01) == pytest.approx(3 / 5)


def test_calibration_is_against_shares() -> None:
    perfect = Scored(share=np.full(10, 0.3), female=np.full(10, 0.3))
    assert evaluation.ece(perfect) == pytest.approx(0)
    bold = Scored(share=np.full(10, 0.3), female=np.full(10, 0.05))
    assert evaluation.ece(bold) == pytest.approx(0.25)


def test_the_card_is_made_of_the_evaluation(trained: Job) -> None:
    text = card(trained.evaluation)
    assert trained.evaluation["model"] in text
    assert f"{trained.evaluation['test']['us']['accuracy']:.4f}" in text
    for heading in ("Misuse", "Criticism", "Data", "Known failures", "Figures"):
        assert f"## {heading}" in text


def test_unknown_counts_as_an_error() -> None:
    figures = measure(lambda _: ["F", "U", "M"], NameList(["a", "b", "c"], ["F", "F", "F"]))
    assert figures["errorCoded"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["errorCodedWithoutNA"] == pytest.approx(1 / 2)


def test_the_model_is_measured_on_the_built_in_lists(trained: Job) -> None:
    table, _ = read_channel(trained.base / "input" / "data" / "train")
    model, _ = artifact.load(trained.model)
    measured = lists(table)
    for names in measured.values():
        assert measure(ours(model, "us"), names)["errorCoded"] < 0.5


def test_the_evaluation_is_plain_json(trained: Job) -> None:
    assert "NaN" not in json.dumps(trained.evaluation)


def test_unseen_figures_are_those_of_the_evaluation(trained: Job) -> None:
    figures = unseen(trained.evaluation)
    assert figures["errorCoded"] == pytest.approx(
        1 - trained.evaluation["test"]["us"]["accuracy"], abs=1e-4
    )
