"""From texts to inferred gender, with plain arrays: what serving and evaluation both run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code import features
from model_code.artifact import Model
from model_code.channel import POPULATIONS
from model_code.context import Context, Surroundings
from model_code.evidence import EvidenceLookup, posterior
from model_code.names import MAXIMUM_LENGTH, Problem, Reading, read

Floats = npt.NDArray[np.float64]

DEFAULT_THRESHOLD = 0.75
"""Below this probability of the likelier gender the answer is ``U``."""

AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one text.

    Attributes
    ----------
    name
        The text as it was asked.
    gender
        ``F``, ``M`` or ``U``.
    probability_female, probability
        That the name's bearer is a woman; that the likelier gender holds. ``None`` where the text
        is no name.
    reason
        Why the answer is ``U``.
    """

    name: str
    gender: str
    probability_female: float | None
    probability: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of folded names.

    Attributes
    ----------
    female
        [names, populations] probability of a woman.
    weight
        [names, populations] people or lists that know the name itself.
    renown
        [names] how well known the best known neighbour is.
    likeness
        [names] how much each looks like a name.
    """

    female: Floats
    weight: npt.NDArray[np.float32]
    renown: Floats
    likeness: Floats


class Predictor:
    """Infers the gender that given names suggest.

    Parameters
    ----------
    model
        Arrays of a trained model.
    threshold
        Probability of the likelier gender from which on it is named.
    population
        Whose use of names is assumed where a request does not say: ``us`` or ``world``.
    """

    def __init__(
        self, model: Model, *, threshold: float = DEFAULT_THRESHOLD, population: str = "us"
    ) -> None:
        self._model = model
        self._threshold = threshold
        self._population = POPULATIONS.index(population)
        self._lookup = EvidenceLookup(model.evidence)
        self._context = Context(model.evidence, model.check)

    def predict(self, texts: Sequence[str], population: str | None = None) -> list[Prediction]:
        """Answer for each text, in order; one pass of arrays for all of them."""
        column = self._population if population is None else POPULATIONS.index(population)
        readings = [read(text) for text in texts]
        keys: dict[str, int] = {}
        for reading in readings:
            for key in _keys(reading):
                keys.setdefault(key, len(keys))
        if not keys:
            return [_unknown(text, reading) for text, reading in zip(texts, readings, strict=True)]
        belief = self.believe(list(keys))
        female = belief.female[:, column].tolist()
        known = (belief.weight.max(axis=1) > 0).tolist()
        unlike = belief.likeness < self._model.check.threshold
        refused = (unlike & (belief.weight.max(axis=1) == 0) & (belief.renown < 1)).tolist()
        return [
            self._answer(text, reading, [keys[key] for key in _keys(reading)], female, known, refused)
            if reading.parts
            else _unknown(text, reading)
            for text, reading in zip(texts, readings, strict=True)
        ]

    def believe(self, names: Sequence[str]) -> Belief:
        """Combine spelling, surroundings and counts for folded names (at least one)."""
        weight, share = self._lookup.find(names)
        surroundings = self.surroundings(names, weight, share)
        prior = 1 / (1 + np.exp(-self._model.prior.logits(surroundings.inputs)))
        return Belief(
            posterior(prior, weight, share), weight, surroundings.renown, surroundings.likeness
        )

    def surroundings(
        self,
        names: Sequence[str],
        weight: npt.NDArray[np.float32],
        share: npt.NDArray[np.float32],
    ) -> Surroundings:
        """Compute the inputs of the network on top, given the evidence for the names."""
        return self._context.of(names, self.logits(names), weight, share)

    def logits(self, names: Sequence[str]) -> Floats:
        """Return the spelling's logits [names, populations]."""
        spellings = self._model.spellings
        bag = features.hashed(names)
        wide = features.wide(bag)
        slots = wide >> features.TAG_BITS
        owned = spellings.tags[slots] == wide & features.TAG_MASK
        rows = bag.rows[owned]
        chosen = spellings.weights[slots[owned]]
        summed = np.stack(
            [np.bincount(rows, chosen[:, k], minlength=len(names)) for k in (0, 1)], axis=1
        )
        summed *= spellings.scale
        summed[:, 1] += summed[:, 0]
        return np.asarray(summed + spellings.bias)

    def _answer(
        self,
        text: str,
        reading: Reading,
        at: list[int],
        female: list[float],
        known: list[bool],
        refused: list[bool],
    ) -> Prediction:
        """Answer for one text; ``at`` is where its keys stand in the lists."""
        whole, parts = at[0], at[-len(reading.parts) :]
        if not known[whole]:
            if reading.foreign:
                return Prediction(text, "U", None, None, Problem.SCRIPT.value)
            if any(refused[part] for part in parts):
                return Prediction(text, "U", None, None, Problem.NOT_A_NAME.value)
        probability_female = female[whole]
        if len(parts) > 1 and not known[whole]:
            probability_female = _compound([female[part] for part in parts])
        probability_female = round(probability_female, 6)
        likelier = max(probability_female, round(1 - probability_female, 6))
        if likelier < self._threshold:
            return Prediction(text, "U", probability_female, likelier, AMBIGUOUS)
        gender = "F" if probability_female > 0.5 else "M"
        return Prediction(text, gender, probability_female, likelier)


def _keys(reading: Reading) -> tuple[str, ...]:
    """Return what to look up: the parts joined, then each part where there are several."""
    if len(reading.parts) < 2:
        return reading.parts
    return ("".join(reading.parts)[:MAXIMUM_LENGTH], *reading.parts)


def _compound(female: list[float]) -> float:
    """Combine the parts of a compound: the first part leads, a clear later one may tip it."""
    logit = 0.0
    for position, probability in enumerate(female):
        clipped = min(max(probability, 1e-4), 1 - 1e-4)
        logit += math.log(clipped / (1 - clipped)) * (1.0 if position == 0 else 0.35)
    return 1 / (1 + math.exp(-logit))


def _unknown(text: str, reading: Reading) -> Prediction:
    problem = reading.problem or Problem.NOT_A_NAME
    return Prediction(text, "U", None, None, problem.value)
