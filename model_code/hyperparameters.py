"""Hyperparameters of a training job: names, ranges and defaults, validated before any work."""

import argparse
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class HyperparameterError(Exception):
    """A hyperparameter is unknown or out of range; the message says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """Settings of one training.

    Attributes
    ----------
    epochs
        Passes over the names, 1 to 20.
    batch_size
        Names per optimisation step, 16 to 8192.
    learning_rate
        First step size of AdaGrad, falling linearly to 2 % of it; 0.001 to 1.
    dropout
        Share of a name's features that each step leaves out at random, 0 to 0.9.
    single_source_share
        Share of the world's names known from one list only that each epoch draws, 0 to 1.
    sample
        Share of the channel's names that is used, 0.001 to 1: less than 1 only for a quick try.
    seed
        Seed of shuffling, 0 to 2**31 - 1.
    """

    epochs: int = 5
    batch_size: int = 1024
    learning_rate: float = 0.025
    dropout: float = 0.3
    single_source_share: float = 0.6
    sample: float = 1.0
    seed: int = 1

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> "Hyperparameters":
        """Read hyperparameters from strings, as SageMaker passes them.

        Parameters
        ----------
        values
            Names with ``-`` or ``_``; those that begin ``sagemaker_`` belong to SageMaker's own
            toolkit and are ignored. Values may be JSON-encoded: in quotes of their own.

        Raises
        ------
        HyperparameterError
            Unknown name, value that is no number, or out of range.
        """
        kinds = {field.name: field.type for field in dataclasses.fields(cls)}
        parsed: dict[str, float] = {}
        for given, text in values.items():
            name = given.replace("-", "_")
            if name.startswith("sagemaker_"):
                continue
            if name not in _RANGES:
                raise HyperparameterError(
                    f"Unknown hyperparameter {given}: known are {', '.join(sorted(_RANGES))}"
                )
            low, high = _RANGES[name]
            number = str(text).strip().strip('"')
            try:
                value = int(number) if kinds[name] in (int, "int") else float(number)
            except ValueError:
                value = float("nan")
            if not low <= value <= high:
                raise HyperparameterError(
                    f"Hyperparameter {given} is {text}: it must be "
                    f"{'a whole number' if isinstance(low, int) else 'a number'} "
                    f"from {low} to {high}"
                )
            parsed[name] = value
        return cls(**parsed)  # type: ignore[arg-type]


_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 20),
    "batch_size": (16, 8192),
    "learning_rate": (0.001, 1.0),
    "dropout": (0.0, 0.9),
    "single_source_share": (0.0, 1.0),
    "sample": (0.001, 1.0),
    "seed": (0, 2**31 - 1),
}


def from_job(arguments: list[str], config: Path) -> Hyperparameters:
    """Read the hyperparameters of a job: the command line (script mode), else the job's file.

    Parameters
    ----------
    arguments
        ``--epochs 4 --learning-rate 0.1``, in any order.
    config
        ``hyperparameters.json`` of the job; need not exist.

    Raises
    ------
    HyperparameterError
        Anything in them is not valid.
    """
    values: dict[str, str] = {}
    if config.is_file():
        try:
            loaded = json.loads(config.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise HyperparameterError(f"{config.name} cannot be read: {error}") from error
        if not isinstance(loaded, dict):
            raise HyperparameterError(f"{config.name} must hold an object of names and values")
        values.update({str(name): str(value) for name, value in loaded.items()})
    parser = argparse.ArgumentParser(prog="train", exit_on_error=False, add_help=False)
    names = sorted(_RANGES)
    for name in names:
        parser.add_argument(f"--{name.replace('_', '-')}", f"--{name}", dest=name)
    try:
        known, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        raise HyperparameterError(str(error)) from error
    pairs = iter(unknown)
    for flag in pairs:
        values[flag.removeprefix("--")] = next(pairs, "")
    values.update({name: value for name in names if (value := getattr(known, name)) is not None})
    return Hyperparameters.parse(values)
