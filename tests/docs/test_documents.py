"""What the documents name is there: targets, files, places to jump to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = subprocess.run(
    ["git", "ls-files"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
).stdout.splitlines()
DOCUMENTS = [name for name in FILES if name.endswith(".md")]
TARGETS = set(
    re.findall(r"^([a-z][\w-]*):(?!=)", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
)
# Not kept in the repository: made by a command, or of AWS.
MADE = re.compile(r"^(build|cdk\.out|node_modules|\.local|\.venv[\w-]*|output|/|<)")


def text_of(document: str) -> str:
    return (REPOSITORY / document).read_text(encoding="utf-8")


def code_of(document: str) -> list[str]:
    """Return what stands between backticks, and the lines of the blocks of code."""
    text = text_of(document)
    blocks = re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    )
    return [line for block in blocks for line in block.splitlines()] + inline


def anchors_of(document: str) -> set[str]:
    """Return where a link may jump to, named as GitHub names headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_targets_exist(document: str) -> None:
    named = {
        target
        for line in code_of(document)
        for arguments in re.findall(r"(?:^|[\s;&(])make((?: [\w-]+(?![\w=-]))+)", f" {line}")
        for target in arguments.split()
    }

    assert named <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
        path, _, anchor = unquote(link).partition("#")
        if re.match(r"\w+:", path):
            continue
        file = (REPOSITORY / document).parent / path if path else REPOSITORY / document
        missing = anchor and anchor not in anchors_of(str(file.resolve().relative_to(REPOSITORY)))
        if not file.exists() or missing:
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_exist(document: str) -> None:
    named = {
        word
        for code in code_of(document)
        for word in code.split()
        if re.fullmatch(
            r"[\w.-]+(/[\w.-]+)+\.(py|js|mjs|json|html|css|md|toml|yml|ipynb|txt)", word
        )
        and not MADE.match(word)
    }
    missing = [word for word in named if not any(f"/{file}".endswith(f"/{word}") for file in FILES)]

    assert missing == []
