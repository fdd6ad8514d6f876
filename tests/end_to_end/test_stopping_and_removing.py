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


def test_destroy_leaves_nothing(application: Application) -> None:
    destroyed = application.cdk("destroy", f"{application.settings.stage_name}/*", "--force")
    assert destroyed.returncode == 0, destroyed.stdout
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
