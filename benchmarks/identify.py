"""Identify Gender against the workshop's way of doing it: ``python -m benchmarks.identify``.

Runs on the embedded AWS that `make local-up` started, needs ``PYTHONPATH=lambda``, and answers
two questions. Writes ``docs/benchmarks/identify.json`` and prints it as a table.

**How much faster?** The workshop's function scanned the whole table once for every selected row,
invoked the model once for every name, and updated the row. Both ways identify 100 selected
feedbacks among 10,000 of the application's own table, in the same run; the workshop's without
the detour over the API and the function, in its favour, and timed on ten of them: it does the
same for each.

**Does the time grow with the table?** The function's own code identifies 100 feedbacks in tables
of 1,000, 10,000 and 100,000 rows that exist side by side. The sizes take turns, in an order that
changes every round, so that whatever else the machine does meets all of them alike; the medians
are compared. Beside the time stands what does not depend on the machine: the requests that one
identification sends. A plain ``BatchGetItem`` of the same rows, timed in the same rounds, shows
the embedded AWS's own part.

All rows and tables that were added are removed again.
"""

from __future__ import annotations

import json
import random
import statistics
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback.table import FeedbackTable
from gender_model.client import GenderModel
from identify_gender.logic import identify
from local import loopback
from local.client_environment import make_client
from local.credentials import load_or_create
from local.deployment import read_outputs
from local.settings import LocalSettings
from soak import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "identify.json"
SIZES = (1_000, 10_000, 100_000)
COMPARED = 10_000
SELECTED = 100
TIMED = 10
"""Rows that the workshop's way is timed on: it does the same for each, all take ten times that."""

ROUNDS = 21
API_ROUNDS = 9
ROWS_PER_BATCH = 25
NAMES = ("Mary", "Tom", "José", "Aiko", "Kwame", "Zeynep", "Siobhán", "Viktor", "Chiara", "Kim")
PREFIX = "benchmark-"
INDEX = "NewestFirst"


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def selected(size: int, turn: int) -> list[int]:
    """Return numbers of rows spread over a table of `size` rows, others in every turn."""
    step = size // SELECTED
    return [number * step + turn % step for number in range(SELECTED)]


def ids_of(numbers: Sequence[int]) -> list[str]:
    """Return the ids of rows."""
    return [f"{PREFIX}{number}" for number in numbers]


