"""Who installs which locked dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Audience:
    """One set of dependencies that is installed together.

    Attributes
    ----------
    name
        Names its bill of materials.
    lock
        File with the pins and hashes, relative to the repository.
    ships
        Whether what is installed reaches the deployed product or its users.
    purpose
        What runs with it.
    """

    name: str
    lock: str
    ships: bool
    purpose: str


PYTHON = (
    Audience("deploy", "requirements.txt", True, "synthesizes and deploys the stacks"),
    Audience("functions", "lambda/requirements.txt", True, "the functions' dependency layer"),
    Audience("serving", "model_code/requirements-serve.txt", True, "the serving image"),
    Audience("training", "model_code/requirements.txt", True, "the training image"),
    Audience("lessons", "notebooks/requirements.txt", True, "kernel of the notebook instances"),
    Audience("development", "requirements-dev.txt", False, "tools, tests and the embedded AWS"),
    Audience(
        "model-development",
        "model_code/requirements-dev.txt",
        False,
        "builds the data, trains and tests the model",
    ),
    Audience(
        "local-functions",
        "local/functions-requirements.txt",
        False,
        "the functions' environment on the embedded AWS",
    ),
    Audience(
        "comparison",
        "model_code/requirements-compare.txt",
        False,
        "published packages that the model is measured against",
    ),
    Audience("soak", "soak/requirements.txt", False, "the clients of the soak, and its plots"),
    Audience("checkov", "requirements-checkov.txt", False, "checks the templates"),
    Audience("fuzzing", "tests/fuzz/requirements.txt", False, "the coverage-guided fuzzers"),
    Audience("mutation", "tests/mutation/requirements.txt", False, "makes mutants of the core"),
)
NPM = Audience(
    "npm",
    "package-lock.json",
    False,
    "the CDK CLI, the SDK of CDK's functions, and what compiles the layer",
)
