"""Training jobs that bring their entry point along, as the SDK's ``ModelTrainer`` sends them."""

from __future__ import annotations

import io
import tarfile

from tests.local.sagemaker.workbench import BUCKET, SCRIPT_MODE_IMAGE, Record, Workbench

DRIVER = """
set -e
[ "$(cat /opt/ml/input/data/code/train.py)" = "print(6 * 7)" ]
python3 /opt/ml/input/data/code/train.py > /opt/ml/model/weights.txt
echo "metric validation:accuracy=0.75"
"""


def brought(shared: Workbench, driver: str) -> Record:
    name = shared.name("drivers")
    shared.put(f"{name}/code/train.py", b"print(6 * 7)")
    shared.put(f"{name}/sm_drivers/sm_train.sh", driver.encode())
    channels = [
        {
            "ChannelName": channel,
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": f"s3://{BUCKET}/{name}/{channel}/",
                }
            },
        }
        for channel in ("code", "sm_drivers")
    ]
    program = "/opt/ml/input/data/sm_drivers/sm_train.sh"
    return shared.train(
        AlgorithmSpecification={
            **shared.job()["AlgorithmSpecification"],
            "TrainingImage": SCRIPT_MODE_IMAGE,
            "ContainerEntrypoint": ["/bin/bash"],
            "ContainerArguments": ["-c", f"chmod +x {program} && bash {program}"],
        },
        InputDataConfig=channels,
    )


def test_the_jobs_own_program_finds_its_channels_below_opt_ml(shared: Workbench) -> None:
    job = brought(shared, DRIVER)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["FinalMetricDataList"][0]["Value"] == 0.75
    artifact = shared.get(job["ModelArtifacts"]["S3ModelArtifacts"])
    with tarfile.open(fileobj=io.BytesIO(artifact)) as tar:
        weights = tar.extractfile("weights.txt")
        assert weights is not None
        assert weights.read() == b"42\n"


def test_its_failure_is_the_jobs(shared: Workbench) -> None:
    job = brought(shared, "echo too few names > /opt/ml/output/failure; exit 7")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: too few names, exit code: 7"
