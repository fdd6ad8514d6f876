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
    purpose
        What runs with it.
    """

    name: str
    lock: str
    purpose: str


PYTHON = (
    Audience("deploy", "requirements.txt", "synthesizes and deploys the stacks"),
    Audience("functions", "lambda/requirements.txt", "the functions' dependency layer"),
    Audience("serving", "model_code/requirements-serve.txt", "the serving image"),
    Audience("training", "model_code/requirements.txt", "the training image"),
    Audience("lessons", "notebooks/requirements.txt", "kernel of the notebook instances"),
    Audience("development", "requirements-dev.txt", "tools, tests and the embedded AWS"),
    Audience(
        "model-development",
        "model_code/requirements-dev.txt",
        "builds the data, trains and tests the model",
    ),
    Audience(
        "local-functions",
        "local/functions-requirements.txt",
        "the functions' environment on the embedded AWS",
    ),
    Audience(
        "comparison",
        "model_code/requirements-compare.txt",
        "published packages that the model is measured against",
    ),
    Audience("soak", "soak/requirements.txt", "the clients of the soak, and its plots"),
    Audience("checkov", "requirements-checkov.txt", "checks the templates"),
    Audience("fuzzing", "tests/fuzz/requirements.txt", "the coverage-guided fuzzers"),
    Audience("mutation", "tests/mutation/requirements.txt", "makes mutants of the core"),
)
NPM = Audience(
    "npm",
    "package-lock.json",
    "the CDK CLI, the SDK of CDK's functions, and what compiles the layer",
)
