"""The workshop's network, kept for comparison: ``python -m model_code.baseline CHANNEL``.

Letters one-hot (15 places, 26 letters), two LSTM layers of 512, one epoch, as in the workshop's
notebook. Trained and measured on the same names, on the same machine, as the model; takes several
minutes, where ``--sample`` measures the time of a part of an epoch.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

from model_code.channel import NameTable, read_channel
from model_code.evaluation import Scored, summary
from model_code.evidence import US
from model_code.predictor import DEFAULT_THRESHOLD
from model_code.train import split

PLACES = 15
LETTERS = 26
_BATCH = 32  # Keras's default, and what reproduces the time that the workshop's epoch takes
_REPETITIONS = 10


def one_hot(names: list[str]) -> npt.NDArray[np.float32]:
    """Encode folded names as [names, 15, 26]; letters beyond the fifteenth are lost."""
    encoded = np.zeros((len(names), PLACES, LETTERS), dtype=np.float32)
    for row, name in enumerate(names):
        for place, letter in enumerate(name[:PLACES]):
            encoded[row, place, ord(letter) - ord("a")] = 1.0
    return encoded


def network() -> keras.Model:
    """Build the workshop's network: 3.2 million parameters."""
    return keras.Sequential(
        [
            keras.Input((PLACES, LETTERS)),
            keras.layers.LSTM(512, return_sequences=True),
            keras.layers.Dropout(0.2),
            keras.layers.LSTM(512),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


@dataclass(frozen=True, slots=True)
class Baseline:
    """The trained network and how long an epoch took, in seconds."""

    network: keras.Model
    seconds: float

    def female(self, names: list[str]) -> npt.NDArray[np.float64]:
        """Return the probability of a woman per folded name."""
        answers = self.network.predict(one_hot(names), batch_size=1024, verbose=0)
        return np.asarray(answers[:, 1], dtype=np.float64)


def train(learned: NameTable, *, epochs: int, seed: int = 1) -> Baseline:
    """Train on majority labels of American names, as the workshop does."""
    keras.utils.set_random_seed(seed)
    model = network()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    begun = time.perf_counter()
    labels = (learned.share > 0.5).astype(np.int64)
    model.fit(one_hot(learned.names), labels, batch_size=_BATCH, epochs=epochs, verbose=2)
    return Baseline(model, (time.perf_counter() - begun) / epochs)


def latency(model: keras.Model, names: list[str]) -> float:
    """Return the median milliseconds of ``keras predict`` for these names, encoding included."""
    model.predict(one_hot(names), verbose=0)
    times = []
    for _ in range(_REPETITIONS):
        begun = time.perf_counter()
        model.predict(one_hot(names), verbose=0)
        times.append(1000 * (time.perf_counter() - begun))
    return float(np.median(times))


def measure(channel: Path, *, epochs: int, sample: float) -> dict[str, Any]:
    """Train the baseline on a channel's American names and return its figures."""
    table, _report = read_channel(channel)
    american = table.where(table.population == US)
    parts = split(american, None)
    learned, test = american.where(parts.learned), american.where(parts.test)
    if sample < 1:
        drawn = np.random.default_rng(1).random(len(learned)) < sample
        learned = learned.where(drawn)
    baseline = train(learned, epochs=epochs)
    thousand = american.names[:1000]
    return {
        "epochs": epochs,
        "names_learned": len(learned),
        "seconds_per_epoch": round(baseline.seconds, 1),
        "seconds_per_epoch_of_all_names": round(baseline.seconds * len(american) / len(learned), 1),
        "predict_1_ms": round(latency(baseline.network, thousand[:1]), 2),
        "predict_1000_ms": round(latency(baseline.network, thousand), 1),
        "test": summary(Scored(test.share, baseline.female(test.names)), DEFAULT_THRESHOLD),
    }


def tell(figures: dict[str, Any], file: Path | None) -> None:
    """Print figures as JSON, and write them to a file if there is one."""
    text = json.dumps(figures, indent=2)
    print(text)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", "utf-8")


def main(arguments: list[str]) -> int:
    """Measure the baseline and print its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m model_code.baseline", description=__doc__)
    parser.add_argument("channel", type=Path, help="folder of the channel, from make data")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--sample", type=float, default=1.0, help="share of the names")
    parser.add_argument("--out", type=Path, help="file for the figures")
    given = parser.parse_args(arguments)
    figures = measure(given.channel, epochs=given.epochs, sample=given.sample)
    tell(figures, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
