from __future__ import annotations

import io
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from local.dockerfile import DockerfileError, read_stage
from local.image_client import PROGRAM, STORE_VARIABLE, ImageError, ImageStore
from local.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = """\
ARG BASE=python:3.12
# A comment \\
FROM ${BASE} AS serve
RUN pip install \\
    --no-cache-dir nothing
WORKDIR /opt
WORKDIR program
COPY --chown=1:1 . package/
COPY notes.txt /etc/notes
COPY *.txt texts/
ENTRYPOINT ["python", "-m", "package"]
FROM serve AS train
COPY --from=serve /etc/notes /etc/other
ENTRYPOINT ["python", "-m", "package.both"]
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "notes.txt").write_text("notes")
    return folder


def test_stage_inherits_and_the_last_is_the_default(context: Path) -> None:
    serve = read_stage(context / "Dockerfile", "serve")
    assert serve.entry_point == ["python", "-m", "package"]
    assert serve.working_folder == "/opt/program"
    assert serve.copies == [
        (".", "/opt/program/package/"),
        ("notes.txt", "/etc/notes"),
        ("*.txt", "/opt/program/texts/"),
    ]
    train = read_stage(context / "Dockerfile", None)
    assert train.entry_point == ["python", "-m", "package.both"]
    assert train.copies == serve.copies


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("FROM a\nENTRYPOINT python train", "exec form"),
        ("FROM a\nRUN true", "no ENTRYPOINT"),
        ('FROM a AS b\nENTRYPOINT ["x"]', "no stage train"),
    ],
)
def test_what_cannot_be_started_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    target = "train" if "stage" in complaint else None
    with pytest.raises(DockerfileError, match=complaint):
        read_stage(tmp_path / "Dockerfile", target)


def test_same_context_makes_the_same_image(tmp_path: Path, context: Path) -> None:
    store = ImageStore(tmp_path / "store")
    file = context / "Dockerfile"
    first = store.build(context, name="a", dockerfile=file, target="serve")
    assert store.build(context, name="b:1", dockerfile=file, target="serve") == first
    (layer,) = {path.read_bytes() for path in (tmp_path / "store").glob("*/layer")}
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        assert tar.getnames() == [
            "etc/notes",
            "opt/program/package/Dockerfile",
            "opt/program/package/notes.txt",
            "opt/program/texts/notes.txt",
        ]
    (context / "notes.txt").write_text("changed")
    assert store.build(context, name="a", dockerfile=file, target="serve") != first


def test_missing_source_is_named(tmp_path: Path, context: Path) -> None:
    (context / "notes.txt").unlink()
    store = ImageStore(tmp_path / "store")
    with pytest.raises(ImageError, match=r"COPY notes.txt: not found"):
        store.build(context, name="a", dockerfile=context / "Dockerfile", target=None)


def test_commands_of_the_cdk(tmp_path: Path, context: Path) -> None:
    def docker(*arguments: str) -> int:
        return subprocess.run(
            [str(PROGRAM), *arguments],
            cwd=context,
            env={
                "PATH": f"{PROJECT_ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
                STORE_VARIABLE: str(tmp_path / "store"),
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            },
            input=b"password",
            capture_output=True,
            check=False,
        ).returncode

    remote = "000000000000.dkr.ecr.us-east-1.amazonaws.com/assets:abc"
    assert docker("inspect", "cdkasset-abc") == 1
    build = ("build", "--build-arg", "BASE=b", "--secret", "id=ca,src=x", "--tag", "cdkasset-abc")
    assert docker(*build, "--target", "serve", "--platform", "linux/amd64", ".") == 0
    assert docker("inspect", "cdkasset-abc") == 0
    assert docker("tag", "cdkasset-abc", remote) == 0
    assert docker("login", "--username", "AWS", "--password-stdin", "registry") == 0
    assert docker("images", "--format", "{{.Tag}}", "--filter", "reference=*/*:abc") == 0
    # Nothing answers there.
    assert docker("push", remote) == 1
