"""Endpoints: real servers behind them, swaps, crashes, limits, refusals."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.workbench import (
    BUCKET,
    EXECUTION_STATEMENTS,
    OWN_IMAGE,
    Record,
    Workbench,
    archive,
    statement,
    wait_for,
)

SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 2}}


@pytest.fixture(scope="module")
def endpoint(shared: Workbench) -> str:
    """An endpoint with handlers on an instance."""
    return shared.endpoint(shared.endpoint_config(shared.model()))


def test_handlers_answer(shared: Workbench, endpoint: str) -> None:
    answer = shared.invoke(endpoint, {"names": ["Tom"]})
    assert answer == {"model": "one", "data": {"names": ["Tom"]}, "threshold": "0.8"}
    described = shared.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "InService"
    (variant,) = described["ProductionVariants"]
    assert (variant["VariantName"], variant["CurrentInstanceCount"]) == ("AllTraffic", 1)
    listed = shared.sagemaker.list_endpoints(NameContains=endpoint)["Endpoints"]
    assert [item["EndpointName"] for item in listed] == [endpoint]


def test_content_types_pass_through(shared: Workbench, endpoint: str) -> None:
    answer = shared.runtime.invoke_endpoint(
        EndpointName=endpoint,
        ContentType="application/json",
        Accept="application/json; charset=utf-8",
        Body=b"{}",
    )
    assert answer["ContentType"] == "application/json; charset=utf-8"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_a_handlers_error_is_a_model_error(shared: Workbench, endpoint: str) -> None:
    with pytest.raises(ClientError) as caught:
        shared.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=b"Tom")
    response: Record = {**caught.value.response}
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 415
    assert response["OriginalMessage"] == "only JSON is read here"
    with pytest.raises(ClientError) as caught:
        shared.runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="application/json", Body=b"{"
        )
    response = {**caught.value.response}
    assert response["OriginalStatusCode"] == 500


def test_limits_of_payload_and_time(shared: Workbench, endpoint: str) -> None:
    body = b'"' + b"x" * (6 * 1024 * 1024) + b'"'
    with pytest.raises(ClientError, match="HTTP content length exceeded 6291456 bytes") as caught:
        shared.runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="application/json", Body=body
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    with pytest.raises(ClientError, match="Your invocation timed out"):
        shared.invoke(endpoint, {"sleep": 2.5})


def test_a_crashed_server_is_restarted(shared: Workbench, endpoint: str) -> None:
    with pytest.raises(ClientError) as caught:
        shared.invoke(endpoint, {"crash": True})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503

    def answer() -> str | None:
        try:
            model: str = shared.invoke(endpoint, {"again": 1})["model"]
        except shared.runtime.exceptions.ServiceUnavailable:
            return None
        return model

    assert wait_for(answer, "the restarted server") == "one"


def test_a_hung_server_is_replaced(shared: Workbench, endpoint: str) -> None:
    with pytest.raises(shared.runtime.exceptions.ModelError, match="timed out"):
        shared.invoke(endpoint, {"hang": True})

    def answer() -> str | None:
        try:
            model: str = shared.invoke(endpoint, {"again": 1})["model"]
        except ClientError:
            return None
        return model

    assert wait_for(answer, "the server in place of the hung one") == "one"


def test_the_servers_output_is_logged(shared: Workbench, endpoint: str) -> None:
    shared.invoke(endpoint, {})
    group = f"/aws/sagemaker/Endpoints/{endpoint}"

    def logged() -> bool:
        streams = shared.logs.describe_log_streams(logGroupName=group)["logStreams"]
        return any(
            "POST /invocations" in event["message"]
            for stream in streams
            for event in shared.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"]
            )["events"]
        )

    wait_for(logged, "the log of the request")


def test_invocations_are_counted(shared: Workbench) -> None:
    name = shared.endpoint(shared.endpoint_config(shared.model()))
    shared.invoke(name, {})
    with pytest.raises(ClientError):
        shared.runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=b"Tom")
    cloudwatch = shared.emulator.client("cloudwatch")

    def total(metric: str) -> float:
        now = datetime.now(UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[
                {"Name": "EndpointName", "Value": name},
                {"Name": "VariantName", "Value": "AllTraffic"},
            ],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    assert (total("Invocations"), total("Invocation4XXErrors")) == (2.0, 1.0)
    assert total("Invocation5XXErrors") == 0.0
    assert total("ModelLatency") > 0


def test_invoking_needs_permission_on_this_endpoint(shared: Workbench, endpoint: str) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{endpoint}"
    allowed = shared.client_of("sagemaker-runtime", [statement("sagemaker:InvokeEndpoint", arn)])
    request = {"EndpointName": endpoint, "ContentType": "application/json", "Body": b"{}"}
    assert allowed.invoke_endpoint(**request)["ContentType"] == "application/json"
    elsewhere = statement("sagemaker:InvokeEndpoint", f"{arn}-of-somebody-else")
    refused = shared.client_of("sagemaker-runtime", [elsewhere])
    with pytest.raises(ClientError, match="sagemaker:InvokeEndpoint") as caught:
        refused.invoke_endpoint(**request)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_update_swaps_to_the_new_model(shared: Workbench) -> None:
    name = shared.endpoint(shared.endpoint_config(shared.model()))
    new_config = shared.endpoint_config(shared.model("models/two.tar.gz"))
    shared.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new_config)
    # The old servers answer until the new ones do.
    assert shared.invoke(name, {})["model"] in ("one", "two")
    assert shared.wait_for_endpoint(name)["EndpointConfigName"] == new_config
    assert shared.invoke(name, {})["model"] == "two"


def test_update_with_an_unhealthy_model_keeps_the_old_one(shared: Workbench) -> None:
    old_config = shared.endpoint_config(shared.model())
    name = shared.endpoint(old_config)
    broken = shared.put("code/broken.tar.gz", archive({"inference.py": "raise ValueError('no')"}))
    environment = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": broken}
    bad_config = shared.endpoint_config(shared.model(Environment=environment))
    shared.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=bad_config)
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        shared.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=bad_config)
    described = shared.wait_for_endpoint(name)
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == old_config
    assert "did not pass the ping health check" in described["FailureReason"]
    assert shared.invoke(name, {})["model"] == "one"


def test_a_server_that_cannot_start_fails_the_endpoint(shared: Workbench) -> None:
    broken = shared.put("code/broken.tar.gz", archive({"inference.py": "raise ValueError('no')"}))
    environment = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": broken}
    name = shared.endpoint(shared.endpoint_config(shared.model(Environment=environment)))
    described = shared.sagemaker.describe_endpoint(EndpointName=name)
    assert described["EndpointStatus"] == "Failed"
    assert f"CloudWatch logs, /aws/sagemaker/Endpoints/{name}" in described["FailureReason"]
    assert "ValueError: no" in described["FailureReason"]
    with pytest.raises(ClientError, match="not found"):
        shared.invoke(name, {})


def test_own_image_on_serverless(shared: Workbench) -> None:
    model = shared.model(Image=OWN_IMAGE, Environment={"GREETING": "hello"})
    name = shared.endpoint(shared.endpoint_config(model, **SERVERLESS))
    answer = shared.runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=b"Tom")
    assert (answer["ContentType"], answer["Body"].read()) == ("text/plain", b"hello one Tom")
    with pytest.raises(ClientError, match="exceeded 4194304 bytes"):
        shared.runtime.invoke_endpoint(
            EndpointName=name, ContentType="text/csv", Body=b"x" * 4194305
        )
    instances = shared.endpoint_config(model)
    with pytest.raises(ClientError, match="from instances to serverless"):
        shared.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=instances)


def test_a_serverless_variant_takes_so_many_requests_at_once(
    shared: Workbench, tmp_path: Path
) -> None:
    hosting = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
    name = shared.endpoint(shared.endpoint_config(shared.model(), **hosting))
    folder = tmp_path / "shared"
    folder.mkdir()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(shared.invoke, name, {"hold": str(folder)})
        wait_for((folder / "held").exists, "the first request")
        try:
            with pytest.raises(ClientError, match="ThrottlingException"):
                shared.invoke(name, {})
        finally:
            (folder / "go").touch()
        assert first.result()["model"] == "one"


def test_delete_ends_the_server_and_removes_its_folder(shared: Workbench) -> None:
    name = shared.endpoint(shared.endpoint_config(shared.model()))
    assert list(shared.emulator.work_folder.glob(f"server-{name}-*"))
    shared.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        shared.sagemaker.describe_endpoint(EndpointName=name)
    wait_for(
        lambda: not list(shared.emulator.work_folder.glob(f"server-{name}-*")), "the folder's end"
    )


def test_model_must_be_readable_by_its_role(shared: Workbench) -> None:
    role = shared.new_role(EXECUTION_STATEMENTS[1:])
    with pytest.raises(ClientError, match="Could not access model data"):
        shared.sagemaker.create_model(
            ModelName=shared.name("model"),
            ExecutionRoleArn=role,
            PrimaryContainer={
                "Image": OWN_IMAGE,
                "ModelDataUrl": f"s3://{BUCKET}/models/one.tar.gz",
            },
        )
    with pytest.raises(ClientError, match="Could not access model data"):
        shared.model("models/nothing.tar.gz")


def test_models_and_configs_are_described_listed_tagged_and_deleted(shared: Workbench) -> None:
    model = shared.model()
    config = shared.endpoint_config(model)
    sagemaker = shared.sagemaker
    described = sagemaker.describe_model(ModelName=model)
    assert described["PrimaryContainer"]["Environment"]["THRESHOLD"] == "0.8"
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    assert variants[0]["ModelName"] == model
    sagemaker.add_tags(ResourceArn=described["ModelArn"], Tags=[{"Key": "a", "Value": "b"}])
    assert sagemaker.list_tags(ResourceArn=described["ModelArn"])["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    sagemaker.delete_tags(ResourceArn=described["ModelArn"], TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=described["ModelArn"])["Tags"] == []
    models = sagemaker.list_models(NameContains=model)["Models"]
    configs = sagemaker.list_endpoint_configs(NameContains=config)["EndpointConfigs"]
    assert [models[0]["ModelName"], configs[0]["EndpointConfigName"]] == [model, config]
    sagemaker.delete_endpoint_config(EndpointConfigName=config)
    sagemaker.delete_model(ModelName=model)
    with pytest.raises(ClientError, match="Could not find model"):
        sagemaker.describe_model(ModelName=model)
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        sagemaker.create_endpoint(EndpointName="none", EndpointConfigName=config)


def test_variants_share_the_traffic_by_weight(shared: Workbench) -> None:
    config = shared.name("config")
    shared.sagemaker.create_endpoint_config(
        EndpointConfigName=config,
        ProductionVariants=[
            {
                "VariantName": variant,
                "ModelName": shared.model(f"models/{variant}.tar.gz"),
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": weight,
            }
            for variant, weight in (("one", 1.0), ("two", 0.0))
        ],
    )
    name = shared.endpoint(config)
    assert {shared.invoke(name, {})["model"] for _ in range(5)} == {"one"}
    answer = shared.runtime.invoke_endpoint(
        EndpointName=name, ContentType="application/json", Body=b"{}", TargetVariant="two"
    )
    assert json.loads(answer["Body"].read())["model"] == "two"
