"""What survives the end of the emulator, and what does not."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from local import processes
from tests.local.sagemaker.emulator import Emulator
from tests.local.sagemaker.workbench import Workbench, wait_for


def test_endpoints_are_served_again_and_running_jobs_have_failed(own_emulator: Emulator) -> None:
    bench = Workbench(own_emulator)
    model = bench.model()
    config = bench.endpoint_config(model)
    endpoint = bench.endpoint(config)
    # An endpoint goes on without the model and configuration that it was made from.
    bench.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    bench.sagemaker.delete_model(ModelName=model)
    request = bench.job("import time; print('ready', flush=True); time.sleep(600)")
    job = request["TrainingJobName"]
    bench.sagemaker.create_training_job(**request)
    wait_for(lambda: processes.find_marked(own_emulator.folder), "the processes")
    wait_for(
        lambda: (
            bench.sagemaker.describe_training_job(TrainingJobName=job)["SecondaryStatus"]
            == "Training"
        ),
        "the training",
    )

    source = bench.put("batch/a.json", b'{"sleep": 60}\n')
    transform = bench.name("transform")
    bench.sagemaker.create_transform_job(
        TransformJobName=transform,
        ModelName=bench.model(),
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
            "ContentType": "application/json",
        },
        TransformOutput={"S3OutputPath": source.rpartition("/")[0]},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    work_folder = own_emulator.work_folder

    own_emulator.stop()

    assert processes.find_marked(own_emulator.folder) == []
    assert not work_folder.exists()

    own_emulator.start()
    bench.connect()

    assert bench.wait_for_endpoint(endpoint)["EndpointStatus"] == "InService"
    assert bench.invoke(endpoint, {})["model"] == "one"
    described = bench.sagemaker.describe_training_job(TrainingJobName=job)
    assert described["TrainingJobStatus"] == "Failed"
    assert "the embedded AWS stopped while this job was running" in described["FailureReason"]
    described = bench.sagemaker.describe_transform_job(TransformJobName=transform)
    assert described["TransformJobStatus"] == "Failed"
    assert "the embedded AWS stopped while this job was running" in described["FailureReason"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_killed_emulator_left_is_found_by_its_marker(own_emulator: Emulator) -> None:
    bench = Workbench(own_emulator)
    bench.endpoint(bench.endpoint_config(bench.model()))
    own_emulator.stop(signal.SIGKILL)
    (orphan,) = processes.find_marked(own_emulator.folder)
    assert "handler_host.py" in Path(f"/proc/{orphan}/cmdline").read_text()
    assert processes.end_marked(own_emulator.folder) == 1
    (leftover,) = (own_emulator.folder / "tmp" / "sagemaker").iterdir()
    own_emulator.start()
    assert not leftover.exists()
