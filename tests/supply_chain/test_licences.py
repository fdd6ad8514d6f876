"""Which licences pass."""

from __future__ import annotations

from typing import Any

import pytest

from supply_chain.licences import is_allowed, licence_of, problems
from supply_chain.policy import Exemption, Licences

POLICY = Licences(
    allowed=frozenset({"MIT", "Apache-2.0", "BSD-3-Clause"}),
    classifiers={"License :: OSI Approved :: BSD License": "BSD-3-Clause"},
    stated={"silent": "MIT"},
    exceptions={
        "measured": Exemption(
            licence="GPL-3.0-only", reason="measured against", audiences=("comparison",)
        )
    },
)


def component(name: str, *licences: str) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1",
        "licenses": [{"license": {"name": text}} for text in licences],
    }


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("MIT OR GPL-3.0-only", True),
        ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("License :: Other/Proprietary License", False),
        ("MIT License, probably", False),
        ("", False),
    ],
)
def test_only_listed_licences_pass(expression: str, *, allowed: bool) -> None:
    assert is_allowed(expression, POLICY) is allowed


def test_what_a_package_says_in_several_places_all_counts() -> None:
    said = component("both", "MIT", "License :: OSI Approved :: BSD License")
    assert licence_of(said, POLICY) == "MIT AND BSD-3-Clause"
    choice = component("choice", "MIT OR GPL-3.0-only", "Apache-2.0")
    assert licence_of(choice, POLICY) == "(MIT OR GPL-3.0-only) AND Apache-2.0"
    bare = component("bare", "MIT", "License :: OSI Approved")
    assert licence_of(bare, POLICY) == "MIT"


def test_problems_name_audience_package_and_licence() -> None:
    bill = {
        "components": [
            component("fine", "MIT"),
            component("Silent"),
            component("wrong", "GPL-3.0-only"),
            component("mute"),
            component("measured"),
        ]
    }
    assert list(problems(bill, "comparison", POLICY)) == [
        "comparison: wrong 1: GPL-3.0-only is not allowed",
        "comparison: mute 1: no licence is not allowed",
    ]
    assert "functions: measured 1: GPL-3.0-only is accepted elsewhere only" in list(
        problems(bill, "functions", POLICY)
    )
