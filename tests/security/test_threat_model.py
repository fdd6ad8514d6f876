"""Everything that docs/security.md names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCUMENT = (REPOSITORY / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w./-]+\.\w+(?:::\w+)?)`", DOCUMENT)))
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in DOCUMENT.splitlines()
    if re.match(r"\| (spoofing|tampering|repudiation|information|denial|elevation)", line)
]


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((REPOSITORY / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_exists(named: str) -> None:
    file, _, function = named.partition("::")
    assert (REPOSITORY / file).is_file(), file
    if function:
        assert function in functions(file), named


def test_every_threat_has_an_answer_and_a_test() -> None:
    assert {row[0] for row in ROWS} == {
        "spoofing",
        "tampering",
        "repudiation",
        "information disclosure",
        "denial of service",
        "elevation of privilege",
    }
    for _, threat, answers, shown in ROWS:
        assert re.fullmatch(r"(`[^`]+`(, )?)+", answers), threat
        assert re.fullmatch(r"(`tests/[^`]+::\w+`(, )?)+", shown), threat
