"""Clients of the application, for locust: ``locust --locustfile soak/clients.py --headless``.

Every client behaves as a careful one does: it sends a request again when it is told to, or when
nobody answers, after the time that it is told. It writes down every attempt at a change before
it is made and every acknowledgement (``ledger.jsonl``), and every answer with its time
(``samples.jsonl``), both in the folder that ``SOAK_FOLDER`` names.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gevent
from gevent.pool import Pool
from locust import FastHttpUser, between, task

FOLDER = Path(os.environ["SOAK_FOLDER"])
BURST_REQUESTS = int(os.environ.get("SOAK_BURST_REQUESTS", "0"))
BURST_SECONDS = 45.0
PATIENCE_SECONDS = 120.0
FIRST_NAMES = ("Mary", "Tom", "José", "Aiko", "Kwame", "Zeynep", "Siobhán", "Viktor", "Kim", "Ann")
TEXTS = (
    "Wonderful service, I will come again.",
    "The room was dirty and the staff was rude.",
    "It was a stay like any other.",
    "Great breakfast, awful bed.",
)
ROWS_PER_CLIENT = 60

_numbers = itertools.count(1)
_ledger = (FOLDER / "ledger.jsonl").open("a", buffering=1)
_samples = (FOLDER / "samples.jsonl").open("a", buffering=1)


def attempt(**change: Any) -> int:
    """Write down that a change is about to be asked for; return its number in this process."""
    number = next(_numbers)
    _ledger.write(json.dumps({"run": os.getpid(), "attempt": number, **change}) + "\n")
    return number


def acknowledged(number: int, **answer: Any) -> None:
    """Write down that a change was acknowledged."""
    _ledger.write(json.dumps({"run": os.getpid(), "acknowledged": number, **answer}) + "\n")


class Client(FastHttpUser):
    """One customer or analyst, with the feedbacks that this client entered."""

    wait_time = between(0.3, 1.2)
    network_timeout = 60.0
    connection_timeout = 5.0

    def on_start(self) -> None:
        """Begin without feedbacks."""
        self.chance = random.Random()  # noqa: S311 - a load profile, no secret
        self.rows: list[str] = []

    @task(28)
    def enter(self) -> None:
        """Enter a feedback in a way that may be repeated."""
        identifier = enter_once(self)
        if identifier is not None:
            self.rows.append(identifier)
        if len(self.rows) > ROWS_PER_CLIENT:
            self.forget()

    @task(4)
    def enter_as_the_workshop(self) -> None:
        """Enter a feedback by a GET, which is not repeated when nobody answers."""
        marker = uuid.uuid4().hex
        feedback = new_feedback(self.chance, marker)
        number = attempt(kind="enter", marker=marker, first=feedback["FirstName"], once=False)
        answer = self.send("GET", "/enterfeedback", query=feedback, again={429})
        if answer is not None:
            acknowledged(number, id=answer["ID"])
            self.rows.append(answer["ID"])

    @task(22)
    def look(self) -> None:
        """Open the page."""
        self.send("GET", "/getallcontents", query={"limit": "25"})

    @task(10)
    def identify(self) -> None:
        """Press the button, with some of one's own feedbacks selected."""
        ids = self.some(20)
        number = attempt(kind="identify", ids=ids)
        answer = self.send("POST", "/identifygender", body={"ids": ids}) if ids else None
        if answer is not None:
            found = {
                result["id"]: result["gender"]
                for result in answer["results"]
                if "error" not in result
            }
            acknowledged(number, genders=found)

    @task(3)
    def identify_what_others_entered(self) -> None:
        """Press the button on the newest feedbacks, which others change at the same time."""
        page = self.send("GET", "/getallcontents", query={"limit": "10"})
        if page:
            self.send("POST", "/identifygender", body={"ids": [row["ID"] for row in page]})

    @task(3)
    def identify_as_the_workshop(self) -> None:
        """Press the workshop's button."""
        ids = self.some(5)
        if ids:
            self.send("GET", "/identifygender", query={"Id": ",".join(ids)})

    @task(8)
    def judge(self) -> None:
        """Ask for sentiments."""
        ids = self.some(20)
        number = attempt(kind="judge", ids=ids)
        answer = self.send("POST", "/predictsentiment", body={"ids": ids}) if ids else None
        if answer is not None:
            found = {
                result["id"]: result["sentiment"]
                for result in answer["results"]
                if "error" not in result
            }
            acknowledged(number, sentiments=found)

    @task(2)
    def judge_as_the_workshop(self) -> None:
        """Ask for sentiments, the workshop's way."""
        ids = self.some(5)
        if ids:
            self.send("GET", "/predictsentiment", query={"Id": ",".join(ids)})

    @task(6)
    def predict(self) -> None:
        """Ask about names without storing anything."""
        names = self.chance.choices(FIRST_NAMES, k=self.chance.choice((1, 10, 100)))
        self.send("POST", "/predict", body={"names": names})

    @task(5)
    def say(self) -> None:
        """Say one's own gender."""
        ids = self.some(1)
        if not ids:
            return
        gender = self.chance.choice("FMX")
        number = attempt(kind="say", ids=ids, gender=gender)
        path = f"/feedback/{ids[0]}/gender"
        body = {"gender": gender}
        answer = self.send("PUT", path, route="/feedback/{id}/gender", body=body)
        if answer is not None:
            acknowledged(number)

    @task(3)
    def forget(self) -> None:
        """Delete a feedback."""
        ids = self.some(1)
        if not ids:
            return
        self.rows.remove(ids[0])
        number = attempt(kind="delete", ids=ids)
        # A repeated deletion finds nothing: gone is what was asked for.
        path = f"/feedback/{ids[0]}"
        answer = self.send("DELETE", path, route="/feedback/{id}", done={204, 404})
        if answer is not None:
            acknowledged(number)

    @task(5)
    def insights(self) -> None:
        """Read the answer."""
        self.send("GET", "/insights")

    @task(1)
    def contract(self) -> None:
        """Read the contract."""
        self.send("GET", "/openapi.json")

    def some(self, most: int) -> list[str]:
        """Return some of this client's feedbacks."""
        return self.chance.sample(self.rows, min(len(self.rows), self.chance.randint(1, most)))

    def send(
        self,
        method: str,
        path: str,
        *,
        route: str | None = None,
        query: dict[str, str] | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        done: frozenset[int] | set[int] = frozenset({200, 204}),
        again: frozenset[int] | set[int] | None = None,
    ) -> Any:
        """Send a request until it is done; return the answer, or None if it is not.

        Parameters
        ----------
        method, path, query, body, headers
            The request.
        route
            Its name in the report, by default the path.
        done
            Statuses that mean success.
        again
            Statuses after which the same request is sent again; by default those that pass,
            and no answer at all (0).
        """
        name = f"{method} {route or path}"
        url = path + ("?" + urlencode(query) if query else "")
        patience = time.monotonic() + PATIENCE_SECONDS
        pause = 0.25
        while True:
            begun, started = time.time(), time.perf_counter()
            with self.client.request(
                method, url, name=name, json=body, headers=headers, catch_response=True
            ) as response:
                milliseconds = (time.perf_counter() - started) * 1000
                status = int(response.status_code or 0)
                answer = parsed(response.text) if status else None
                retry_after = response.headers.get("Retry-After") if status else None
                code = error_code(answer)
                if status in done:
                    response.success()
                else:
                    response.failure(f"{status} {code}")
            sample = [round(begun, 3), name, round(milliseconds, 1), status, code, retry_after]
            _samples.write(json.dumps(sample) + "\n")
            if status in done:
                return answer if answer is not None else {}
            passes = status in {0, 429} or status >= 500 or (status == 409 and retry_after)
            repeat = passes if again is None else status in again
            if not repeat or time.monotonic() > patience:
                return None
            wait = float(retry_after) if retry_after else pause
            gevent.sleep(wait * random.uniform(1.0, 1.5))  # noqa: S311 - jitter
            pause = min(2.0, pause * 2)


