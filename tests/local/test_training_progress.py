from __future__ import annotations

from dataclasses import replace

from local.training_progress import TrainingProgress
from tests.local.embedded_aws import EmbeddedAws


def test_without_a_training_job_there_is_nothing_to_tell(embedded_aws: EmbeddedAws) -> None:
    progress = TrainingProgress(embedded_aws.settings, embedded_aws.credentials)

    assert progress.describe() is None


def test_an_emulator_that_does_not_answer_is_no_error(embedded_aws: EmbeddedAws) -> None:
    nobody = replace(embedded_aws.settings, port=embedded_aws.settings.port - 1)

    assert TrainingProgress(nobody, embedded_aws.credentials).describe() is None
