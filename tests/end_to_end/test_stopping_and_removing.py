"""Nothing is lost by stopping, and nothing is left by removing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Application


def test_state_survives_down_and_up(application: Application) -> None:
    model = application.model()
    _, rows = application.call("GET", "/getallcontents")
    jobs = application.training_jobs()
    assert application.launch("down").returncode == 0
    started = application.launch("up")
    assert started.returncode == 0, started.stdout
    assert application.model() == model
    assert application.call("GET", "/getallcontents") == (200, rows)
    assert application.training_jobs() == jobs


def test_preflight_of_what_is_deployed(application: Application) -> None:
    settings = application.settings
    stage = [settings.environment, settings.region]
    ready = application.operate("preflight", *stage)
    assert ready.returncode == 0, ready.stdout
    assert f"{settings.stage_name}: 5 deployed" in ready.stdout
    # The embedded AWS has no quotas to read, which stops nothing.
    assert "not checked  quota: ml.m5.xlarge for training job usage" in ready.stdout
    elsewhere = application.operate("preflight", "production", "eu-west-1")
    assert elsewhere.returncode == 1
    assert "npx cdk bootstrap aws://000000000000/eu-west-1" in elsewhere.stdout


def test_removal_asks_first(application: Application) -> None:
    settings = application.settings
    asked = application.operate("removal", settings.environment, settings.region)
    assert asked.returncode == 2
    assert "nothing was removed" in asked.stdout
    assert application.model()


def test_destroy_leaves_nothing(application: Application) -> None:
    settings = application.settings
    destroyed = application.operate("removal", settings.environment, settings.region, "--yes")
    assert destroyed.returncode == 0, destroyed.stdout
    left = destroyed.stdout.partition("Left of")[2]
    assert "log group /aws/sagemaker/TrainingJobs" in left
    assert "aws logs delete-log-group --log-group-name /aws/sagemaker/TrainingJobs" in left
    assert "records of training jobs voc-gender-workshop" in left
    assert "npx cdk gc aws://000000000000/us-east-1" in left
    assert "kept by its retention policy" not in left
    stacks = application.aws("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in stacks] == ["CDKToolkit"]
    buckets = application.aws("s3").list_buckets()["Buckets"]
    assert all(bucket["Name"].startswith("cdk-") for bucket in buckets)
    sagemaker = application.aws("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    assert sagemaker.list_notebook_instances()["NotebookInstances"] == []
    assert application.aws("dynamodb").list_tables()["TableNames"] == []
    assert application.aws("lambda").list_functions()["Functions"] == []
    assert application.aws("apigateway").get_rest_apis()["items"] == []
    roles = application.aws("iam").list_roles()["Roles"]
    assert all(role["RoleName"].startswith("cdk-") for role in roles)
