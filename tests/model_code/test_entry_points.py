"""The handlers that AWS's Python containers call, in the server that stands for the container's."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from model_code.invocations import MAXIMUM_BYTES, MAXIMUM_NAMES
from tests.model_code.conftest import REPOSITORY, Job
from tests.model_code.servers import Server, running

ENTRY_POINTS = REPOSITORY / "model_code" / "entry_points"
CONTAINER = (str(REPOSITORY / "local" / "sagemaker" / "handler_host.py"),)
SETTINGS = {"CONFIDENCE_THRESHOLD": "0.8", "POPULATION": "world"}


@pytest.fixture(scope="module")
def own(trained: Job) -> Iterator[Server]:
    with running(trained.model, **SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def container(trained: Job) -> Iterator[Server]:
    code = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": str(ENTRY_POINTS)}
    path = {"PYTHONPATH": str(REPOSITORY)}
    with running(trained.model, CONTAINER, **SETTINGS, **code, **path) as server:
        yield server


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ('{"names": ["Anna", "Zoë", "Andrea", 7]}'.encode(), "application/json", 200),
        (b'\xef\xbb\xbf{"names": ["Anna"]}', "application/json", 200),
        ("Anna,Peter\nZoë\n".encode(), "text/csv", 200),
        ("Anna,Peter\nZoë\n".encode(), "text/csv; charset=utf-8", 200),
        ('{"name": "Anna"}\n"Zoë"\n'.encode(), "application/jsonlines", 200),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"names": ["Anna"], "population": "mars"}', "application/json", 400),
        (b"\xff", "application/jsonlines", 400),
        (b"x" * (MAXIMUM_BYTES + 1), "text/csv", 413),
        (b"\xc3\xab" * (MAXIMUM_BYTES // 2) + b"x", "application/json", 413),
        (b"Anna\n" * (MAXIMUM_NAMES + 1), "text/csv", 413),
        (b"Anna", "image/png", 415),
    ],
)
def test_handlers_answer_as_the_own_server_does(
    own: Server, container: Server, body: bytes, content_type: str, status: int
) -> None:
    answer = container.ask(body, content_type)
    assert answer.status == status
    assert answer == own.ask(body, content_type)


def test_handlers_need_nothing_that_the_container_lacks(trained: Job) -> None:
    program = (
        "import sys, inference; inference.model_fn(sys.argv[1]);"
        "assert not {'waitress', 'tensorflow', 'keras', 'PIL'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(trained.model)],
        env={"PYTHONPATH": f"{REPOSITORY}:{ENTRY_POINTS}"},
        check=True,
    )
