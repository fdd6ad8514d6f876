"""What the clients asked for and what was acknowledged, in the order in which it happened."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Promise:
    """What the application has promised about one feedback.

    Attributes
    ----------
    first_name, marker
        What was entered; empty if this ledger does not know.
    own_words
        What the row may hold as the person's own word: the last acknowledged one, and those that
        were asked for since without an answer. Empty if there was none.
    maybe_silent
        Whether none of `own_words` need have been stored.
    gender, sentiment
        What was answered last; None if nobody was told.
    deleted, maybe_deleted
        Whether a deletion was acknowledged, or asked for without an answer.
    """

    first_name: str = ""
    marker: str = ""
    own_words: set[str] = field(default_factory=set)
    maybe_silent: bool = True
    gender: str | None = None
    sentiment: str | None = None
    deleted: bool = False
    maybe_deleted: bool = False


@dataclass
class Ledger:
    """All promises, by ID, and what remained without an answer.

    Attributes
    ----------
    promises
        By the feedback's ID.
    unanswered
        Markers of feedbacks that may or may not have been stored.
    once
        Markers of feedbacks that must not be stored twice.
    acknowledged
        Number of acknowledged changes of each kind.
    """

    promises: dict[str, Promise] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    once: set[str] = field(default_factory=set)
    acknowledged: Counter[str] = field(default_factory=Counter)


def read(file: Path) -> Ledger:
    """Read the ledger of one or several runs.

    Parameters
    ----------
    file
        As :mod:`soak.clients` writes it; a last line that was cut short is left out.
    """
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    return replay(json.loads(line) for line in lines if line.endswith("\n"))


def replay(entries: Iterable[dict[str, Any]]) -> Ledger:
    """Work out what was promised.

    Parameters
    ----------
    entries
        Attempts and acknowledgements in their order. A client works on its own feedbacks one
        step after the other, so that an attempt without an acknowledgement is one that failed.
    """
    ledger = Ledger()
    promises: defaultdict[str, Promise] = defaultdict(Promise)
    attempts: dict[tuple[int, int], dict[str, Any]] = {}
    for entry in entries:
        if "attempt" in entry:
            attempts[entry["run"], entry["attempt"]] = entry
            _expect(ledger, promises, entry)
        else:
            asked = attempts[entry["run"], entry["acknowledged"]]
            ledger.acknowledged[asked["kind"]] += 1
            _promise(ledger, promises, asked, entry)
    ledger.promises = dict(promises)
    return ledger


def _expect(ledger: Ledger, promises: dict[str, Promise], asked: dict[str, Any]) -> None:
    if asked["kind"] == "enter":
        ledger.unanswered.add(asked["marker"])
        if asked["once"]:
            ledger.once.add(asked["marker"])
    elif asked["kind"] == "say":
        promises[asked["ids"][0]].own_words.add(asked["gender"])
    elif asked["kind"] == "delete":
        promises[asked["ids"][0]].maybe_deleted = True


def _promise(
    ledger: Ledger, promises: dict[str, Promise], asked: dict[str, Any], answer: dict[str, Any]
) -> None:
    kind = asked["kind"]
    if kind == "enter":
        ledger.unanswered.discard(asked["marker"])
        promise = promises[answer["id"]]
        promise.first_name, promise.marker = asked["first"], asked["marker"]
    elif kind == "say":
        promise = promises[asked["ids"][0]]
        promise.own_words, promise.maybe_silent = {asked["gender"]}, False
    elif kind == "delete":
        promises[asked["ids"][0]].deleted = True
    elif kind == "identify":
        for identifier, gender in answer["genders"].items():
            promises[identifier].gender = gender
    elif kind == "judge":
        for identifier, sentiment in answer["sentiments"].items():
            promises[identifier].sentiment = sentiment
