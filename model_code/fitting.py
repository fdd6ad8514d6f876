"""Fits the two networks: spellings first, then the small one on top of what that leaves unsaid."""

import queue
import threading
from collections.abc import Iterator

import keras  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

from model_code import features
from model_code.artifact import Model, Spellings
from model_code.channel import POPULATIONS, NameTable
from model_code.evidence import US, WORLD, Evidence, EvidenceLookup
from model_code.examples import Batch, Examples
from model_code.hyperparameters import Hyperparameters
from model_code.network import NameNetwork, PriorNetwork, fit_prior
from model_code.predictor import Predictor
from model_code.prior import Prior
from model_code.typos import KINDS, misspell

Indices = npt.NDArray[np.int64]

_LAST_RATE = 0.02
"""The learning rate falls linearly to this share of the first."""

_FOLD_IN_EPOCHS = 3
_FOLD_IN_RATE = 0.5

_TYPING_ERRORS = 3000
_WEIGHT_OF_TYPING_ERROR = 0.5
_WEIGHT_KNOWN_ELSEWHERE = 0.5


def fit_spellings(
    examples: Examples, table: NameTable, learned: Indices, settings: Hyperparameters
) -> NameNetwork:
    """Train the network of spellings on the learned names, given by their positions."""
    keras.utils.set_random_seed(settings.seed)
    network = NameNetwork(len(examples.owners), dropout=settings.dropout)
    epochs = _epochs(examples, table, learned, settings, settings.epochs)
    _fit(network, epochs, settings.learning_rate)
    return network


def fold_in(
    network: NameNetwork,
    examples: Examples,
    table: NameTable,
    held: Indices,
    settings: Hyperparameters,
) -> None:
    """Teach the network the names that were held out, once they have served for measuring.

    A short pass at a lower rate over them alone: the weights of frequent features hardly move any
    more, since AdaGrad has slowed them down, and those of rare features are learned.
    """
    epochs = _epochs(examples, table, held, settings, _FOLD_IN_EPOCHS)
    _fit(network, epochs, _FOLD_IN_RATE * settings.learning_rate)


def _fit(network: NameNetwork, batches: Iterator[tuple[float, Batch]], rate: float) -> None:
    network.fit_batches(
        (batch, rate * (_LAST_RATE + (1 - _LAST_RATE) * (1 - progress)))
        for progress, batch in _ahead(batches)
    )


def _epochs(
    examples: Examples, table: NameTable, names: Indices, settings: Hyperparameters, epochs: int
) -> Iterator[tuple[float, Batch]]:
    """Yield batches with the share of the training that lies behind."""
    random = np.random.default_rng(settings.seed)
    single = ((table.population == WORLD) & (table.sources <= 1))[names]
    for epoch in range(epochs):
        drawn = names[~single | (random.random(len(names)) < settings.single_source_share)]
        random.shuffle(drawn)
        batches = examples.batches(
            drawn, size=settings.batch_size, dropout=settings.dropout, random=random
        )
        for number, batch in enumerate(batches):
            done = number * settings.batch_size / max(len(drawn), 1)
            yield (epoch + done) / epochs, batch
        print(f"epoch {epoch + 1} of {epochs} done: {len(drawn)} names", flush=True)


def _ahead(items: Iterator[tuple[float, Batch]]) -> Iterator[tuple[float, Batch]]:
    """Prepare batches in a thread while the network trains on earlier ones."""
    ready: queue.Queue[tuple[float, Batch] | Exception | None] = queue.Queue(maxsize=8)

    def produce() -> None:
        try:
            for item in items:
                ready.put(item)
            ready.put(None)
        except Exception as error:  # noqa: BLE001  (raised again by the consumer)
            ready.put(error)

    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, Exception):
            raise item
        yield item


def quantise(network: NameNetwork, examples: Examples) -> Spellings:
    """Round the weights to 8 bits.

    The largest weight of a column maps to 127: clipping it would cost more than a finer step wins.
    """
    table = network.table.numpy()
    scale = (np.maximum(np.abs(table).max(axis=0), 1e-6) / 127).astype(np.float32)
    rounded = np.rint(table / scale).astype(np.int8)
    slots = examples.owners >> features.TAG_BITS
    weights = np.zeros((features.SLOTS, 2), dtype=np.int8)
    weights[slots] = rounded
    tags = np.zeros(features.SLOTS, dtype=np.uint8)
    tags[slots] = examples.owners & features.TAG_MASK
    return Spellings(weights, tags, scale, network.bias.numpy())


def fit_priors(model: Model, held: NameTable, seed: int) -> list[PriorNetwork]:
    """Fit the network on top of each population to names that spellings were not learned from.

    A held-out name teaches twice: as one that nobody knows, and as one that the other population
    knows. Typing errors of common names teach what a famous neighbour is worth.

    Parameters
    ----------
    model
        With the evidence of the learned names only.
    held
        The held-out names.
    """
    keras.utils.set_random_seed(seed)
    predictor = Predictor(model)
    elsewhere = EvidenceLookup(Evidence.of(held))
    networks = []
    for column in range(len(POPULATIONS)):
        least = 1 if column == US else 2
        solid = (held.population == column) & (held.sources >= least)
        chosen = held.where(solid if solid.any() else held.population == column)
        typed, meant = _typing_errors(model.evidence, column, seed)
        names = chosen.names + chosen.names + typed
        if not names:
            networks.append(PriorNetwork())
            continue
        weight, share = elsewhere.find(names)
        weight[: len(chosen)] = 0
        weight[2 * len(chosen) :] = 0
        inputs = predictor.surroundings(names, weight, share).inputs[column]
        importance = np.ones(len(chosen)) if column == US else np.log1p(chosen.sources)
        networks.append(
            fit_prior(
                inputs,
                np.concatenate([chosen.share, chosen.share, meant]),
                np.concatenate(
                    [
                        importance,
                        importance * _WEIGHT_KNOWN_ELSEWHERE,
                        np.full(len(typed), _WEIGHT_OF_TYPING_ERROR),
                    ]
                ),
            )
        )
    return networks


def _typing_errors(
    evidence: Evidence, column: int, seed: int
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Misspell common names; what is a known name itself is no typing error."""
    random = np.random.default_rng(seed)
    weight = evidence.weight[:, column].astype(np.float64)
    common = np.flatnonzero(weight >= (1000 if column == US else 10))
    if not len(common):
        return [], np.zeros(0)
    odds = np.log(weight[common])
    drawn = random.choice(common, _TYPING_ERRORS, p=odds / odds.sum())
    known = set(evidence.names)
    typed, meant = [], []
    for number, position in enumerate(drawn):
        name = evidence.names[position]
        if len(name) < 4:
            continue
        wrong = misspell(name, KINDS[number % len(KINDS)], random)
        if wrong not in known:
            typed.append(wrong)
            meant.append(float(evidence.share[position, column]))
    return typed, np.array(meant)


def as_arrays(networks: list[PriorNetwork]) -> Prior:
    """Return the weights of the networks on top in the order of the populations."""
    return Prior(
        line=np.stack([network.line.kernel.numpy()[:, 0] for network in networks]),
        bend=np.stack([network.bend.kernel.numpy() for network in networks]),
        bend_bias=np.stack([network.bend.bias.numpy() for network in networks]),
        out=np.stack([network.out.kernel.numpy()[:, 0] for network in networks]),
        out_bias=np.array([network.out.bias.numpy()[0] for network in networks]),
    )
