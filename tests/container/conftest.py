"""The image, built for real; collected by ``make test-container`` only."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from stacks.settings import read_presets
from stacks.shipped_folder import REPOSITORY
from tests.container.containers import Workplace
from tests.container.engine import Engine, NoEngineError, engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

collect_ignore_glob = [] if os.environ.get("CONTAINER_TESTS") else ["test_*.py"]

_FIGURES_FILE = REPOSITORY / "docs" / "benchmarks" / "container.json"


@dataclass(frozen=True)
class Images:
    """Names of both targets, and of what they are built on."""

    base: str
    serve: str = "voc-gender-test:serve"
    train: str = "voc-gender-test:train"


@dataclass
class Figures:
    """What was measured; written when all tests have passed."""

    values: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="session")
def running() -> Iterator[tuple[Engine, Path]]:
    """Find or start an engine for all tests."""
    try:
        with engine(REPOSITORY / "build") as found:
            yield found
    except NoEngineError as error:
        pytest.skip(f"THE IMAGE IS NOT TESTED: {error}")


@pytest.fixture(scope="session")
def images(running: tuple[Engine, Path]) -> Iterator[Images]:
    """Build both targets on the public base, or on one made here where it cannot be fetched."""
    docker, folder = running
    defaults = read_presets()["defaults"]
    base = os.environ.get("BASE_IMAGE") or defaults["container_base_image"]
    if not docker.pull(base):
        try:
            base = docker.make_base(folder)
        except NoEngineError as error:
            pytest.skip(f"THE IMAGE IS NOT TESTED: {error}")
    built = Images(base)
    for target, name in (("serve", built.serve), ("train", built.train)):
        docker.build(REPOSITORY / "model_code", target=target, base=base, name=name)
    yield built
    docker.run("image", "rm", "--force", built.serve, built.train)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """Collect figures, and keep them if nothing failed."""
    measured = Figures()
    yield measured
    if not request.session.testsfailed and measured.values:
        _FIGURES_FILE.parent.mkdir(parents=True, exist_ok=True)
        _FIGURES_FILE.write_text(json.dumps(measured.values, indent=2, sort_keys=True) + "\n")


@pytest.fixture
def workplace(running: tuple[Engine, Path], tmp_path: Path) -> Iterator[Workplace]:
    """Return folders that stand for ``/opt/ml``, and containers that end with the test."""
    place = Workplace(running[0], tmp_path / "ml")
    yield place
    place.remove_containers()


@pytest.fixture(scope="session")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a channel of real names."""
    channel = tmp_path_factory.mktemp("names")
    for file in (REPOSITORY / "build" / "train").glob("*.csv"):
        shutil.copy(file, channel)
    assert list(channel.iterdir()), "no names: run 'make data'"
    return channel


@pytest.fixture(scope="session")
def shipped_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model folder with the model that the repository ships, at its real size."""
    defaults = read_presets()["defaults"]
    folder = tmp_path_factory.mktemp("shipped")
    with tarfile.open(REPOSITORY / defaults["pretrained_model"] / "model.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    # Whoever the server runs as must be able to read it, as on SageMaker.
    folder.chmod(0o755)
    return folder
