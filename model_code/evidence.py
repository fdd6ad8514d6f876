"""What the tables know of a name: people counted in the United States, lists of the world."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code.channel import POPULATIONS, NameTable
from model_code.features import whole
from model_code.hash_index import HashIndex

WORLD = POPULATIONS.index("world")
US = POPULATIONS.index("us")

PRIOR_PEOPLE = 3.0
"""How many counted people the character model's opinion is worth for an American name."""

PRIOR_SOURCES = 2.0
"""How many independent lists that opinion is worth for a name of the world."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Counts per name, aligned arrays over all names of both populations.

    Attributes
    ----------
    names
        Folded names, sorted.
    weight
        [names, populations]: people (US) or independent lists (world); 0 where unknown.
    share
        [names, populations]: share of women.
    """

    names: list[str]
    weight: npt.NDArray[np.float32]
    share: npt.NDArray[np.float32]

    @classmethod
    def of(cls, table: NameTable) -> "Evidence":
        """Arrange a channel's entries for look-up."""
        names = sorted(set(table.names))
        position = {name: index for index, name in enumerate(names)}
        index = np.array([position[name] for name in table.names], dtype=np.intp)
        weight = np.zeros((len(names), 2), dtype=np.float32)
        share = np.full((len(names), 2), 0.5, dtype=np.float32)
        is_us = table.population == US
        weight[index, table.population] = np.where(is_us, table.people, table.sources)
        share[index, table.population] = table.today
        return cls(names, weight, share)


class EvidenceLookup:
    """Finds the evidence for names in constant time."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._index = HashIndex(whole(evidence.names), np.arange(len(evidence.names)))

    def find(self, names: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return weight and share, [names, populations] each; weight 0 where unknown.

        Parameters
        ----------
        names
            At least one.
        """
        weight = np.zeros((len(names), len(POPULATIONS)), dtype=np.float32)
        share = np.full_like(weight, 0.5)
        asked, known = self._index.find(whole(names))
        weight[asked] = self._evidence.weight[known]
        share[asked] = self._evidence.share[known]
        return weight, share


def posterior(
    prior: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float32],
    share: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """Combine the character model's opinion with counts: the mean of a beta posterior.

    Parameters
    ----------
    prior
        [names, populations] probability of a woman from the spelling alone.
    weight, share
        As from :meth:`EvidenceLookup.find`.

    Returns
    -------
    numpy.ndarray
        [names, populations] probability of a woman.
    """
    strength = np.array([PRIOR_SOURCES, PRIOR_PEOPLE])
    return np.asarray((weight * share + strength * prior) / (weight + strength))
