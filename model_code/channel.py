"""Reading a training channel: CSV files whose header begins ``name,female,male``."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model_code.names import MAXIMUM_LENGTH, MINIMUM_LENGTH, read

POPULATIONS = ("world", "us")
"""Whose use of names is meant; the index is the column of the network's output."""

_HEADER = ["name", "female", "male"]
_FURTHER = ("population", "sources", "female_today", "male_today")
_COUNTS = "counts must be numbers of at least 0, not both 0"
_MOST_PEOPLE = 1e12
_MOST_BAD = 0.1
"""Share of bad rows beyond which a file is refused as a whole: single ones are skipped."""


class ChannelError(Exception):
    """The training data cannot be used; the message says which and why."""


@dataclass(slots=True)
class NameTable:
    """Names and their counts, one entry per folded name and population.

    Attributes
    ----------
    names
        Folded names: the parts of a compound joined.
    population
        Index into ``POPULATIONS``.
    female, male
        People counted, or estimated.
    sources
        How many independent lists know the name (1 for a census such as the SSA's).
    today
        Share of women among those who are likely to be met as adults today.
    recency
        Of the people counted, the share who are likely to be met as adults today, 0 to 1.
    """

    names: list[str]
    population: npt.NDArray[np.int8]
    female: npt.NDArray[np.float64]
    male: npt.NDArray[np.float64]
    sources: npt.NDArray[np.float64]
    today: npt.NDArray[np.float64]
    recency: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.names)

    @property
    def people(self) -> npt.NDArray[np.float64]:
        """People per entry, both sexes."""
        return self.female + self.male

    @property
    def share(self) -> npt.NDArray[np.float64]:
        """Share of women per entry."""
        return np.asarray(self.female / self.people)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "NameTable":
        """Return the entries at the true positions."""
        return NameTable(
            [self.names[index] for index in np.flatnonzero(chosen)],
            self.population[chosen],
            self.female[chosen],
            self.male[chosen],
            self.sources[chosen],
            self.today[chosen],
            self.recency[chosen],
        )


@dataclass(slots=True)
class ChannelReport:
    """What was read, and what was left out."""

    files: list[str] = field(default_factory=list)
    rows: int = 0
    bad_rows: int = 0
    not_names: int = 0
    fingerprint: str = ""
    examples: list[str] = field(default_factory=list)

    def bad(self, where: str, why: str) -> None:
        """Count a bad row; remember the place, never the content, of the first few."""
        self.bad_rows += 1
        if len(self.examples) < 5:
            self.examples.append(f"{where}: {why}")


def read_channel(folder: Path) -> tuple[NameTable, ChannelReport]:
    """Read all CSV files of a channel, merging rows that fold to one name per population.

    Raises
    ------
    ChannelError
        The folder or a file cannot be read, a header is missing, or no usable row is left.
    """
    try:
        files = sorted(path for path in folder.rglob("*.csv") if path.is_file())
    except OSError as error:
        raise ChannelError(f"The channel {folder.name} cannot be read: {error}") from error
    if not folder.is_dir():
        raise ChannelError(f"The channel {folder.name} does not exist at {folder}")
    if not files:
        raise ChannelError(f"The channel {folder.name} holds no CSV file")
    report = ChannelReport()
    digest = hashlib.sha256()
    merged: dict[tuple[str, int], list[float]] = {}
    for path in files:
        report.files.append(path.name)
        _read_file(path, merged, report)
        digest.update(path.read_bytes())
    report.fingerprint = digest.hexdigest()
    if not merged:
        reasons = "; ".join(report.examples) or "no rows"
        raise ChannelError(
            f"The channel {folder.name} has no usable row: {report.rows} read, "
            f"{report.bad_rows} bad ({reasons})"
        )
    columns = np.array(list(merged.values()), dtype=np.float64)
    today = columns[:, 3] + columns[:, 4]
    table = NameTable(
        [name for name, _population in merged],
        np.array([population for _name, population in merged], dtype=np.int8),
        columns[:, 0],
        columns[:, 1],
        columns[:, 2],
        columns[:, 3] / today,
        np.minimum(today / (columns[:, 0] + columns[:, 1]), 1.0),
    )
    return table, report


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ChannelError(f"{path.name} cannot be read as CSV in UTF-8: {error}") from error


def _read_file(
    path: Path, merged: dict[tuple[str, int], list[float]], report: ChannelReport
) -> None:
    lines = _lines(path)
    before = report.rows, report.bad_rows
    header = [column.strip().lower() for column in next(lines, [])]
    if header[:3] != _HEADER:
        raise ChannelError(
            f"{path.name} lacks the header: its first line must begin with name,female,male"
        )
    column = {name: header.index(name) for name in _FURTHER if name in header}
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        report.rows += 1
        try:
            name, population, entry = _parse(line, column)
        except (ValueError, IndexError) as error:
            report.bad(f"{path.name} line {number}", _reason(error))
            continue
        reading = read(name)
        key = "".join(reading.parts)
        if reading.foreign or not MINIMUM_LENGTH <= len(key) <= MAXIMUM_LENGTH:
            report.not_names += 1
        elif (key, population) in merged:
            _merge(merged[key, population], entry, POPULATIONS[population])
        else:
            merged[key, population] = entry
    rows, bad_rows = report.rows - before[0], report.bad_rows - before[1]
    if bad_rows > _MOST_BAD * rows:
        raise ChannelError(
            f"{path.name} looks damaged: {bad_rows} of {rows} rows are bad "
            f"({'; '.join(report.examples)})"
        )


def _parse(line: list[str], column: dict[str, int]) -> tuple[str, int, list[float]]:
    """Read one row: its name, population, and women, men, sources, women and men of today.

    Raises
    ------
    ValueError, IndexError
        The row is not valid.
    """

    def further(name: str, default: str) -> str:
        return (line[column[name]].strip() if name in column else "") or default

    female, male = float(line[1]), float(line[2])
    people = female + male
    if not (female >= 0 and male >= 0 and 0 < people < _MOST_PEOPLE):
        raise ValueError(_COUNTS)
    sources = float(further("sources", "1"))
    female_today = float(further("female_today", line[1]))
    male_today = float(further("male_today", line[2]))
    if not (0 <= sources < _MOST_PEOPLE and female_today >= 0 and male_today >= 0):
        raise ValueError(_COUNTS)
    if not 0 < female_today + male_today < _MOST_PEOPLE:
        female_today, male_today = female, male
    population = POPULATIONS.index(further("population", "us"))
    return line[0], population, [female, male, max(sources, 1.0), female_today, male_today]


def _reason(error: Exception) -> str:
    """Say what is wrong with a row without repeating what stands in it."""
    if isinstance(error, IndexError):
        return "columns are missing"
    return _COUNTS if str(error) == _COUNTS else "a number or the population is not valid"


def _merge(entry: list[float], more: list[float], kind: str) -> None:
    """Merge spellings that fold together, such as ``Zoe`` and ``Zoë``.

    Counts of one census add up. Estimates from lists are averaged by their number of sources,
    since one large list would otherwise outvote all others.
    """
    if kind == "us":
        for index in (0, 1, 3, 4):
            entry[index] += more[index]
        entry[2] = max(entry[2], more[2])
        return
    lists = entry[2] + more[2]
    for female, male in ((0, 1), (3, 4)):
        people = entry[female] + entry[male] + more[female] + more[male]
        share = (
            entry[2] * entry[female] / (entry[female] + entry[male])
            + more[2] * more[female] / (more[female] + more[male])
        ) / lists
        entry[female], entry[male] = share * people, (1 - share) * people
    entry[2] = lists
