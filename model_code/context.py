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
        their neighbours, unless there are no others.
    check
        Scores how much a text looks like a name: a typing error often does not.
    """

    def __init__(self, evidence: Evidence, check: TrigramCheck) -> None:
        self._check = check
        solid = (evidence.weight[:, US] > 0) | (evidence.weight[:, WORLD] >= _FEWEST_SOURCES)
        solid |= not solid.any()
        self._index = NeighbourIndex([evidence.names[i] for i in np.flatnonzero(solid)])
        weight = evidence.weight[solid].astype(np.float64)
        self._facts = np.concatenate([log_odds(weight, evidence.share[solid]), weight], axis=1)

    def neighbours(self, names: Sequence[str]) -> Pairs:
        """Return folded names (at least one) with the known names around them."""
        return self._index.find(names)

    def of(
        self,
        names: Sequence[str],
        pairs: Pairs,
        logits: Floats,
        weight: npt.NDArray[np.float32],
        share: npt.NDArray[np.float32],
    ) -> Surroundings:
        """Compute the inputs for folded names.

        Parameters
        ----------
        names
            At least one.
        pairs
            What :meth:`neighbours` found for them.
        logits
            [names, populations] of the spelling.
        weight, share
            [names, populations] evidence for the names themselves.
        """
        count = len(names)
        facts = self._facts.take(pairs.known, axis=0).T.copy()
        odds, known_weight = facts.reshape(2, len(POPULATIONS), -1)
        likeness = self._check.scores(names)
        # Here names are the last axis, since numpy is slow where that one is short. One row per
        # population: those of the other stand in reverse.
        own = logits.T
        inputs = np.empty((INPUTS, len(POPULATIONS), count))
        inputs[0] = own / 2
        inputs[1] = own[::-1] / 2
        inputs[2] = log_odds(weight.astype(np.float64), share).T[::-1] / 2
        inputs[3] = np.log1p(weight).T[::-1] / 4
        inputs[4:-3] = _around(pairs, odds, known_weight, count)[:, None]
        inputs[-3] = np.abs(own) / 4
        inputs[-2] = np.array([len(name) for name in names]) / 8 - 1
        inputs[-1] = likeness / 4 + 1
        renown = np.zeros(count)
        meant = np.flatnonzero(pairs.kind != Kind.REPLACED.value)
        np.maximum.at(renown, pairs.asked[meant], _renown(known_weight[:, meant]))
        return Surroundings(inputs.transpose(1, 2, 0), renown, likeness)


def _around(pairs: Pairs, odds: Floats, weight: Floats, count: int) -> Floats:
    """Summarise neighbours: how many, how female, and what the best known of them are.

    Parameters
    ----------
    pairs
        Asked names and their neighbours.
    odds, weight
        [populations, pairs] of the neighbours.
    count
        How many names were asked.

    Returns
    -------
    numpy.ndarray
        [summaries, names].
    """
    kinds, populations = len(Kind), len(POPULATIONS)
    # A typo is most likely one of the most common name around: people and squared sources
    # are what makes a name common.
    mass = weight.copy()
    mass[WORLD] **= 2
    group = (pairs.kind - 1) * count + pairs.asked
    found = np.bincount(group, minlength=kinds * count).reshape(kinds, count)
    sums = [
        np.bincount(group, values, minlength=kinds * count)
        for values in (*odds, *mass, *(mass * odds))
    ]
    odds, mass, pull = np.array(sums, np.float64).reshape(3, populations, kinds, count)
    by_kind = np.concatenate([odds / (2 + found), np.log1p(found)[None] / 2])
    # What a typing error may have meant, and mere relatives.
    meant_and_replaced = [0, Kind.REPLACED - 1]
    mass = np.add.reduceat(mass, meant_and_replaced, axis=1)
    pull = np.add.reduceat(pull, meant_and_replaced, axis=1)
    best = np.array([pull / (mass + 1) / 2, np.log1p(mass) / 8])
    return np.concatenate(
        [
            by_kind.swapaxes(0, 1).reshape(-1, count),
            best.transpose(2, 1, 0, 3).reshape(-1, count),
        ]
    )


def _renown(weight: Floats) -> Floats:
    """Return how well known names are, from weights [populations, names]."""
    return np.asarray(np.maximum(weight[US] / 1000, weight[WORLD] / 10))


def log_odds(weight: Floats, share: npt.NDArray[np.float32]) -> Floats:
    """Return the logarithm of women to men by counts, 0 where there are none, within ±5."""
    female = weight * share + _PSEUDO
    male = weight * (1 - share) + _PSEUDO
    return np.log(female / male).clip(-_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
