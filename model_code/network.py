"""The Keras model: one table of feature weights with a head per population.

A name's logit is a sum over its features: ``z_world = b0 + sum(shared)`` and
``z_us = b1 + sum(shared + delta)``. What Americans and the world have in common is learned once
from both, and ``delta`` learns only where they differ. The loss of a row takes the logit of the
population that it was counted in.

A batch touches a small part of the table. Keras's own optimisers would update all of it, so the
step below applies AdaGrad (J. Duchi, E. Hazan, Y. Singer, 2011) to the touched rows alone.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Tensor = Any
"""TensorFlow ships no type information; its tensors are opaque to the type checker."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in a form that needs each touched row of the table once.

    Attributes
    ----------
    touched
        Rows of the weight table, each once.
    inverse
        For every feature of every name, its position in ``touched``.
    segments
        For every feature, which name of the batch it belongs to, ascending.
    population, target, weight
        Per name: index of the head, share of women, weight of the row.
    """

    touched: npt.NDArray[np.int32]
    inverse: npt.NDArray[np.int32]
    segments: npt.NDArray[np.int32]
    population: npt.NDArray[np.int32]
    target: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]


class NameNetwork(keras.Model):  # type: ignore[misc]
    """Sums the weights of a name's features into one logit per population.

    Parameters
    ----------
    rows
        Rows of the weight table.
    """

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.table = self.add_weight(shape=(rows, 2), initializer="zeros", name="table")
        self.bias = self.add_weight(shape=(2,), initializer="zeros", name="bias")
        self._accumulator = tf.Variable(tf.fill((rows, 2), 1e-6), trainable=False)
        self._bias_accumulator = tf.Variable(tf.fill((2,), 1e-6), trainable=False)
        self._step = tf.function(self._update, reduce_retracing=True)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Return logits [names, 2] of a ragged batch of feature rows."""
        summed = tf.reduce_sum(tf.gather(self.table, inputs), axis=1)
        return self.bias + summed @ tf.constant([[1.0, 1.0], [0.0, 1.0]])

    def fit_batch(self, batch: Batch, rate: float) -> None:
        """Take one optimisation step."""
        self._step(
            batch.touched,
            batch.inverse,
            batch.segments,
            batch.population,
            batch.target,
            batch.weight,
            tf.constant(rate, tf.float32),
        )

    def _update(
        self,
        touched: Tensor,
        inverse: Tensor,
        segments: Tensor,
        population: Tensor,
        target: Tensor,
        weight: Tensor,
        rate: Tensor,
    ) -> None:
        is_us = tf.cast(population, tf.float32)
        rows = tf.gather(self.table.value, touched)
        summed = tf.math.segment_sum(tf.gather(rows, inverse), segments)
        logit = tf.gather(self.bias.value, population) + summed[:, 0] + is_us * summed[:, 1]
        error = weight * (tf.sigmoid(logit) - target)
        per_name = tf.stack([error, error * is_us], axis=1)
        gradient = tf.math.unsorted_segment_sum(
            tf.gather(per_name, segments), inverse, tf.shape(touched)[0]
        )
        self._accumulator.scatter_add(tf.IndexedSlices(gradient * gradient, touched))
        scale = tf.math.rsqrt(tf.gather(self._accumulator, touched))
        self.table.value.scatter_sub(tf.IndexedSlices(rate * gradient * scale, touched))
        bias_gradient = tf.math.unsorted_segment_sum(error, population, 2)
        self._bias_accumulator.assign_add(bias_gradient * bias_gradient)
        self.bias.assign_sub(rate * bias_gradient * tf.math.rsqrt(self._bias_accumulator))
