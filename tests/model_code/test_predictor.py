"""Inference: the arrays against Keras, the answers, and odd texts."""

import numpy as np
import pytest

from model_code import artifact, features
from model_code.predictor import Predictor
from tests.model_code.conftest import BEGINNINGS, MEN, UNSEEN, WOMEN, Job


def test_arrays_answer_as_keras(trained: Job, predictor: Predictor) -> None:
    import tensorflow as tf  # type: ignore[import-untyped]

    from model_code.network import NameNetwork, PriorNetwork

    model, _ = artifact.load(trained.model)
    spellings = model.spellings
    network = NameNetwork(features.SLOTS, dropout=0.0)
    network.table.assign(spellings.weights * spellings.scale)
    network.bias.assign(spellings.bias)
    names = [name.lower() for name in UNSEEN] + WOMEN + MEN
    rows = []
    for name in names:
        wide = features.wide(features.hashed([name]))
        slots = wide >> features.TAG_BITS
        rows.append(slots[spellings.tags[slots] == wide & features.TAG_MASK].tolist())
    keras_logits = network(tf.ragged.constant(rows, dtype=tf.int32)).numpy()
    logits = predictor.logits(names)
    np.testing.assert_allclose(logits, keras_logits, atol=1e-5)

    nobody = np.zeros((len(names), 2), dtype=np.float32)
    inputs = predictor.surroundings(names, nobody, nobody).inputs
    for column in range(2):
        prior = PriorNetwork(model.prior.bend.shape[2])
        prior.line.kernel.assign(model.prior.line[column][:, None])
        prior.bend.kernel.assign(model.prior.bend[column])
        prior.bend.bias.assign(model.prior.bend_bias[column])
        prior.out.kernel.assign(model.prior.out[column][:, None])
        prior.out.bias.assign(model.prior.out_bias[column : column + 1])
        answer = tf.sigmoid(prior(tf.constant(inputs[column], tf.float32))).numpy()[:, 0]
        arrays = 1 / (1 + np.exp(-model.prior.logits(inputs)[:, column]))
        np.testing.assert_allclose(arrays, answer, atol=1e-5)


def test_known_names(predictor: Predictor) -> None:
    assert [answer.gender for answer in predictor.predict(["Anna", "Peter"])] == ["F", "M"]


def test_unseen_names(predictor: Predictor) -> None:
    answers = {answer.name: answer.gender for answer in predictor.predict(list(UNSEEN))}
    assert answers == UNSEEN


def test_the_population_decides(predictor: Predictor) -> None:
    (american,) = predictor.predict(["Andrea"], "us")
    (worldly,) = predictor.predict(["Andrea"], "world")
    assert american.probability_female is not None
    assert worldly.probability_female is not None
    assert american.probability_female > 0.9 > 0.5 > worldly.probability_female
    assert worldly.gender == "U"
    assert worldly.reason == "ambiguous"


@pytest.mark.parametrize(
    ("text", "gender", "reason"),
    [
        ("anna", "F", None),
        ("ANNA", "F", None),
        ("Ánna", "F", None),
        ("An\u00adna", "F", None),
        ("Anna-Maria", "F", None),
        ("Peter Martin", "M", None),
        ("Дмитрий", "M", None),
        ("さくら", "F", None),
        ("王伟", "U", "script not covered"),
        ("qqqq", "U", "not a name"),
        ("xqzvkjw", "U", "not a name"),
        ("X Æ A-12", "U", "not a name"),
        ("123", "U", "not a name"),
        ("", "U", "not a name"),
        ("🙂", "U", "not a name"),
        ("a" * 200, "U", "not a name"),
    ],
)
def test_odd_texts(predictor: Predictor, text: str, gender: str, reason: str | None) -> None:
    (answer,) = predictor.predict([text], "world")
    assert (answer.gender, answer.reason) == (gender, reason)
    if reason in ("not a name", "script not covered"):
        assert answer.probability_female is None
        assert answer.probability is None


def test_a_batch_answers_as_single_requests(predictor: Predictor) -> None:
    texts = [
        "Anna",
        "",
        "Rosanna",
        "Anna-Peter",
        "qqqq",
        "Anna",
        "さくら",
        "Zandavid",
        "\ud800",
        "x",
    ]
    texts += [beginning + ending for beginning in BEGINNINGS for ending in (*WOMEN, *MEN)]
    together = predictor.predict(texts)
    assert [entry.name for entry in together] == texts
    for text, answer in zip(texts, together, strict=True):
        (alone,) = predictor.predict([text])
        assert alone.gender == answer.gender
        assert alone.probability_female == pytest.approx(answer.probability_female, abs=2e-6)


def test_probability_is_of_the_likelier_gender(predictor: Predictor) -> None:
    for answer in predictor.predict(list(UNSEEN)):
        assert answer.probability_female is not None
        assert answer.probability is not None
        assert answer.probability == pytest.approx(
            max(answer.probability_female, 1 - answer.probability_female)
        )


def test_the_threshold_decides(trained: Job) -> None:
    model, _ = artifact.load(trained.model)
    careful = Predictor(model, threshold=0.9999999)
    assert careful.predict(["Anna"])[0].gender == "U"
    assert careful.predict(["Anna"])[0].reason == "ambiguous"
