"""Checks every dependency's licence: ``python -m supply_chain.licences FOLDER``.

Reads the bills of materials that ``supply_chain.sbom`` wrote to the folder, prints how many
packages have which licence, and ends with 1 if one has none that ``policy.toml`` allows.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, LicenseExpression, get_spdx_licensing

from supply_chain.audiences import NPM, PYTHON
from supply_chain.policy import Licences, read_policy

Component = dict[str, Any]
_SPDX = get_spdx_licensing()


def licence_of(component: Component, policy: Licences) -> str:
    """Return a component's licence as an SPDX expression; empty where there is none.

    What `policy` states goes before what the package says. Several entries are all heeded.
    """
    name = component["name"].lower().replace("_", "-")
    if name in policy.exceptions:
        return policy.exceptions[name].licence
    if name in policy.stated:
        return policy.stated[name]
    said = [policy.classifiers.get(text, text) for text in dict.fromkeys(_declared(component))]
    if len(said) == 1:
        return said[0]
    return " AND ".join(f"({text})" if " OR " in text else text for text in dict.fromkeys(said))


def is_allowed(expression: str, policy: Licences) -> bool:
    """Whether an SPDX expression can be kept with licences that the policy allows."""
    try:
        parsed = _SPDX.parse(expression, validate=True)
    except ExpressionError:
        return False
    return parsed is not None and _holds(parsed, policy.allowed)


def problems(bill: dict[str, Any], audience: str, policy: Licences) -> Iterator[str]:
    """Yield what is wrong with the licences of a bill of materials."""
    for component in bill["components"]:
        name, version = component["name"], component["version"]
        licence = licence_of(component, policy)
        exemption = policy.exceptions.get(name.lower().replace("_", "-"))
        if exemption is not None:
            if audience not in exemption.audiences:
                yield f"{audience}: {name} {version}: {licence} is accepted elsewhere only"
        elif not is_allowed(licence, policy):
            yield f"{audience}: {name} {version}: {licence or 'no licence'} is not allowed"


def main(folder: Path) -> int:
    """Check every bill; return the exit code."""
    policy = read_policy().licences
    found: dict[tuple[str, str], str] = {}
    wrong: list[str] = []
    for audience in (*PYTHON, NPM):
        bill = json.loads((folder / f"{audience.name}.cdx.json").read_text())
        wrong.extend(problems(bill, audience.name, policy))
        for component in bill["components"]:
            key = component["name"], component["version"]
            found[key] = licence_of(component, policy)
    named = {name.lower().replace("_", "-") for name, _version in found}
    wrong.extend(
        f"policy.toml names {name}, which nobody installs"
        for name in sorted({*policy.stated, *policy.exceptions} - named)
    )
    for licence, count in Counter(found.values()).most_common():
        print(f"{count:5}  {licence}")
    for problem in wrong:
        print(problem, file=sys.stderr)
    if wrong:
        print("See supply_chain/policy.toml for what is allowed, and why.", file=sys.stderr)
    return 1 if wrong else 0


def _declared(component: Component) -> Iterator[str]:
    for entry in component.get("licenses", []):
        licence = entry.get("license", {})
        text = entry.get("expression") or licence.get("id") or licence.get("name")
        # The bare branch of the classifiers' tree says nothing beside what a package names.
        if text and text != "License :: OSI Approved":
            yield text


def _holds(expression: LicenseExpression, allowed: frozenset[str]) -> bool:
    if isinstance(expression, _SPDX.OR):
        return any(_holds(part, allowed) for part in expression.args)
    if isinstance(expression, _SPDX.AND):
        return all(_holds(part, allowed) for part in expression.args)
    return str(expression) in allowed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
