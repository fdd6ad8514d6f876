"""Every permission in a template is shown to be needed, or says why it is not tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.permissions import NEEDED, UNTRIED, permissions, reason_untried

if TYPE_CHECKING:
    from tests.end_to_end.permissions import Permission

    from .conftest import Assembly

TRIED = {(role, permission) for role, entries in NEEDED.items() for permission in entries}


@pytest.fixture(scope="module")
def found(assembly: Assembly) -> set[Permission]:
    return {
        permission
        for stage in ("workshop-us-east-1", "production-us-east-1")
        for template in assembly.templates[stage].values()
        for permission in permissions(template)
    }


def test_every_permission_is_tried_or_says_why_not(found: set[Permission]) -> None:
    unknown = {
        (role, permission)
        for role, permission in found - TRIED
        if reason_untried(role, permission) is None
    }
    assert unknown == set(), "add them to tests/end_to_end/permissions.py, or take them away"


def test_every_permission_that_is_tried_exists(found: set[Permission]) -> None:
    assert TRIED - found == set()


@pytest.mark.parametrize(("roles", "pattern"), list(UNTRIED))
def test_every_reason_is_still_needed(roles: str, pattern: str, found: set[Permission]) -> None:
    assert any(
        re.fullmatch(roles, role) and re.fullmatch(pattern, permission)
        for role, permission in found - TRIED
    )
