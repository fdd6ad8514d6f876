"""The soak in short: a few clients, a few of its faults, on the application of the other tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from soak import faults, rehearsing
from soak.surroundings import Surroundings

if TYPE_CHECKING:
    from pathlib import Path

    from soak.faults import Rehearsal
    from tests.end_to_end.conftest import Application


@pytest.mark.parametrize("rehearsal", faults.FEW, ids=lambda rehearsal: rehearsal.name)
def test_nothing_acknowledged_is_lost_and_all_is_well_again(
    rehearsal: Rehearsal, application: Application, tmp_path: Path
) -> None:
    surroundings = Surroundings(application.settings, tmp_path)

    outcome = rehearsing.rehearse(surroundings, rehearsal, clients=5)

    assert outcome.finding.is_clean, outcome.finding
    assert sum(outcome.finding.acknowledged.values()) > 5
    # A server error that the fault does not explain would be a 500.
    assert not [kind for kind in outcome.seen if kind.startswith("500")], outcome.seen
    assert outcome.recovered_after is not None
