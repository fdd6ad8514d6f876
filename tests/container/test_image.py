"""What is in the image, and what it says about itself."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Figures, Images
    from .engine import Engine


def described(docker: Engine, image: str) -> dict[str, Any]:
    configuration: dict[str, Any] = json.loads(
        docker.run("image", "inspect", "--format", "{{json .Config}}", image).stdout
    )
    return configuration


def python(docker: Engine, image: str, code: str) -> str:
    """Run some Python in an image, without network."""
    return docker.run(
        *("run", "--rm", "--network", "none", "--entrypoint", "/opt/venv/bin/python"),
        *(image, "-c", code),
    ).stdout.strip()


def test_entry_point_is_in_exec_form_and_labels_say_what_it_is(
    running: tuple[Engine, Path], images: Images
) -> None:
    docker = running[0]
    for image in (images.serve, images.train):
        configuration = described(docker, image)
        assert configuration["Entrypoint"] == ["/opt/venv/bin/python", "-m", "model_code"]
        labels = configuration["Labels"]
        assert labels["org.opencontainers.image.title"] == "voc-gender"
        assert labels["org.opencontainers.image.base.name"] == images.base
        assert labels["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert described(docker, images.serve)["Healthcheck"]["Test"][0] == "CMD"
    assert described(docker, images.train)["Healthcheck"]["Test"] == ["NONE"]


def test_what_serves_holds_no_tensorflow_and_nothing_that_installs(
    running: tuple[Engine, Path], images: Images
) -> None:
    found = python(
        running[0],
        images.serve,
        "import importlib.metadata as m; print(sorted(d.name.lower() for d in m.distributions()))",
    )
    assert found == "['anyascii', 'numpy', 'waitress']"


def test_what_trains_serves_too_and_shares_its_layers(
    running: tuple[Engine, Path], images: Images
) -> None:
    def layers(image: str) -> list[str]:
        text = running[0].run("image", "inspect", "--format", "{{json .RootFS.Layers}}", image)
        found: list[str] = json.loads(text.stdout)
        return found

    serving = layers(images.serve)
    assert layers(images.train)[: len(serving)] == serving


def test_image_holds_the_programs_and_nothing_else_of_the_repository(
    running: tuple[Engine, Path], images: Images
) -> None:
    found = python(
        running[0], images.serve, "import os; print(sorted(os.listdir('/opt/program/model_code')))"
    )
    assert "'serve.py'" in found
    for stranger in ("pretrained", "requirements", "Dockerfile", "entry_points"):
        assert stranger not in found


@pytest.mark.parametrize("argument", ["test", ""])
def test_unknown_argument_is_refused(
    argument: str, running: tuple[Engine, Path], images: Images
) -> None:
    done = running[0].run("run", "--rm", images.serve, argument, check=False)
    assert done.returncode == 2
    assert "must be 'train' or 'serve'" in done.stdout


def test_sizes(running: tuple[Engine, Path], images: Images, figures: Figures) -> None:
    docker = running[0]
    base = docker.size(images.base)
    sizes = {"serve": docker.size(images.serve), "train": docker.size(images.train)}
    figures.values["machine"] = {
        "processors": os.cpu_count(),
        "engine": docker.run("version", "--format", "{{.Server.Version}}").stdout.strip(),
    }
    figures.values["base"] = {"image": images.base, "bytes": base}
    figures.values["images"] = {
        name: {"bytes": size, "bytes_above_base": size - base} for name, size in sizes.items()
    }
    assert sizes["serve"] - base < 100_000_000
    assert sizes["train"] - base < 2_000_000_000
