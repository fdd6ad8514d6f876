"""What is said of mutants that were looked at, and of those that were not."""

from __future__ import annotations

from tests.mutation.__main__ import Mutant, Outcome, known_equivalents
from tests.mutation.targets import TARGETS

MODULE, ELSEWHERE = "model_code/names.py", "lambda/insights/estimate.py"


def test_survivors_are_compared_with_what_was_looked_at() -> None:
    same = Mutant(MODULE, "a + b", "b + a", survived=True)
    new = Mutant(MODULE, "a < b", "a <= b", survived=True)
    noticed = Mutant(MODULE, "a * b", "a / b", survived=False)
    outcome = Outcome("names", [same, new, noticed])
    gone = Mutant(MODULE, "a * b", "a / b", survived=True)
    not_run = Mutant(ELSEWHERE, "x", "y", survived=True)
    known = {same, gone, not_run}
    assert outcome.unexplained(known) == [new]
    assert outcome.no_longer_needed(known) == [gone]


def test_what_was_looked_at_belongs_to_a_target() -> None:
    mutated = {module for target in TARGETS.values() for module in target.modules}
    assert {mutant.module for mutant in known_equivalents()} <= mutated