class Benchmark:
    """The running application, and a table of one's own for every size."""

    def __init__(self) -> None:
        settings = LocalSettings.from_environment()
        credentials = load_or_create(settings.state_folder)
        outputs = read_outputs(settings)
        self.api = json.loads(settings.urls_file.read_text())["api"]
        self.table = outputs["TableName"]
        self.endpoint = outputs["EndpointName"]
        self.dynamodb = make_client(settings, credentials, "dynamodb")
        self.runtime = make_client(settings, credentials, "sagemaker-runtime")
        self.requests: Counter[str] = Counter()
        for client in (self.dynamodb, self.runtime):
            client.meta.events.register("before-call.*", self._count)

    def _count(self, model: Any, **_: object) -> None:
        self.requests[model.name] += 1

    @contextmanager
    def tables(self) -> Iterator[None]:
        """Have a table of every size, and one for the sums, while the block runs."""
        names = [_table(size) for size in SIZES]
        self._drop(*names, _table(0))
        try:
            self._create(_table(0), "Shard", "N")
            for name, size in zip(names, SIZES, strict=True):
                self._create(name, "ID", "S")
                self.fill(name, range(size))
            yield
        finally:
            self._drop(*names, _table(0))

    def _drop(self, *names: str) -> None:
        """Delete tables; a run that was killed has left its own behind."""
        for name in set(names).intersection(self.dynamodb.list_tables()["TableNames"]):
            self.dynamodb.delete_table(TableName=name)

    def _create(self, name: str, key: str, kind: str) -> None:
        attributes = [{"AttributeName": key, "AttributeType": kind}]
        more: dict[str, Any] = {}
        if key == "ID":
            listing = {"Listing": "HASH", "PostedTime": "RANGE"}
            attributes += [{"AttributeName": part, "AttributeType": "S"} for part in listing]
            schema = [{"AttributeName": part, "KeyType": use} for part, use in listing.items()]
            more["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": INDEX,
                    "KeySchema": schema,
                    "Projection": {"ProjectionType": "ALL"},
                }
            ]
        self.dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=attributes,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )

    @contextmanager
    def rows(self, size: int) -> Iterator[None]:
        """Have so many rows more in the application's own table while the block runs."""
        tables = self.dynamodb.list_tables()["TableNames"]
        (tally,) = (name for name in tables if "Api-Tally" in name)
        sums = self.dynamodb.scan(TableName=tally)["Items"]
        self.fill(self.table, range(size))
        try:
            yield
        finally:
            keys = ({"ID": {"S": f"{PREFIX}{number}"}} for number in range(size))
            self._write(self.table, [{"DeleteRequest": {"Key": key}} for key in keys])
            # What the rows added to the sums of the insights goes too.
            added = self.dynamodb.scan(TableName=tally)["Items"]
            shards = [{"DeleteRequest": {"Key": {"Shard": item["Shard"]}}} for item in added]
            self._write(tally, shards)
            self._write(tally, [{"PutRequest": {"Item": item}} for item in sums])

    def fill(self, table: str, numbers: Iterable[int]) -> None:
        """Add rows."""
        self._write(table, [{"PutRequest": {"Item": _item(number)}} for number in numbers])

    def identify_in(self, size: int, ids: Sequence[str]) -> None:
        """Identify as the function does, in the table of that size."""
        table = FeedbackTable(self.dynamodb, table_name=_table(size), tally_name=_table(0))
        model = GenderModel(self.runtime, endpoint_name=self.endpoint)
        if len(identify(ids, table=table, model=model).rows) != len(ids):
            raise RuntimeError("not all were identified")

    def read_from(self, size: int, ids: Sequence[str]) -> None:
        """Read the rows and do no more."""
        keys: Any = [{"ID": {"S": identifier}} for identifier in ids]
        self.dynamodb.batch_get_item(RequestItems={_table(size): {"Keys": keys}})

    def identify_by_api(self, ids: Sequence[str]) -> None:
        """Identify through the API, as the page does."""
        request = urllib.request.Request(  # noqa: S310 - a URL of this machine
            f"{self.api}/identifygender",
            data=json.dumps({"ids": list(ids)}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with loopback.open_url(request, timeout_seconds=60) as response:
            results = json.load(response)["results"]
        if any("error" in result for result in results) or len(results) != len(ids):
            raise RuntimeError("the API did not identify all")

    def identify_as_the_workshop(self, ids: Sequence[str]) -> None:
        """Scan the table, invoke the model and update the row, once for every id."""
        for identifier in ids:
            pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table)
            rows = [row for page in pages for row in page["Items"]]
            (row,) = (row for row in rows if row["ID"]["S"] == identifier)
            name = row["FirstName"]["S"]
            answer = self.runtime.invoke_endpoint(
                EndpointName=self.endpoint, ContentType="text/csv", Body=name
            )
            gender = json.loads(answer["Body"].read())[name]
            self.dynamodb.update_item(
                TableName=self.table,
                Key={"ID": {"S": identifier}},
                UpdateExpression="SET Gender = :gender",
                ExpressionAttributeValues={":gender": {"S": gender}},
            )

    def _write(self, table: str, requests: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(requests), ROWS_PER_BATCH):
            pending: Any = {table: list(requests[start : start + ROWS_PER_BATCH])}
            while pending:
                pending = self.dynamodb.batch_write_item(RequestItems=pending)["UnprocessedItems"]


def _table(size: int) -> str:
    return f"{PREFIX}{size or 'sums'}"


def _item(number: int) -> dict[str, dict[str, str]]:
    return {
        "ID": {"S": f"{PREFIX}{number}"},
        "Listing": {"S": "all"},
        # Older than what people entered: the page goes on showing theirs first.
        "PostedTime": {"S": f"2001-01-01T{number:09}"},
        "FirstName": {"S": NAMES[number % len(NAMES)]},
        "LastName": {"S": "Benchmark"},
        "Feedback": {"S": "The room was clean, but the street was loud all night."},
    }


def compare_sizes(benchmark: Benchmark) -> dict[str, Any]:
    """Identify in tables of all sizes, turn by turn."""
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    reading: dict[int, list[float]] = {size: [] for size in SIZES}
    requests: dict[int, Counter[str]] = {}
    chance = random.Random(0)  # noqa: S311
    with benchmark.tables():
        # The first round finds connections closed and caches empty: it does not count.
        for turn in range(ROUNDS + 1):
            for size in chance.sample(SIZES, len(SIZES)):
                numbers = selected(size, turn)
                ids = ids_of(numbers)
                # The small table has few rows that were never identified: all are made anew.
                benchmark.fill(_table(size), numbers)
                benchmark.requests.clear()
                taken = seconds(lambda size=size, ids=ids: benchmark.identify_in(size, ids))  # type: ignore[misc]
                requests.setdefault(size, Counter(benchmark.requests))
                read = seconds(lambda size=size, ids=ids: benchmark.read_from(size, ids))  # type: ignore[misc]
                if turn:
                    times[size].append(taken)
                    reading[size].append(read)
    medians = {size: statistics.median(times[size]) for size in SIZES}
    return {
        "rounds": ROUNDS,
        "seconds_by_rows": {f"{size:,}": round(medians[size], 4) for size in SIZES},
        "seconds_by_rows_quartiles": {
            f"{size:,}": [round(value, 4) for value in statistics.quantiles(times[size], n=4)]
            for size in SIZES
        },
        "seconds_of_reading_alone": {
            f"{size:,}": round(statistics.median(reading[size]), 4) for size in SIZES
        },
        "growth": round(medians[SIZES[-1]] / medians[SIZES[0]], 2),
        "requests_by_rows": {f"{size:,}": dict(requests[size]) for size in SIZES},
    }


def compare_ways(benchmark: Benchmark) -> dict[str, Any]:
    """Identify through the API and the workshop's way, in the same table."""
    with benchmark.rows(COMPARED):
        turns = range(1, API_ROUNDS + 1)
        ours = [
            seconds(lambda turn=turn: benchmark.identify_by_api(ids_of(selected(COMPARED, turn))))  # type: ignore[misc]
            for turn in turns
        ]
        workshop = seconds(
            lambda: benchmark.identify_as_the_workshop(
                ids_of(selected(COMPARED, API_ROUNDS + 1)[:TIMED])
            )
        )
    workshop *= SELECTED / TIMED
    median = statistics.median(ours)
    return {
        "rows": COMPARED,
        "workshop_timed_on": TIMED,
        "seconds_by_api": round(median, 3),
        "workshop_seconds": round(workshop, 1),
        "times_faster": round(workshop / median),
    }


def main() -> None:
    """Measure and write."""
    taken_on = machine.describe()
    benchmark = Benchmark()
    ways = compare_ways(benchmark)
    sizes = compare_sizes(benchmark)
    result = {
        "command": "PYTHONPATH=lambda python -m benchmarks.identify",
        "machine": taken_on,
        "selected": SELECTED,
        "against_the_workshop": ways,
        "by_size_of_the_table": sizes,
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(f"Identify Gender, {SELECTED} selected rows, seconds")
    print(f"  among {ways['rows']:,} rows through the API    {ways['seconds_by_api']:8.3f}")
    print(f"  the workshop's way                  {ways['workshop_seconds']:8.1f}")
    print(f"  {ways['times_faster']} times faster")
    print(f"The function's code alone, median of {ROUNDS} rounds in turn")
    for rows, measured in sizes["seconds_by_rows"].items():
        reading = sizes["seconds_of_reading_alone"][rows]
        sent = ", ".join(
            f"{count} {name}" for name, count in sizes["requests_by_rows"][rows].items()
        )
        print(f"  among {rows:>8} rows  {measured:8.4f}   reading alone {reading:.4f}   {sent}")
    print(f"  {sizes['growth']} times the time for 100 times the rows")


if __name__ == "__main__":
    main()
