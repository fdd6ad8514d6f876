from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from operations.diff_gate.assembly import SynthesizedStack, read_assembly
from operations.diff_gate.synthesis import synthesize_head
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STAGE = "production-eu-west-1"


@pytest.fixture(scope="session")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assembly of one stage, as this repository's files give it."""
    assert (REPOSITORY / "build" / "train").is_dir(), "make setup builds it"
    folder = tmp_path_factory.mktemp("diff") / "head"
    synthesize_head(folder, ["environment=production", "region=eu-west-1"])
    return folder


@pytest.fixture(scope="session")
def stacks(head: Path) -> Mapping[str, SynthesizedStack]:
    """The stacks of that stage, by their short names."""
    return {stack.name: stack for stack in read_assembly(head).values()}
