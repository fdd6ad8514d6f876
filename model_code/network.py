"""The Keras model: one table of feature weights with a head per population.

A name's logit is a sum over its features: ``z_world = b0 + sum(shared)`` and
``z_us = b1 + sum(shared + delta)``. What Americans and the world have in common is learned once
from both, and ``delta`` learns only where they differ. The loss of a row takes the logit of the
population that it was counted in.

A batch touches a small part of the table. Keras's own optimisers would update all of it, so the
step below applies AdaGrad (J. Duchi, E. Hazan, Y. Singer, 2011) to the touched rows alone.
"""

from collections.abc import Iterable
from typing import Any

import keras  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
import tensorflow as tf  # type: ignore[import-untyped]

from model_code.context import INPUTS
from model_code.examples import Batch

_FIRST_SQUARES = 1e-6
"""Where AdaGrad's sums of squares begin: so small that a feature's first step is a full one."""

_DECAY = 10.0
"""Pull of the hidden layer's weights towards zero, in examples."""

Tensor = Any
"""TensorFlow ships no type information; its tensors are opaque to the type checker."""


class NameNetwork(keras.Model):  # type: ignore[misc]
    """Sums the weights of a name's features into one logit per population.

    Parameters
    ----------
    rows
        Rows of the weight table.
    dropout
        Share of the features that batches leave out; sums are scaled up to make good for it.
    """

    def __init__(self, rows: int, *, dropout: float) -> None:
        super().__init__()
        self._dropout = dropout
        self.table = self.add_weight(shape=(rows, 2), initializer="zeros", name="table")
        self.bias = self.add_weight(shape=(2,), initializer="zeros", name="bias")
        # Weights and AdaGrad's sums of squares side by side: one look into memory for both.
        start = tf.constant([[0.0, 0.0, _FIRST_SQUARES, _FIRST_SQUARES]])
        self._state = tf.Variable(tf.tile(start, (rows, 1)), trainable=False)
        self._bias_squares = tf.Variable(tf.fill((2,), _FIRST_SQUARES), trainable=False)
        self._step = tf.function(self._update, reduce_retracing=True)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Return logits [names, 2] of a ragged batch of feature rows."""
        summed = tf.reduce_sum(tf.gather(self.table, inputs), axis=1)
        return self.bias + summed @ tf.constant([[1.0, 1.0], [0.0, 1.0]])

    def fit_batches(self, batches: Iterable[tuple[Batch, float]]) -> None:
        """Take one optimisation step for each batch, with the learning rate beside it."""
        for batch, rate in batches:
            self._step(
                batch.touched,
                batch.entries,
                batch.population,
                batch.target,
                batch.weight,
                tf.constant(rate, tf.float32),
            )
        self.table.assign(self._state[:, :2])

    def _update(
        self,
        touched: Tensor,
        entries: Tensor,
        population: Tensor,
        target: Tensor,
        weight: Tensor,
        rate: Tensor,
    ) -> None:
        names, rows = tf.shape(population)[0], tf.shape(touched)[0]
        features = tf.SparseTensor(
            entries,
            tf.ones(tf.shape(entries)[:1]),
            tf.cast(tf.stack([names, rows]), tf.int64),
        )
        state = tf.gather(self._state, touched)
        weights, squares = state[:, :2], state[:, 2:]
        summed = tf.sparse.sparse_dense_matmul(features, weights) / (1 - self._dropout)
        is_us = tf.cast(population, tf.float32)
        logit = tf.gather(self.bias.value, population) + summed[:, 0] + is_us * summed[:, 1]
        error = weight * (tf.sigmoid(logit) - target)
        per_name = tf.stack([error, error * is_us], axis=1)
        gradient = tf.sparse.sparse_dense_matmul(features, per_name, adjoint_a=True)
        squares += gradient * gradient
        weights -= rate * gradient * tf.math.rsqrt(squares)
        self._state.scatter_update(tf.IndexedSlices(tf.concat([weights, squares], axis=1), touched))
        bias_gradient = tf.math.unsorted_segment_sum(error, population, 2)
        self._bias_squares.assign_add(bias_gradient * bias_gradient)
        self.bias.assign_sub(rate * bias_gradient * tf.math.rsqrt(self._bias_squares))


class PriorNetwork(keras.Model):  # type: ignore[misc]
    """States the logit of a woman from what surrounds a name, for one population.

    A straight line from the inputs plus one hidden layer, which bends it where, for instance, a
    famous neighbour says more than the spelling.

    Parameters
    ----------
    hidden
        Units of the hidden layer.
    """

    def __init__(self, hidden: int = 12) -> None:
        super().__init__()
        self.bend = keras.layers.Dense(hidden, activation="tanh")
        self.out = keras.layers.Dense(1, kernel_initializer="zeros")
        self.line = keras.layers.Dense(
            1, use_bias=False, kernel_initializer=keras.initializers.Constant(_line())
        )
        self.build((None, INPUTS))

    def build(self, input_shape: Any) -> None:
        """Create the weights of all layers."""
        self.bend.build(input_shape)
        self.out.build((None, self.bend.units))
        self.line.build(input_shape)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Return logits [names, 1]."""
        return self.line(inputs) + self.out(self.bend(inputs))


def _line() -> npt.NDArray[np.float32]:
    """Start from the spelling's own logit, the first input, which comes halved."""
    line = np.zeros((INPUTS, 1), dtype=np.float32)
    line[0] = 2.0
    return line


def fit_prior(
    inputs: npt.NDArray[np.float64],
    target: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    *,
    steps: int = 250,
) -> PriorNetwork:
    """Fit a prior network to shares of women, on all examples in every step.

    Parameters
    ----------
    inputs
        [examples, ``INPUTS``].
    target, weight
        [examples].
    """
    network = PriorNetwork()
    decay = _DECAY / len(inputs)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, steps))
    optimizer.build(network.trainable_variables)
    x, y = tf.constant(inputs, tf.float32), tf.constant(target[:, None], tf.float32)
    w = tf.constant(weight[:, None] / weight.sum(), tf.float32)

    @tf.function  # type: ignore[untyped-decorator]
    def step() -> None:
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, network(x))
            penalty = tf.nn.l2_loss(network.bend.kernel) + tf.nn.l2_loss(network.out.kernel)
            loss = tf.reduce_sum(w * losses) + decay * penalty
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    for _ in range(steps):
        step()
    return network
