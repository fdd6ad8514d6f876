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
        columns = [
            x @ line + np.tanh(x @ bend + bend_bias) @ out + out_bias
            for x, line, bend, bend_bias, out, out_bias in zip(
                inputs, self.line, self.bend, self.bend_bias, self.out, self.out_bias, strict=True
            )
        ]
        return np.stack(columns, axis=1)


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
