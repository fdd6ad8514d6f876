"""The program ``serve`` as an endpoint runs it: the shipped model, in little memory."""

from __future__ import annotations

import json
import socket
import statistics
import time
from typing import TYPE_CHECKING

from tests.container.containers import SERVING_MEMORY_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Figures, Images
    from .containers import Container, Workplace

_STARTS = 5
# Fetches a page from inside, where no network leads.
_INSIDE = (
    "import sys, urllib.request as http;"
    "request = http.Request('http://127.0.0.1:8080/invocations', data=b'Mary,Tom',"
    " headers={'Content-Type': 'text/csv'});"
    "print(http.urlopen(request).read().decode())"
)


def status_of_process_1(container: Container) -> dict[str, str]:
    lines = container.execute("cat", "/proc/1/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_it_answers_as_the_contract_says(
    workplace: Workplace, images: Images, shipped_model: Path
) -> None:
    server = workplace.serve(images.serve, shipped_model)
    server.wait_for_ping()
    status, body = server.ask("/invocations", b"Mary,Tom", "text/csv")
    assert (status, json.loads(body)) == (200, {"Mary": "F", "Tom": "M"})
    status, body = server.ask("/invocations", b'{"name": "Mary"}\n', "application/jsonlines")
    assert (status, json.loads(body)["gender"]) == (200, "F")
    status, body = server.ask("/invocations", b'{"names": ["", "Mary"]}', "application/json")
    assert [entry["gender"] for entry in json.loads(body)["predictions"]] == ["U", "F"]
    assert server.ask("/invocations", b"Mary", "text/html")[0] == 415
    assert server.ask("/invocations", b"{", "application/json")[0] == 400
    assert server.ask("/invocations", b"x" * 7_000_000, "text/csv")[0] == 413
    assert server.ask("/nowhere")[0] == 404


def test_it_serves_without_root_and_without_capabilities(
    workplace: Workplace, images: Images, shipped_model: Path
) -> None:
    server = workplace.serve(images.serve, shipped_model)
    server.wait_for_ping()
    status = status_of_process_1(server)
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"10001"}
    assert int(status["CapEff"], 16) == 0


def test_it_serves_as_any_user_that_the_host_chooses(
    workplace: Workplace, images: Images, shipped_model: Path
) -> None:
    server = workplace.serve(images.serve, shipped_model, "--user", "4711:4711")
    server.wait_for_ping()
    assert set(status_of_process_1(server)["Uid"].split()) == {"4711"}


def test_it_serves_where_changing_the_user_is_not_permitted(
    workplace: Workplace, images: Images, shipped_model: Path
) -> None:
    server = workplace.serve(images.serve, shipped_model, "--cap-drop", "ALL")
    server.wait_for_ping()
    assert "not permitted to become user 10001" in server.log()


def test_it_needs_no_network_and_calls_itself_healthy(
    workplace: Workplace, images: Images, shipped_model: Path
) -> None:
    server = workplace.start(
        images.serve,
        "serve",
        *("--network", "none", "--volume", f"{shipped_model}:/opt/ml/model:ro"),
        *("--health-interval", "1s"),
    )
    server.wait_for_log("serving model")
    answer = server.execute("/opt/venv/bin/python", "-c", _INSIDE)
    assert json.loads(answer) == {"Mary": "F", "Tom": "M"}
    deadline = time.monotonic() + 60
    while (health := server.inspect(".State.Health.Status")) == "starting":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert health == "healthy"


def test_sigterm_lets_a_request_finish_and_ends_with_zero(
    workplace: Workplace, images: Images, shipped_model: Path, figures: Figures
) -> None:
    server = workplace.serve(images.serve, shipped_model)
    server.wait_for_ping()
    host, port = server.address()
    body = b'{"names": ["Mary"]}'
    headers = (
        "POST /invocations HTTP/1.1\r\nHost: model\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(headers.encode())
        # Now it has begun to read the request.
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        began = time.monotonic()
        server.signal("TERM")
        connection.sendall(body)
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 200")
    assert server.wait() == 0, server.log()
    figures.values["seconds_from_sigterm_to_end_of_serving"] = round(time.monotonic() - began, 2)


def test_folder_without_a_model_ends_it_with_the_reason(
    workplace: Workplace, images: Images
) -> None:
    server = workplace.serve(images.serve, workplace.model)
    assert server.wait() == 1
    assert "No model can be read from /opt/ml/model" in server.log()


def test_cold_start_and_memory(
    workplace: Workplace, images: Images, shipped_model: Path, figures: Figures
) -> None:
    starts = []
    for _ in range(_STARTS):
        began = time.monotonic()
        server = workplace.serve(images.serve, shipped_model)
        server.wait_for_ping()
        starts.append(time.monotonic() - began)
    assert server.ask("/invocations", b'{"names": ["Mary"]}', "application/json")[0] == 200
    peak = server.execute("cat", "/sys/fs/cgroup/memory/memory.max_usage_in_bytes", check=False)
    figures.values["serving"] = {
        "seconds_from_docker_run_to_ping": {
            "median": round(statistics.median(starts), 2),
            "all": [round(seconds, 2) for seconds in starts],
        },
        "memory_limit_bytes": SERVING_MEMORY_BYTES,
        "memory_peak_bytes": int(peak) if peak.strip().isdigit() else None,
        "resident_kilobytes": int(status_of_process_1(server)["VmHWM"].split()[0]),
    }
