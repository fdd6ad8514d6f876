"""Identify Gender against the workshop's way of doing it: ``python -m benchmarks.identify``.

Both run on the embedded AWS that `make local-up` started, in the same run, on the same table:
100 selected feedbacks among 1,000, 10,000 and 100,000. Writes ``docs/benchmarks/identify.json``
and prints it as a table. The rows that it adds are removed again.

The workshop's function scanned the whole table once for every selected row, invoked the model
once for every name, and updated the row. It runs here without the detour over the API and the
function, in its favour.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.client_environment import make_client
from local.credentials import load_or_create
from local.settings import LocalSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "identify.json"
SIZES = (1_000, 10_000, 100_000)
COMPARED = 10_000
SELECTED = 100
REPEATS = 9
ROWS_PER_BATCH = 25
NAMES = ("Mary", "Tom", "José", "Aiko", "Kwame", "Zeynep", "Siobhán", "Viktor", "Chiara", "Kim")
PREFIX = "benchmark-"


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Benchmark:
    """The running application, and the rows that were added to its table."""

    def __init__(self) -> None:
        settings = LocalSettings.from_environment()
        credentials = load_or_create(settings.state_folder)
        stacks = json.loads(settings.outputs_file.read_text())
        outputs = {name: value for stack in stacks.values() for name, value in stack.items()}
        self.api = json.loads(settings.urls_file.read_text())["api"]
        self.table = outputs["TableName"]
        self.endpoint = outputs["EndpointName"]
        self.dynamodb = make_client(settings, credentials, "dynamodb")
        self.runtime = make_client(settings, credentials, "sagemaker-runtime")
        self.rows = 0
        tables = self.dynamodb.list_tables()["TableNames"]
        (self.tally,) = (name for name in tables if "Api-Tally" in name)
        self.sums = self.dynamodb.scan(TableName=self.tally)["Items"]
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def grow(self, size: int) -> None:
        """Add rows until there are `size` of them."""
        numbers = range(self.rows, size)
        self._write(
            self.table,
            [{"PutRequest": {"Item": _item(number)}} for number in numbers],
        )
        self.rows = size

    def shrink(self) -> None:
        """Remove the rows that were added, and what they added to the sums of the insights."""
        keys = ({"ID": {"S": f"{PREFIX}{number}"}} for number in range(self.rows))
        self._write(self.table, [{"DeleteRequest": {"Key": key}} for key in keys])
        now = self.dynamodb.scan(TableName=self.tally)["Items"]
        added = [{"DeleteRequest": {"Key": {"Shard": item["Shard"]}}} for item in now]
        self._write(self.tally, added)
        self._write(self.tally, [{"PutRequest": {"Item": item}} for item in self.sums])

    def selected(self, turn: int) -> list[str]:
        """Return ids of rows spread over the table, others in every turn."""
        step = self.rows // SELECTED
        return [f"{PREFIX}{number * step + turn}" for number in range(SELECTED)]

    def identify(self, ids: Sequence[str]) -> None:
        """Identify through the API, as the page does."""
        request = urllib.request.Request(  # noqa: S310 - a URL of this machine
            f"{self.api}/identifygender",
            data=json.dumps({"ids": list(ids)}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with self.opener.open(request, timeout=60) as response:
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
            pending = {table: list(requests[start : start + ROWS_PER_BATCH])}
            while pending:
                pending = self.dynamodb.batch_write_item(RequestItems=pending)["UnprocessedItems"]


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


def main() -> None:
    """Measure and write."""
    benchmark = Benchmark()
    ours: dict[str, float] = {}
    # The embedded AWS saves its whole state every few seconds: the best shows what is ours.
    best: dict[str, float] = {}
    repeated: dict[str, float] = {}
    workshop = 0.0
    try:
        for size in SIZES:
            benchmark.grow(size)
            # Every turn takes rows that were not identified before; then the same once more.
            times = [
                seconds(lambda turn=turn: benchmark.identify(benchmark.selected(turn)))  # type: ignore[misc]
                for turn in range(1, REPEATS + 1)
            ]
            ours[f"{size:,}"] = round(statistics.median(times), 3)
            best[f"{size:,}"] = round(min(times), 3)
            repeated[f"{size:,}"] = round(
                statistics.median(
                    seconds(lambda: benchmark.identify(benchmark.selected(1)))
                    for _ in range(REPEATS)
                ),
                3,
            )
            if size == COMPARED:
                workshop = seconds(
                    lambda: benchmark.identify_as_the_workshop(benchmark.selected(20))
                )
    finally:
        benchmark.shrink()
    result = {
        "command": "python -m benchmarks.identify",
        "machine": {
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "load_average": os.getloadavg()[0],
        },
        "selected": SELECTED,
        "seconds_by_rows": ours,
        "seconds_by_rows_best": best,
        "seconds_by_rows_repeated": repeated,
        "workshop_seconds": {f"{COMPARED:,}": round(workshop, 1)},
        "times_faster": round(workshop / ours[f"{COMPARED:,}"]),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(f"Identify Gender, {SELECTED} selected rows, seconds")
    for rows, measured in ours.items():
        others = f"best {best[rows]:.3f}   again {repeated[rows]:.3f}"
        print(f"  among {rows:>8} rows  {measured:8.3f}   {others}")
    print(f"  the workshop's way among {COMPARED:,} rows  {workshop:8.1f}")
    print(f"  {result['times_faster']} times faster")


if __name__ == "__main__":
    main()
