"""The server as a process: its contract, and whatever bytes arrive."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from model_code.invocations import MAXIMUM_BYTES, MAXIMUM_NAMES
from tests.model_code.conftest import REPOSITORY, Job
from tests.model_code.servers import Server, running, send, start


@pytest.fixture(scope="module")
def server(trained: Job) -> Iterator[Server]:
    with running(trained.model, CONFIDENCE_THRESHOLD="0.8", POPULATION="world") as server:
        yield server


def test_json(server: Server) -> None:
    answer = server.names(["Anna", "", "Peter", "qqqq", "王伟", None, 7])
    entries = answer["predictions"]
    assert [entry["gender"] for entry in entries] == ["F", "U", "M", "U", "U", "U", "U"]
    assert [entry["name"] for entry in entries] == ["Anna", "", "Peter", "qqqq", "王伟", None, None]
    assert entries[0]["probability"] == entries[0]["probability_female"] > 0.8
    assert "reason" not in entries[0]
    assert entries[3]["probability"] is None
    assert entries[3]["reason"] == "not a name"
    assert entries[4]["reason"] == "script not covered"
    assert answer["model"] == json.loads(send(f"{server.url}/ping").body)["model"]


def test_population_of_the_request_beats_that_of_the_server(server: Server) -> None:
    assert server.names(["Andrea"])["predictions"][0]["gender"] == "U"
    assert server.names(["Andrea"], population="us")["predictions"][0]["gender"] == "F"


def test_csv(server: Server) -> None:
    answer = server.ask(b"Anna,Peter\nZo\xc3\xab\n", "text/csv; charset=utf-8")
    assert answer.content_type == "application/json"
    assert answer.json["Anna"] == "F"
    assert list(answer.json) == ["Anna", "Peter", "Zoë"]


@pytest.mark.parametrize("hostile", ['"', 'O"Neal', "\x00", "x" * 200_000, "\r", '"""'])
def test_a_hostile_line_of_csv_costs_no_other_line(server: Server, hostile: str) -> None:
    answer = server.ask(f"Anna\n{hostile}\nPeter\n".encode(), "text/csv")
    assert answer.status == 200
    assert (answer.json["Anna"], answer.json["Peter"]) == ("F", "M")


def test_json_lines(server: Server) -> None:
    body = '{"name": "Anna"}\n\n"Peter"\r\n{"x": 1}\n{"name": "\u2028\x85"}\n'.encode()
    answer = server.ask(body, "application/jsonlines")
    assert answer.content_type == "application/jsonlines"
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert [line["gender"] for line in lines] == ["F", "M", "U", "U"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"   ", "text/csv", 400),
        (b"\xff\xfe\xfa", "application/json", 400),
        (b"\xff\xfe\xfa", "text/csv", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"names": "Anna"}', "application/json", 400),
        (b'{"names": ["Anna"], "population": "mars"}', "application/json", 400),
        (b'{"names": ["Anna"], "population": ["us"]}', "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b"{\n}\n{", "application/jsonlines", 400),
        (b"Anna", "image/png", 415),
        (b"Anna", "", 415),
        (b"x" * (MAXIMUM_BYTES + 1), "text/csv", 413),
        (b"x" * 10_000_000, "application/json", 413),
        (json.dumps({"names": ["Anna"] * 100_000}).encode(), "application/json", 413),
        (b"Anna\n" * (MAXIMUM_NAMES + 1), "text/csv", 413),
    ],
)
def test_what_cannot_be_answered_is_refused(
    server: Server, body: bytes, content_type: str, status: int
) -> None:
    answer = server.ask(body, content_type)
    assert answer.status == status
    assert set(answer.json["error"]) == {"code", "message"}
    if status == 413:
        assert (
            str(MAXIMUM_BYTES) in answer.json["error"]["message"]
            or str(MAXIMUM_NAMES) in answer.json["error"]["message"]
        )


def test_unknown_routes_and_methods(server: Server) -> None:
    assert send(f"{server.url}/").status == 404
    assert send(f"{server.url}/invocations").status == 405


def test_hostile_names_never_fail_their_batch(server: Server) -> None:
    hostile = [
        "\x00", "\x1b[31m", "\ud800", "𓀀", "a\u0301" * 5000, "🙂" * 100, "'; DROP TABLE", "-" * 300,
        "\u202eanna", {"a": [1]}, [["x"]], 1e400, True, "é" * 401, "ﷺ", "x" * 100_000, "\n\n",
        "ⅷ", "़", "1", ".", "𝔐𝔞𝔯𝔶",
    ]  # fmt: skip
    answer = server.names(["Anna", *hostile, "Peter"])
    entries = answer["predictions"]
    assert len(entries) == len(hostile) + 2
    assert (entries[0]["gender"], entries[-1]["gender"]) == ("F", "M")
    echoed = [text if isinstance(text, str) else None for text in hostile]
    assert [entry["name"] for entry in entries[1:-1]] == echoed


@pytest.mark.parametrize("entry", [b"9" * 10_000, b'"\x00\x1b\n"', b"[" * 500 + b"]" * 500])
def test_an_odd_entry_of_json_costs_no_other(server: Server, entry: bytes) -> None:
    answer = server.ask(b'{"names": ["Anna", ' + entry + b', "Peter"]}')
    assert [each["gender"] for each in answer.json["predictions"]] == ["F", "U", "M"]


def test_random_bytes_get_an_answer(server: Server) -> None:
    dice = random.Random(4)  # noqa: S311  (to repeat, not to keep secret)
    for _ in range(200):
        body = dice.randbytes(dice.randint(1, 300))
        kind = dice.choice(["application/json", "text/csv", "application/jsonlines"])
        assert server.ask(body, kind).status in (200, 400)


def test_random_texts_get_an_answer(server: Server) -> None:
    dice = random.Random(5)  # noqa: S311
    texts = [
        "".join(chr(dice.randrange(0x3000)) for _ in range(dice.randint(0, 30)))
        for _ in range(2000)
    ]
    assert len(server.names(texts)["predictions"]) == len(texts)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"CONFIDENCE_THRESHOLD": "2"}, "CONFIDENCE_THRESHOLD must be a number from 0.5 to 1"),
        ({"POPULATION": "mars"}, "POPULATION must be one of"),
        ({"SAGEMAKER_BIND_TO_PORT": "http"}, "SAGEMAKER_BIND_TO_PORT must be a whole number"),
        ({"SM_MODEL_DIR": "/nowhere"}, "No model can be read from /nowhere"),
    ],
)
def test_wrong_settings_are_said_at_start(
    trained: Job, environment: dict[str, str], message: str
) -> None:
    process, _ = start(trained.model, **environment)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert message in errors


def test_serving_does_not_import_tensorflow(trained: Job) -> None:
    program = (
        "import sys; from model_code.settings import ServingSettings; import os;"
        "from model_code import serve;"
        "serve.ServedModel.load(ServingSettings.from_environment(os.environ));"
        "assert not {'tensorflow', 'keras', 'PIL'} & set(sys.modules)"
    )
    environment = {**os.environ, "SM_MODEL_DIR": str(trained.model)}
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, env=environment, check=True)
