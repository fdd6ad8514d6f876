"""The small network on top, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code.channel import POPULATIONS
from model_code.context import INPUTS

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Prior:
    """Weights of a straight line and one hidden layer, for each population.

    Attributes
    ----------
    line
        [populations, inputs].
    bend, bend_bias
        [populations, inputs, hidden] and [populations, hidden].
    out, out_bias
        [populations, hidden] and [populations].
    """

    line: Floats
    bend: Floats
    bend_bias: Floats
    out: Floats
    out_bias: Floats

    def logits(self, inputs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return logits [names, populations] of inputs [populations, names, inputs]."""
        bent = np.tanh(inputs @ self.bend + self.bend_bias[:, None])
        logits = inputs @ self.line[:, :, None] + bent @ self.out[:, :, None]
        return np.asarray((logits[..., 0] + self.out_bias[:, None]).T)


def spelling_alone() -> Prior:
    """Return the prior that passes on the spelling's logit, which is its first input, halved."""
    populations = len(POPULATIONS)
    line = np.zeros((populations, INPUTS), dtype=np.float32)
    line[:, 0] = 2.0
    return Prior(
        line=line,
        bend=np.zeros((populations, INPUTS, 1), dtype=np.float32),
        bend_bias=np.zeros((populations, 1), dtype=np.float32),
        out=np.zeros((populations, 1), dtype=np.float32),
        out_bias=np.zeros(populations, dtype=np.float32),
    )
