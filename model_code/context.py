"""What surrounds a name: its spelling's logits, the other population's counts, its neighbours.

These are the inputs of the small network that states what to believe of a name before its own
population's counts are looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code.channel import POPULATIONS
from model_code.evidence import US, WORLD, Evidence
from model_code.neighbours import Kind, NeighbourIndex, Pairs
from model_code.not_a_name import TrigramCheck

Floats = npt.NDArray[np.float64]

_LARGEST_LOG_ODDS = 5.0
_PSEUDO = 0.5
_FEWEST_SOURCES = 2

INPUTS = 24
"""Inputs per name and population."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Inputs of the prior network, and how well known the best known neighbour is.

    Attributes
    ----------
    inputs
        [populations, names, ``INPUTS``].
    renown
        [names] how well known the best known name is that this may be a typing error of: thousands
        of people or tens of sources.
    likeness
        [names] score of :class:`model_code.not_a_name.TrigramCheck`.
    """

    inputs: Floats
    renown: Floats
    likeness: Floats


class Context:
    """Looks up what surrounds names.

    Parameters
    ----------
    evidence
        Known names. Those that only one list of the world knows are too unsure to speak for
        their neighbours.
    check
        Scores how much a text looks like a name: a typing error often does not.
    """

    def __init__(self, evidence: Evidence, check: TrigramCheck) -> None:
        self._check = check
        solid = (evidence.weight[:, US] > 0) | (evidence.weight[:, WORLD] >= _FEWEST_SOURCES)
        self._index = NeighbourIndex([evidence.names[i] for i in np.flatnonzero(solid)])
        weight = evidence.weight[solid].astype(np.float64)
        self._renown = np.maximum(weight[:, US] / 1000, weight[:, WORLD] / 10)
        # A typo is most likely one of the most common name around: people and squared sources
        # are what makes a name common.
        mass = np.stack([weight[:, WORLD] ** 2, weight[:, US]], axis=1)
        odds = log_odds(weight, evidence.share[solid])
        self._facts = np.concatenate([odds, mass, mass * odds], axis=1)

    def of(
        self,
        names: Sequence[str],
        logits: Floats,
        weight: npt.NDArray[np.float32],
        share: npt.NDArray[np.float32],
    ) -> Surroundings:
        """Compute the inputs for folded names.

        Parameters
        ----------
        names
            At least one.
        logits
            [names, populations] of the spelling.
        weight, share
            [names, populations] evidence for the names themselves.
        """
        count = len(names)
        pairs = self._index.find(names)
        around = self._around(pairs, count)
        length = np.array([len(name) for name in names]) / 8 - 1
        likeness = self._check.scores(names)
        own = log_odds(weight.astype(np.float64), share)
        inputs = np.empty((len(POPULATIONS), count, INPUTS))
        for column in range(len(POPULATIONS)):
            other = 1 - column
            inputs[column, :, 0] = logits[:, column] / 2
            inputs[column, :, 1] = logits[:, other] / 2
            inputs[column, :, 2] = own[:, other] / 2
            inputs[column, :, 3] = np.log1p(weight[:, other]) / 4
            inputs[column, :, 4:-3] = around
            inputs[column, :, -3] = np.abs(logits[:, column]) / 4
            inputs[column, :, -2] = length
            inputs[column, :, -1] = likeness / 4 + 1
        renown = np.zeros(count)
        meant = pairs.kind != Kind.REPLACED
        np.maximum.at(renown, pairs.asked[meant], self._renown[pairs.known[meant]])
        return Surroundings(inputs, renown, likeness)

    def _around(self, pairs: Pairs, count: int) -> Floats:
        """Summarise neighbours: how many, how female, and what the best known of them are."""
        kinds = len(Kind)
        group = pairs.asked * kinds + pairs.kind - 1
        found = np.bincount(group, minlength=count * kinds).reshape(count, kinds)
        facts = self._facts[pairs.known]
        sums = np.stack(
            [
                np.bincount(group, facts[:, fact], minlength=count * kinds)
                for fact in range(facts.shape[1])
            ],
            axis=1,
        ).reshape(count, kinds, -1)
        populations = len(POPULATIONS)
        odds = sums[:, :, :populations] / (2 + found[:, :, None])
        counts = np.log1p(found[:, :, None]) / 2
        # What a typing error may have meant, and mere relatives.
        meant, replaced = sums[:, : Kind.REPLACED - 1].sum(axis=1), sums[:, Kind.REPLACED - 1]
        columns = [np.concatenate([odds, counts], axis=2).reshape(count, -1)]
        for total in (meant, replaced):
            mass, pull = total[:, populations : 2 * populations], total[:, 2 * populations :]
            both = np.stack([pull / (mass + 1) / 2, np.log1p(mass) / 8], axis=2)
            columns.append(both.reshape(count, -1))
        return np.concatenate(columns, axis=1)


def log_odds(weight: Floats, share: npt.NDArray[np.float32]) -> Floats:
    """Return the logarithm of women to men by counts, 0 where there are none, within ±5."""
    female = weight * share + _PSEUDO
    male = weight * (1 - share) + _PSEUDO
    return np.asarray(np.clip(np.log(female / male), -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS))
