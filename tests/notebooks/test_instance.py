"""The notebook instance as the deploy makes it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from local import loopback
from tests.local.sagemaker.workbench import new_repository
from tests.notebooks.classroom import LESSONS, Classroom


def test_lessons_and_container_are_delivered(classroom: Classroom) -> None:
    assert classroom.instance["NotebookInstanceStatus"] == "InService"
    delivered = sorted(path.name for path in (classroom.workshop / "notebooks").glob("*.ipynb"))
    assert delivered == LESSONS
    assert (classroom.workshop / "container" / "train.py").is_file()
    assert (classroom.workshop / "container" / "Dockerfile").is_file()
    assert "nlp-workshop is ready" in classroom.log("LifecycleConfigOnCreate")
    assert "The lessons of s3://" in classroom.log("LifecycleConfigOnStart")


def test_second_start_keeps_what_was_changed_and_brings_back_what_was_lost(
    classroom: Classroom,
) -> None:
    notebooks = classroom.workshop / "notebooks"
    own, changed, lost = (notebooks / name for name in ("own.ipynb", LESSONS[0], LESSONS[1]))
    original = changed.read_bytes()
    own.write_text("mine")
    changed.write_text("changed by me")
    lost.unlink()
    classroom.restart()
    assert own.read_text() == "mine"
    assert changed.read_text() == "changed by me"
    assert lost.is_file()
    assert not changed.with_suffix(".ipynb.new").exists()
    changed.write_bytes(original)
    own.unlink()


def test_named_repository_takes_the_place_of_the_lessons(classroom: Classroom) -> None:
    home = classroom.emulator.folder
    origin = new_repository(home / "origin" / "team.git", {"own.ipynb": "our lesson"})
    # What git would do for this address at the user's wish, it does on the instance as well.
    (home / ".gitconfig").write_text(
        f'[url "file://{origin.parent}/"]\n\tinsteadOf = https://git.example/\n'
    )
    volume = classroom.volume_of_an_instance_with("https://git.example/team.git")
    assert (volume / "team" / "own.ipynb").read_text() == "our lesson"
    assert not (volume / "nlp-workshop").exists()
    assert (volume / ".voc-gender" / "instance" / "auto_stop.py").is_file()


def test_presigned_url_opens_jupyterlab_with_the_lessons_and_their_kernel(
    classroom: Classroom,
) -> None:
    url, token = classroom.open()
    assert ask(f"{url}/api/contents/nlp-workshop/notebooks", token)["type"] == "directory"
    kernels = ask(f"{url}/api/kernelspecs", token)["kernelspecs"]
    assert kernels["voc-gender"]["spec"]["display_name"] == "VOC Gender (Python 3)"
    assert classroom.open() == (url, token)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask(f"{url}/api/contents", "guessed")


@pytest.mark.usefixtures("idle_instance")
def test_idle_instance_stops_itself(classroom: Classroom) -> None:
    assert classroom.instance["NotebookInstanceStatus"] == "InService"


def ask(url: str, token: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    with loopback.open_url(request, timeout_seconds=30) as response:
        return json.load(response)
