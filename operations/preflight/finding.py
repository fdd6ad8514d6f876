"""What a check found out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended; the value is the mark in the list."""

    READY = "ok"
    MISSING = "MISSING"
    UNKNOWN = "not checked"


@dataclass(frozen=True)
class Finding:
    """One line of the list.

    Attributes
    ----------
    subject
        What was looked at: ``bootstrap``.
    outcome
        Whether a deploy can go on. What could not be checked does not stop it.
    words
        What was found.
    remedy
        What to do about it, a command where there is one.
    """

    subject: str
    outcome: Outcome
    words: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{self.outcome:<11}  {self.subject}: {self.words}"
        return line + (f"\n{'':<13}→ {self.remedy}" if self.remedy else "")


def ready(subject: str, words: str) -> Finding:
    """Return the finding that all is well."""
    return Finding(subject, Outcome.READY, words)


def missing(subject: str, words: str, remedy: str) -> Finding:
    """Return the finding that a deploy would fail."""
    return Finding(subject, Outcome.MISSING, words, remedy)


def unknown(subject: str, words: str, remedy: str = "") -> Finding:
    """Return the finding that it could not be looked at."""
    return Finding(subject, Outcome.UNKNOWN, words, remedy)
