"""The REST API as its clients meet it, on the embedded AWS."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Application

CONTRACT = PROJECT_ROOT / "lambda" / "openapi" / "open.json"


def enter(application: Application, first_name: str) -> str:
    """Enter a feedback and return its ID."""
    body = {"FirstName": first_name, "Feedback": "Wonderful!"}
    status, answer = application.call("POST", "/feedback", body)
    assert status == 200, answer
    identifier: str = answer["ID"]
    return identifier


def patiently(application: Application, method: str, path: str, body: Any) -> int:
    """Send a request, again while the stage throttles, and return the status."""
    status = 429
    for _ in range(100):
        status, _ = application.call(method, path, body)
        if status != 429:
            break
        time.sleep(random.uniform(0.1, 0.5))  # noqa: S311
    return status


def test_the_contract_holds(application: Application, tmp_path: Path) -> None:
    """Fuzzed with valid and invalid requests, all checks of schemathesis on."""
    assert application.call("GET", "/openapi.json")[0] == 200
    fuzzed = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            str(CONTRACT),
            f"--url={application.urls['api']}",
            "--checks=all",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=20",
            "--generation-deterministic",
            # Below the stage's throttle.
            "--rate-limit=30/s",
            "--no-color",
        ],
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert fuzzed.returncode == 0, fuzzed.stdout


def test_many_clients_on_the_same_rows(application: Application) -> None:
    """No correction is lost, no deleted row comes back, nobody gets a 5xx, the sums are right."""
    before = application.call("GET", "/insights")[1]
    ids = [enter(application, name) for name in ("Mary", "Tom", "Kim") for _ in range(8)]
    corrected, deleted = set(ids[:8]), set(ids[8:16])

    def act(client: int) -> list[int]:
        chance = random.Random(client)  # noqa: S311
        shuffled = chance.sample(ids, len(ids))
        if client % 5 == 0:
            return [
                patiently(application, "PUT", f"/feedback/{identifier}/gender", {"gender": "X"})
                for identifier in shuffled
                if identifier in corrected
            ]
        if client % 5 == 1:
            return [
                patiently(application, "DELETE", f"/feedback/{identifier}", None)
                for identifier in shuffled
                if identifier in deleted
            ]
        return [
            patiently(application, "POST", route, {"ids": shuffled})
            for route in ("/identifygender", "/predictsentiment")
        ]

    with ThreadPoolExecutor(max_workers=50) as pool:
        statuses = {status for client in pool.map(act, range(50)) for status in client}

    assert statuses <= {200, 204, 404}
    rows = {row["ID"]: row for row in application.call("GET", "/getallcontents")[1]}
    assert not deleted & set(rows)
    assert {rows[identifier]["Gender"] for identifier in corrected} == {"X"}
    assert {rows[identifier]["GenderSource"] for identifier in ids[16:]} == {"inferred"}
    after = application.call("GET", "/insights")[1]
    assert [after[name] - before[name] for name in ("feedbacks", "rated")] == [16, 16]
    more = {name: after["genders"][name] - before["genders"][name] for name in before["genders"]}
    assert (more["X"], more["self_described"], more["not_identified"]) == (8, 8, 0)
    assert more["F"] + more["M"] + more["U"] == 8
