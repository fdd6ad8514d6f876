"""The core: what is mutated, and which tests have to notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A part of the core.

    Attributes
    ----------
    modules
        The files that are mutated.
    tests
        What pytest runs on every mutant.
    environment
        The virtual environment that these tests run in.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    environment: str = ".venv"


TARGETS = {
    "settings": Target(
        modules=("stacks/settings.py",),
        tests=("tests/stacks/test_settings.py",),
    ),
    "names": Target(
        modules=("model_code/names.py", "model_code/evidence.py"),
        tests=("tests/model_code/test_names.py", "tests/model_code/test_evidence.py"),
        environment=".venv-model",
    ),
    "logic": Target(
        modules=(
            "lambda/identify_gender/logic.py",
            "lambda/set_gender/logic.py",
            "lambda/enter_feedback/logic.py",
            "lambda/predict_sentiment/logic.py",
            "lambda/get_all_contents/logic.py",
        ),
        tests=(
            "tests/lambda/test_own_word.py",
            "tests/lambda/test_repetition.py",
            "tests/lambda/test_sentiment.py",
            "tests/lambda/test_api.py",
        ),
    ),
    "changes": Target(
        modules=("lambda/feedback/changes.py",),
        tests=("tests/lambda/test_changes.py",),
    ),
    "insights": Target(
        modules=(
            "lambda/tally/contribution.py",
            "lambda/insights/estimate.py",
            "lambda/insights/logic.py",
        ),
        tests=("tests/lambda/test_insights.py",),
    ),
    "gate": Target(
        modules=("lambda/quality_gate/handler.py", "lambda/quality_gate/recorded.py"),
        tests=("tests/lambda/test_quality_gate.py",),
    ),
}
