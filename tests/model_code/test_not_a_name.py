"""What is no name."""

import numpy as np
import pytest

from model_code import not_a_name
from model_code.channel import NameTable
from tests.model_code.conftest import BEGINNINGS, MEN, WOMEN


@pytest.mark.parametrize("text", ["aaa", "qqqq", "xyxyxy", "asdf", "qwerty", "poiuyt", "annnna"])
def test_mechanical_texts(text: str) -> None:
    assert not_a_name.mechanical(text)


@pytest.mark.parametrize("text", ["anna", "lulu", "titia", "werner", "gwendolyn", "al", "joanna"])
def test_names_are_not_mechanical(text: str) -> None:
    assert not not_a_name.mechanical(text)


def test_the_score_tells_names_from_noise() -> None:
    names = [beginning + name for beginning in BEGINNINGS for name in WOMEN + MEN]
    ones = np.ones(len(names))
    check = not_a_name.fit(
        NameTable(names, np.ones(len(names), dtype=np.int8), ones * 50, ones, ones, ones, ones)
    )
    named, noise = check.scores(["lorelanna", "belorpeter"]), check.scores(["xqzvk", "qqjx"])
    assert named.min() > check.threshold > noise.max()
    assert check.scores(["al", "christopher"])[0] == pytest.approx(check.scores(["al"])[0])
