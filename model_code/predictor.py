"""From texts to inferred gender, with plain arrays: what serving and evaluation both run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code import features
from model_code.artifact import Model
from model_code.channel import POPULATIONS
from model_code.evidence import EvidenceLookup, posterior
from model_code.names import MAXIMUM_LENGTH, Problem, Reading, read

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
        unique = list(keys)
        weight, share = self._lookup.find(unique)
        female = posterior(self.spelling(unique), weight, share)[:, column]
        known = weight.max(axis=1) > 0
        predictions = []
        for text, reading in zip(texts, readings, strict=True):
            if not reading.parts:
                predictions.append(_unknown(text, reading))
                continue
            chosen = [keys[key] for key in _keys(reading)]
            predictions.append(
                self._answer(text, reading, female[chosen], known[chosen])
            )
        return predictions

    def spelling(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the calibrated probability of a woman from the spelling alone.

        Parameters
        ----------
        names
            Folded names, at least one.

        Returns
        -------
        numpy.ndarray
            [names, populations].
        """
        calibrated = self.logits(names) * self._model.calibration[:, 0]
        return 1 / (1 + np.exp(-(calibrated + self._model.calibration[:, 1])))

    def logits(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the network's logits [names, populations] before calibration."""
        bag = features.hashed(names)
        chosen = self._model.weights[features.slots(bag)]
        summed = np.stack(
            [np.bincount(bag.rows, chosen[:, k], minlength=len(names)) for k in (0, 1)], axis=1
        )
        summed *= self._model.scale
        summed[:, 1] += summed[:, 0]
        return summed + self._model.bias

    def _answer(
        self,
        text: str,
        reading: Reading,
        female: npt.NDArray[np.float64],
        known: npt.NDArray[np.bool_],
    ) -> Prediction:
        if not known[0]:
            if reading.foreign:
                return Prediction(text, "U", None, None, Problem.SCRIPT.value)
            unlike = [
                self._model.check.refuses(part)
                for part, is_known in zip(reading.parts, known[-len(reading.parts) :], strict=True)
                if not is_known
            ]
            if any(unlike):
                return Prediction(text, "U", None, None, Problem.NOT_A_NAME.value)
        probability_female = float(female[0])
        if len(reading.parts) > 1 and not known[0]:
            probability_female = _compound(female[1:])
        likelier = max(probability_female, 1 - probability_female)
        rounded = round(probability_female, 6), round(likelier, 6)
        if likelier < self._threshold:
            return Prediction(text, "U", *rounded, AMBIGUOUS)
        return Prediction(text, "F" if probability_female > 0.5 else "M", *rounded)


def _keys(reading: Reading) -> tuple[str, ...]:
    """Return what to look up: the parts joined, then each part where there are several."""
    if len(reading.parts) < 2:
        return reading.parts
    return ("".join(reading.parts)[:MAXIMUM_LENGTH], *reading.parts)


def _compound(female: npt.NDArray[np.float64]) -> float:
    """Combine the parts of a compound: the first part leads, a clear later one may tip it."""
    clipped = np.clip(female, 1e-4, 1 - 1e-4)
    logit = np.log(clipped / (1 - clipped))
    logit[1:] *= 0.35
    return 1 / (1 + math.exp(-float(logit.sum())))


def _unknown(text: str, reading: Reading) -> Prediction:
    problem = reading.problem or Problem.NOT_A_NAME
    return Prediction(text, "U", None, None, problem.value)