class Burst(Client):
    """A client that hands in a pile of feedbacks at once, more than the stage's throttle takes."""

    fixed_count = 1 if BURST_REQUESTS else 0
    weight = 0 if not BURST_REQUESTS else 1
    abstract = not BURST_REQUESTS
    concurrency = max(10, BURST_REQUESTS)
    wait_time = between(BURST_SECONDS, BURST_SECONDS * 1.2)

    def pile(self) -> None:
        """Enter many feedbacks at the same moment."""
        pool = Pool(BURST_REQUESTS)
        for _ in range(BURST_REQUESTS):
            pool.spawn(enter_once, self)
        pool.join()


Burst.tasks = [Burst.pile]


def enter_once(client: Client) -> str | None:
    """Enter a feedback with an Idempotency-Key; return its ID if it was acknowledged."""
    marker = uuid.uuid4().hex
    feedback = new_feedback(client.chance, marker)
    number = attempt(kind="enter", marker=marker, first=feedback["FirstName"], once=True)
    headers = {"Idempotency-Key": marker}
    answer = client.send("POST", "/feedback", body=feedback, headers=headers)
    if answer is None:
        return None
    acknowledged(number, id=answer["ID"])
    identifier: str = answer["ID"]
    return identifier


def new_feedback(chance: random.Random, marker: str) -> dict[str, str]:
    """Return a feedback whose last name is the marker by which it is found again."""
    return {
        "FirstName": chance.choice(FIRST_NAMES),
        "LastName": marker,
        "Feedback": chance.choice(TEXTS),
    }


def parsed(text: str | None) -> Any:
    """Return a body's JSON, or None."""
    try:
        return json.loads(text or "")
    except ValueError:
        return None


def error_code(answer: Any) -> str:
    """Return the code of an answer that is an error, or nothing."""
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        return str(answer["error"].get("code", ""))
    if isinstance(answer, dict) and "message" in answer:
        return "gateway"
    return ""
