"""Trains the model on SageMaker's contract: ``python -m model_code.train [--epochs 4 ...]``.

Reads the channel ``train`` (and ``validation``, where given), writes the model folder, prints the
metrics that the job's metric definitions catch, and on any failure writes ``output/failure``.
"""

import os
import signal
import sys
import time
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from model_code import artifact, not_a_name, prior
from model_code.channel import POPULATIONS, ChannelError, NameTable, read_channel
from model_code.evaluation import evaluate
from model_code.evidence import Evidence
from model_code.examples import Examples, split_of
from model_code.hyperparameters import HyperparameterError, Hyperparameters, from_job
from model_code.report import write_report
from model_code.settings import TrainingFolders

TEST, VALIDATION = range(8), range(8, 16)
"""Hundredths of the names, by a hash of the name, that the network of spellings does not see."""


def main(arguments: list[str]) -> int:
    """Run the training job; returns the exit code."""
    folders = TrainingFolders.from_environment(os.environ)
    signal.signal(signal.SIGTERM, _stop)
    # Notices of TensorFlow about the machine would be the last lines of the log for a while.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        train(from_job(arguments, folders.config), folders)
    except (ChannelError, HyperparameterError) as error:
        return _fail(folders.output, str(error))
    except Exception as error:  # noqa: BLE001  (whatever it is, the job must say so)
        traceback.print_exc()
        return _fail(folders.output, f"{type(error).__name__}: {error}")
    return 0


def train(settings: Hyperparameters, folders: TrainingFolders) -> None:
    """Read the names, learn their spellings, learn what surrounds them, evaluate, save."""
    begun = time.monotonic()
    table, report = read_channel(folders.train)
    say(
        f"read {report.rows} rows of {', '.join(report.files)}: {len(table)} names, "
        f"{report.bad_rows} bad rows skipped, {report.not_names} not names"
    )
    for example in report.examples:
        say(f"bad row: {example}")
    if settings.sample < 1:
        random = np.random.default_rng(settings.seed)
        table = table.where(random.random(len(table)) < settings.sample)
    parts = split(table, folders.validation)
    learned = table.where(parts.learned)

    # Only now: a wrong channel fails without waiting for TensorFlow to start.
    from model_code import fitting

    examples = Examples.of(table)
    say(f"{len(learned)} names to learn from, {len(examples.owners)} features in use")
    spellings = fitting.fit_spellings(examples, table, np.flatnonzero(parts.learned), settings)
    model = artifact.Model(
        spellings=fitting.quantise(spellings, examples),
        prior=prior.spelling_alone(),
        evidence=Evidence.of(learned),
        check=not_a_name.fit(learned),
    )
    networks = fitting.fit_priors(model, parts.validation, settings.seed)
    model = replace(model, prior=fitting.as_arrays(networks))
    figures = evaluate(model, {"validation": parts.validation, "test": table.where(parts.test)})

    fitting.fold_in(spellings, examples, table, np.flatnonzero(~parts.learned), settings)
    model = replace(
        model, spellings=fitting.quantise(spellings, examples), evidence=Evidence.of(table)
    )
    fingerprint = artifact.save(model, folders.model, {"populations": POPULATIONS})
    write_report(
        folders.model,
        figures,
        {
            "model": fingerprint,
            "hyperparameters": asdict(settings),
            "data": asdict(report) | {"names": len(table), "learned": len(learned)},
            "seconds": round(time.monotonic() - begun, 1),
        },
    )
    say(f"model {fingerprint} written after {time.monotonic() - begun:.0f} s")


@dataclass(frozen=True, slots=True)
class Parts:
    """A table's names split: true positions are learned, or test; validation as a table."""

    learned: npt.NDArray[np.bool_]
    validation: NameTable
    test: npt.NDArray[np.bool_]


def split(table: NameTable, validation_channel: Path | None) -> Parts:
    """Split by name, the same in every source and every job.

    Where a validation channel is given, its names are the validation split.

    Raises
    ------
    ChannelError
        A split is empty.
    """
    hundredth = split_of(table.names)
    test, held = np.isin(hundredth, TEST), np.isin(hundredth, VALIDATION)
    validation = table.where(held)
    if validation_channel is not None:
        validation, _report = read_channel(validation_channel)
        held = np.isin(np.array(table.names), np.array(validation.names))
        test &= ~held
    learned = ~(test | held)
    sizes = {"training": learned.sum(), "validation": len(validation), "test": test.sum()}
    for part, size in sizes.items():
        if not size:
            raise ChannelError(f"The {part} split is empty: {len(table)} names are too few")
    return Parts(learned, validation, test)


def say(text: str) -> None:
    """Print at once: SageMaker's log shows progress while the job runs."""
    print(text, flush=True)


def _stop(signal_number: int, _frame: object) -> NoReturn:
    """End at once: an exception could be swallowed by whatever is being imported or computed.

    Written past Python's buffers, which the interrupted code may hold.
    """
    os.write(1, f"stopped by signal {signal_number}\n".encode())
    os._exit(128 + signal_number)


def _fail(output: Path, reason: str) -> int:
    """Write the reason where SageMaker reads it: its first 1,024 characters are shown."""
    print(f"training failed: {reason}", file=sys.stderr, flush=True)
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / "failure").write_text(reason, "utf-8")
    except OSError as error:
        print(f"output/failure cannot be written: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
