"""What the audit says when it finds something, and when it could not look."""

from __future__ import annotations

import json

from supply_chain.audit import Audit, exit_code, pins_of, read_npm

ADVISORY = "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"
ANSWER = json.dumps(
    {
        "vulnerabilities": {
            "tar": {"range": "<7", "via": [{"url": ADVISORY}]},
            "packer": {"range": "*", "via": ["tar"]},
        }
    }
)


def test_pins_of_several_locks_are_merged() -> None:
    first = (
        "attrs==25.1 \\\n    --hash=sha256:00\n    # via x\nPyYAML==6.0 ; sys_platform == 'win32'\n"
    )
    assert pins_of([first, "attrs==26.0 \\\n"]) == {"attrs": ["25.1", "26.0"], "pyyaml": ["6.0"]}


def test_an_audit_that_was_not_possible_never_reads_as_clean() -> None:
    refused = json.dumps({"message": "405 Method Not Allowed", "statusCode": 405})
    for answer in (refused, "", "<html>"):
        audit = read_npm(Audit("npm", 29), answer, {})
        assert audit.report().startswith("NOT AUDITED: 29 of 29 npm packages")
        assert exit_code([audit], required=False) == 0
        assert exit_code([audit], required=True) == 3


def test_a_partial_audit_says_how_much_is_missing() -> None:
    audit = Audit("Python", 10, audited=7)
    first, second = audit.report().splitlines()
    assert first.startswith("NOT AUDITED: 3 of 10 Python packages: ")
    assert second == "Python: 7 audited, 0 of them vulnerable."


def test_a_vulnerability_fails_in_any_case() -> None:
    audit = read_npm(Audit("npm", 29), ANSWER, {})
    assert audit.findings == ["tar <7: GHSA-aaaa-bbbb-cccc"]
    assert "VULNERABLE tar <7: GHSA-aaaa-bbbb-cccc" in audit.report()
    assert exit_code([audit], required=False) == 1
    assert exit_code([Audit("Python", 3), audit], required=True) == 1


def test_an_accepted_advisory_is_no_finding() -> None:
    audit = read_npm(Audit("npm", 29), ANSWER, {"GHSA-aaaa-bbbb-cccc": "a reason"})
    assert audit.findings == []
    assert exit_code([audit], required=True) == 0
