"""Bills of materials are complete, valid and the same each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supply_chain.audiences import NPM, PYTHON, REPOSITORY
from supply_chain.sbom import (
    InvalidBillError,
    bill_of_npm,
    bill_of_python,
    validated,
    with_root,
)

FUNCTIONS = next(audience for audience in PYTHON if audience.name == "functions")


def test_bill_of_the_functions_lists_what_their_layer_holds() -> None:
    """The layer is built for the deployed runtime, the bill with this machine's Python."""
    bill = with_root(bill_of_python(FUNCTIONS), FUNCTIONS)
    listed = {(folded(entry["name"]), entry["version"]) for entry in bill["components"]}
    layer = REPOSITORY / "build" / "layer" / "python"
    folders = [path.name.removesuffix(".dist-info") for path in layer.glob("*.dist-info")]
    assert listed == {(folded(name), version) for name, _, version in map(split, folders)}
    text = validated(bill)
    assert text == validated(with_root(bill_of_python(FUNCTIONS), FUNCTIONS))
    assert_anonymous(text)


def test_bill_of_npm_lists_the_lock_file() -> None:
    bill = with_root(bill_of_npm(), NPM)
    listed = {(entry["name"], entry["version"]) for entry in bill["components"]}
    lock = json.loads((REPOSITORY / "package-lock.json").read_text())["packages"]
    assert listed == {
        (path.rpartition("node_modules/")[2], entry["version"])
        for path, entry in lock.items()
        if path
    }
    text = validated(bill)
    assert text == validated(with_root(bill_of_npm(), NPM))
    assert_anonymous(text)


def test_every_component_is_reached_from_the_root() -> None:
    bill = with_root(bill_of_npm(), NPM)
    needed = {node["ref"]: node.get("dependsOn", []) for node in bill["dependencies"]}
    seen: set[str] = set()
    waiting = ["voc-gender-npm"]
    while waiting:
        reference = waiting.pop()
        if reference not in seen:
            seen.add(reference)
            waiting.extend(needed[reference])
    assert seen == {"voc-gender-npm", *(entry["bom-ref"] for entry in bill["components"])}


def test_a_bill_that_breaks_the_schema_is_refused() -> None:
    bill = with_root(bill_of_npm(), NPM)
    bill["components"][0]["licenses"] = [{"license": {"id": "No such licence"}}]
    with pytest.raises(InvalidBillError, match="voc-gender-npm: components/0/licenses"):
        validated(bill)


def folded(name: str) -> str:
    return name.lower().replace("_", "-")


def split(folder: str) -> tuple[str, str, str]:
    return folder.rpartition("-")


def assert_anonymous(text: str) -> None:
    assert str(REPOSITORY) not in text
    assert str(Path.home()) not in text
