"""Trains the model on SageMaker's contract: ``python -m model_code.train [--epochs 4 ...]``.

Reads the channel ``train`` (and ``validation``, where given), writes the model folder, prints the
metrics that the job's metric definitions catch, and on any failure writes ``output/failure``.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from model_code import artifact, evaluation, features, not_a_name
from model_code.calibration import fit_logistic
from model_code.channel import POPULATIONS, ChannelError, NameTable, read_channel
from model_code.evaluation import Scored
from model_code.evidence import US, WORLD, Evidence
from model_code.examples import Examples, split_of
from model_code.hyperparameters import HyperparameterError, Hyperparameters, from_job
from model_code.network import Batch, NameNetwork
from model_code.predictor import DEFAULT_THRESHOLD, Predictor
from model_code.settings import TrainingFolders

TEST, VALIDATION = range(0, 8), range(8, 16)
"""Hundredths of the names, by a hash of the name, that training does not see."""


def main(arguments: list[str]) -> int:
    """Run the training job; returns the exit code."""
    folders = TrainingFolders.from_environment(os.environ)
    signal.signal(signal.SIGTERM, _stop)
    try:
        train(from_job(arguments, folders.config), folders)
    except (ChannelError, HyperparameterError) as error:
        return _fail(folders.output, str(error))
    except Exception as error:
        traceback.print_exc()
        return _fail(folders.output, f"{type(error).__name__}: {error}")
    return 0


def train(settings: Hyperparameters, folders: TrainingFolders) -> None:
    """Read, split, train, calibrate, evaluate, save."""
    begun = time.monotonic()
    table, report = read_channel(folders.train)
    _say(f"read {report.rows} rows of {', '.join(report.files)}: {len(table)} names, "
         f"{report.bad_rows} bad rows skipped, {report.not_names} not names")
    for example in report.examples:
        _say(f"bad row: {example}")
    hundredth = split_of(table.names)
    if settings.sample < 1:
        drawn = np.random.default_rng(settings.seed).random(len(table)) < settings.sample
        table, hundredth = table.where(drawn), hundredth[drawn]
    test, validation = np.isin(hundredth, TEST), np.isin(hundredth, VALIDATION)
    if folders.validation is not None:
        given, _ = read_channel(folders.validation)
        validation = np.isin(np.array(table.names), np.array(given.names))
        test &= ~validation
    learned = ~(test | validation)
    for part, chosen in (("training", learned), ("validation", validation), ("test", test)):
        if not chosen.any():
            raise ChannelError(f"The {part} split is empty: {len(table)} names are too few")

    examples = Examples.of(table, learned)
    _say(f"{len(examples.slots)} features in use")
    network = fit(examples, np.flatnonzero(learned), table, settings)

    weights, scale = quantise(network, examples)
    model = artifact.Model(
        weights=weights,
        scale=scale,
        bias=network.bias.numpy(),
        calibration=np.array([[1.0, 0.0]] * len(POPULATIONS)),
        evidence=Evidence.of(table),
        check=not_a_name.fit(*_spellings(table.where(learned))),
    )
    model = calibrated(model, table.where(validation))
    figures = evaluated(model, table, {"validation": validation, "test": test})
    figures["seconds"] = round(time.monotonic() - begun, 1)
    figures["data"] = {"fingerprint": report.fingerprint, "files": report.files,
                       "rows": report.rows, "bad_rows": report.bad_rows, "names": len(table)}
    fingerprint = artifact.save(model, folders.model, {"populations": POPULATIONS})
    (folders.model / "evaluation.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    for part in ("validation", "test"):
        for metric in ("accuracy", "log_loss", "brier", "ece"):
            print(f"metric {part}:{metric}={figures[part]['us'].get(metric, 0.0):.6f}")
    _say(f"model {fingerprint} written in {figures['seconds']} s")


def fit(
    examples: Examples, learned: npt.NDArray[np.int64], table: NameTable, settings: Hyperparameters
) -> NameNetwork:
    """Train the network on the learned names."""
    import keras  # noqa: PLC0415  (a wrong channel fails before TensorFlow's slow start)

    keras.utils.set_random_seed(settings.seed)
    network = NameNetwork(len(examples.slots))
    for progress, batch in _ahead(_epochs(examples, learned, table, settings)):
        network.fit_batch(batch, settings.learning_rate * (0.02 + 0.98 * (1 - progress)))
    return network


def _epochs(
    examples: Examples, learned: npt.NDArray[np.int64], table: NameTable, settings: Hyperparameters
) -> Iterator[tuple[float, Batch]]:
    random = np.random.default_rng(settings.seed)
    single = ((table.population == WORLD) & (table.sources <= 1))[learned]
    for epoch in range(settings.epochs):
        drawn = learned[~single | (random.random(len(learned)) < settings.single_source_share)]
        random.shuffle(drawn)
        for number, batch in enumerate(examples.batches(drawn, settings.batch_size)):
            done = number * settings.batch_size / len(drawn)
            yield (epoch + done) / settings.epochs, batch
        _say(f"epoch {epoch + 1} of {settings.epochs} done")


def _ahead(items: Iterator[tuple[float, Batch]]) -> Iterator[tuple[float, Batch]]:
    """Prepare batches in a thread while the network trains on earlier ones."""
    ready: queue.Queue[tuple[float, Batch] | Exception | None] = queue.Queue(maxsize=8)

    def produce() -> None:
        try:
            for item in items:
                ready.put(item)
            ready.put(None)
        except Exception as error:
            ready.put(error)

    threading.Thread(target=produce, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, Exception):
            raise item
        yield item


def quantise(
    network: NameNetwork, examples: Examples
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Round the weights to 8 bits, and the network's own with them.

    The largest weight of a column maps to 127: clipping it would cost more than a finer step wins.
    """
    table = network.table.numpy()
    scale = (np.maximum(np.abs(table).max(axis=0), 1e-6) / 127).astype(np.float32)
    rounded = np.rint(table / scale).astype(np.int8)
    network.table.assign(rounded * scale)
    weights = np.zeros((features.SLOTS, 2), dtype=np.int8)
    weights[examples.slots] = rounded
    return weights, scale


