"""The functions' layer comes with the deployed Python's bytecode."""

from __future__ import annotations

from pathlib import Path

from stacks.capabilities.function import RUNTIME

LAYER = Path(__file__).parents[2] / "build" / "layer" / "python"
UNCHECKED = 0b01
"""Flags of bytecode that is taken without a look at its source (PEP 552)."""


def test_every_module_has_bytecode_that_is_not_checked() -> None:
    tag = RUNTIME.name.removeprefix("python").replace(".", "")
    sources = list(LAYER.rglob("*.py"))

    assert sources
    for source in sources:
        bytecode = source.parent / "__pycache__" / f"{source.stem}.cpython-{tag}.pyc"
        flags = int.from_bytes(bytecode.read_bytes()[4:8], "little")
        assert flags == UNCHECKED, source