def calibrated(model: artifact.Model, held: NameTable) -> artifact.Model:
    """Fit slope and intercept of each population's logit on names that training did not see."""
    predictor = Predictor(model)
    logits = predictor.logits(held.names)
    coefficients = model.calibration.copy()
    for column in range(len(POPULATIONS)):
        chosen = (held.population == column) & (held.sources >= (1 if column == US else 2))
        if chosen.sum() < 50:
            continue
        inputs = np.stack([logits[chosen, column], np.ones(chosen.sum())], axis=1)
        coefficients[column] = fit_logistic(
            inputs, held.share[chosen], np.ones(len(inputs)), start=np.array([1.0, 0.0]), penalty=1.0
        )
    return artifact.Model(
        model.weights, model.scale, model.bias, coefficients, model.evidence, model.check
    )


def evaluated(
    model: artifact.Model, table: NameTable, parts: dict[str, npt.NDArray[np.bool_]]
) -> dict[str, Any]:
    """Return the figures of each split and population, from the spelling alone."""
    predictor = Predictor(model)
    figures: dict[str, Any] = {}
    for part, chosen in parts.items():
        figures[part] = {}
        for column, population in enumerate(POPULATIONS):
            held = table.where(chosen & (table.population == column))
            if not len(held):
                continue
            scored = Scored(held.share, predictor.spelling(held.names)[:, column])
            figures[part][population] = evaluation.summary(scored, DEFAULT_THRESHOLD) | {
                "by": evaluation.by_group(scored, held, DEFAULT_THRESHOLD)
            }
    return figures


def _spellings(table: NameTable) -> tuple[list[str], npt.NDArray[np.float64]]:
    solid = (table.population == US) | (table.sources >= 2)
    chosen = table.where(solid) if solid.any() else table
    return chosen.names, np.log1p(np.where(chosen.population == US, chosen.people, chosen.sources))


def _stop(signal_number: int, _frame: object) -> NoReturn:
    _say(f"stopped by signal {signal_number}")
    raise SystemExit(128 + signal_number)


def _fail(output: Path, reason: str) -> int:
    """Write the reason where SageMaker reads it: its first 1,024 characters are shown."""
    print(f"training failed: {reason}", file=sys.stderr, flush=True)
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / "failure").write_text(reason, "utf-8")
    except OSError as error:
        print(f"output/failure cannot be written: {error}", file=sys.stderr)
    return 1


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
