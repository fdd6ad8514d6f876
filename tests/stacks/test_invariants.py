"""What must hold in every template, whatever else changes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from feedback.table import EXPIRES_AT
from stacks.capabilities.feedback_table import LISTING_INDEX
from stacks.framework_images import SCIKIT_LEARN_INFERENCE, TENSORFLOW_TRAINING
from stacks.shipped_folder import REPOSITORY
from tests.end_to_end.permissions import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Assembly, Template

OUTPUTS = {
    "Batch": {"BatchStateMachineArn"},
    "Storage": {"BucketName"},
    "Model": {"TrainingJobName", "EndpointName"},
    "Api": {"ApiUrl", "TableName", "UserPoolId"},
    "Web": {"WebUrl"},
    "Notebook": {"NotebookName"},
    "Foundation": {"KeyArn", "AlarmTopicArn"},
    "Monitoring": {"DashboardName"},
}


def resources(template: Template, resource_type: str) -> dict[str, dict[str, Any]]:
    return {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == resource_type
    }


def only(template: Template, resource_type: str) -> dict[str, Any]:
    (resource,) = resources(template, resource_type).values()
    return resource


def table_of(template: Template, construct: str) -> dict[str, Any]:
    (table,) = (
        resource
        for logical_id, resource in resources(template, "AWS::DynamoDB::Table").items()
        if logical_id.startswith(construct)
    )
    return table


def every(assembly: Assembly, resource_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for stage, stacks in assembly.templates.items():
        for template in stacks.values():
            for logical_id, resource in resources(template, resource_type).items():
                yield f"{stage} {logical_id}", resource


def statements(template: Template, policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(
        resource["Properties"]["PolicyDocument"]["Statement"]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
        and logical_id.startswith(policy)
    )
    return found


def actions(template: Template, policy: str) -> set[str]:
    return {
        action
        for statement in statements(template, policy)
        for action in listed(statement["Action"])
    }


def test_no_policy_finding_and_no_schema_warning(assembly: Assembly) -> None:
    findings = [
        (plugin["pluginName"], finding["ruleName"])
        for plugin in assembly.report["pluginReports"]
        for finding in plugin["violations"]
    ]
    assert findings == []


def test_outputs_have_their_stable_names(assembly: Assembly) -> None:
    for stacks in assembly.templates.values():
        for name, template in stacks.items():
            outputs = {key for key in template["Outputs"] if not key.startswith("Export")}
            assert outputs == OUTPUTS[name]


def test_nothing_that_a_new_model_changes_is_exported(assembly: Assembly) -> None:
    for stacks in assembly.templates.values():
        exporting = {
            name
            for name, template in stacks.items()
            if any("Export" in output for output in template.get("Outputs", {}).values())
        }
        assert exporting - {"Foundation"} == {"Storage", "Api"}


def test_every_bucket_is_private_encrypted_and_over_tls(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        for template in stacks.values():
            policies = json.dumps(resources(template, "AWS::S3::BucketPolicy"))
            for logical_id, bucket in resources(template, "AWS::S3::Bucket").items():
                properties = bucket["Properties"]
                assert properties["PublicAccessBlockConfiguration"] == {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                }, stage
                assert "BucketEncryption" in properties
                assert logical_id in policies
                assert '"aws:SecureTransport": "false"' in policies
                assert '"s3:TlsVersion": 1.2' in policies


def test_bucket_has_the_workshops_prefix_and_keeps_versions(assembly: Assembly) -> None:
    for stacks in assembly.templates.values():
        properties = only(stacks["Storage"], "AWS::S3::Bucket")["Properties"]
        assert properties["BucketName"]["Fn::Join"][1][0] == "smworkshop-"
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize(
    ("environment", "policy"), [("workshop", "Delete"), ("production", "Retain")]
)
def test_retention_keeps_customers_data(environment: str, policy: str, assembly: Assembly) -> None:
    stacks = assembly.templates[f"{environment}-us-east-1"]
    for name in ("Feedback", "Tally"):
        table = table_of(stacks["Api"], name)
        assert table["DeletionPolicy"] == policy
        assert table["Properties"]["DeletionProtectionEnabled"] is (policy == "Retain")
    assert only(stacks["Storage"], "AWS::S3::Bucket")["DeletionPolicy"] == policy


def test_stacks_of_production_must_be_freed_before_they_are_deleted(assembly: Assembly) -> None:
    assert assembly.protected == {
        f"{stage}-{name}"
        for stage, stacks in assembly.templates.items()
        for name in stacks
        if stage.startswith("production")
    }


def test_feedback_ends_when_the_setting_says(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        table = table_of(stacks["Api"], "Feedback")["Properties"]
        assert table["TimeToLiveSpecification"] == {
            "AttributeName": EXPIRES_AT,
            "Enabled": True,
        }
        days = {
            function["Properties"]["Environment"]["Variables"]["FEEDBACK_RETENTION_DAYS"]
            for function in resources(stacks["Api"], "AWS::Lambda::Function").values()
            if function["Properties"]["Handler"].startswith("enter_feedback.")
        }
        assert days == {str(assembly.settings[stage].feedback_retention_days)}


def test_what_the_endpoint_is_asked_is_not_recorded(assembly: Assembly) -> None:
    for name, config in every(assembly, "AWS::SageMaker::EndpointConfig"):
        assert "DataCaptureConfig" not in config["Properties"], name


def test_what_production_stores_is_encrypted_with_its_own_key(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        if not stage.startswith("production"):
            continue
        key = only(stacks["Foundation"], "AWS::KMS::Key")["Properties"]
        assert key["EnableKeyRotation"] is True
        stored = {
            "AWS::DynamoDB::Table": "SSESpecification",
            "AWS::Logs::LogGroup": "KmsKeyId",
            "AWS::SageMaker::EndpointConfig": "KmsKeyId",
            "AWS::SNS::Topic": "KmsMasterKeyId",
        }
        for template in stacks.values():
            for resource_type, where in stored.items():
                for name, resource in resources(template, resource_type).items():
                    assert "EncryptionKey" in json.dumps(resource["Properties"][where]), name
        bucket = only(stacks["Storage"], "AWS::S3::Bucket")["Properties"]
        assert "EncryptionKey" in json.dumps(bucket["BucketEncryption"])
        job = only(stacks["Model"], "Custom::TrainingJob")["Properties"]
        assert "EncryptionKey" in json.dumps(job["KmsKeyId"])
        for name, function in resources(stacks["Batch"], "AWS::Lambda::Function").items():
            variables = function["Properties"]["Environment"]["Variables"]
            assert "EncryptionKey" in json.dumps(variables["VOLUME_KEY_ARN"]), name


def test_access_log_holds_nothing_that_was_said(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        setting = only(stacks["Api"], "AWS::ApiGateway::Stage")["Properties"].get(
            "AccessLogSetting"
        )
        assert (setting is not None) is stage.startswith("production")
        if setting is not None:
            variables = set(re.findall(r"\$context[\w.]+", setting["Format"]))
            assert variables
            spoken = re.compile(r"path$|identity|authorizer|querystring|domain", re.IGNORECASE)
            assert {name for name in variables if spoken.search(name)} == {"$context.resourcePath"}


def test_firewall_stands_before_the_stage_of_production(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        found = resources(stacks["Api"], "AWS::WAFv2::WebACLAssociation")
        assert bool(found) is stage.startswith("production")
        for association in found.values():
            arn = json.dumps(association["Properties"]["ResourceArn"])
            assert "::/restapis/" in arn
            acl = only(stacks["Api"], "AWS::WAFv2::WebACL")["Properties"]
            assert acl["VisibilityConfig"]["SampledRequestsEnabled"] is False


def test_every_log_forgets(assembly: Assembly) -> None:
    for name, log in every(assembly, "AWS::Logs::LogGroup"):
        assert log["Properties"]["RetentionInDays"] in (7, 365), name
        assert log["DeletionPolicy"] == "Delete", name


def test_model_and_configuration_have_no_name(assembly: Assembly) -> None:
    for name, model in every(assembly, "AWS::SageMaker::Model"):
        assert "ModelName" not in model["Properties"], name
    for name, config in every(assembly, "AWS::SageMaker::EndpointConfig"):
        assert "EndpointConfigName" not in config["Properties"], name


def test_model_waits_for_the_gate_and_the_check_for_the_endpoint(assembly: Assembly) -> None:
    template = assembly.templates["workshop-us-east-1"]["Model"]
    (gate,) = resources(template, "Custom::QualityGate")
    (endpoint,) = resources(template, "AWS::SageMaker::Endpoint")
    assert gate in only(template, "AWS::SageMaker::Model")["DependsOn"]
    check = only(template, "Custom::EndpointCheck")
    assert endpoint in check["DependsOn"]
    assert (
        check["Properties"]["EndpointConfigName"]
        == template["Resources"][endpoint]["Properties"]["EndpointConfigName"]
    )


def test_images_come_from_aws_in_the_same_region(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        region = assembly.settings[stage].region
        job = only(stacks["Model"], "Custom::TrainingJob")["Properties"]
        model = only(stacks["Model"], "AWS::SageMaker::Model")["Properties"]
        assert job["TrainingImage"] == TENSORFLOW_TRAINING.uri(region)
        assert f".{region}." in job["TrainingImage"]
        assert model["PrimaryContainer"]["Image"] == SCIKIT_LEARN_INFERENCE.uri(region)


def test_roles_may_pull_the_image_that_they_run(assembly: Assembly) -> None:
    template = assembly.templates["workshop-eu-west-1"]["Model"]
    for policy, image in (
        ("TrainingJobRole", TENSORFLOW_TRAINING),
        ("ServingRole", SCIKIT_LEARN_INFERENCE),
    ):
        pull = next(
            statement
            for statement in statements(template, policy)
            if "ecr:BatchGetImage" in statement["Action"]
        )
        arn = "".join(
            part if isinstance(part, str) else "*" for part in pull["Resource"]["Fn::Join"][1]
        )
        assert arn.endswith(
            f":ecr:eu-west-1:{image.account('eu-west-1')}:repository/{image.repository}"
        )


def test_population_and_threshold_reach_the_container(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        settings = assembly.settings[stage]
        environment = only(stacks["Model"], "AWS::SageMaker::Model")["Properties"][
            "PrimaryContainer"
        ]["Environment"]
        assert environment["POPULATION"] == settings.population
        assert environment["CONFIDENCE_THRESHOLD"] == str(settings.confidence_threshold)


def test_workshop_is_serverless_and_production_scales(assembly: Assembly) -> None:
    workshop = assembly.templates["workshop-us-west-2"]["Model"]
    production = assembly.templates["production-us-west-2"]["Model"]
    (variant,) = only(workshop, "AWS::SageMaker::EndpointConfig")["Properties"][
        "ProductionVariants"
    ]
    assert variant["ServerlessConfig"] == {"MaxConcurrency": 5, "MemorySizeInMB": 2048}
    assert not resources(workshop, "AWS::ApplicationAutoScaling::ScalableTarget")
    target = only(production, "AWS::ApplicationAutoScaling::ScalableTarget")["Properties"]
    endpoint = only(production, "AWS::SageMaker::Endpoint")["Properties"]
    assert target["ResourceId"] == f"endpoint/{endpoint['EndpointName']}/variant/AllTraffic"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 6)
    assert endpoint["RetainAllVariantProperties"] is True


def test_no_role_may_do_everything_to_anything(assembly: Assembly) -> None:
    without_resource = {
        "cloudfront:CreateInvalidation",
        "cloudfront:GetInvalidation",
        "cloudwatch:PutMetricData",
        "comprehend:BatchDetectSentiment",
        "ecr:GetAuthorizationToken",
        *(
            f"logs:{action}"
            for action in (
                "CreateLogDelivery",
                "DeleteLogDelivery",
                "DescribeLogGroups",
                "DescribeResourcePolicies",
                "GetLogDelivery",
                "ListLogDeliveries",
                "PutResourcePolicy",
                "UpdateLogDelivery",
            )
        ),
        "sagemaker:ListTrainingJobs",
        "sagemaker:ListTransformJobs",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    for name, policy in every(assembly, "AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            named = statement["Action"]
            named = {named} if isinstance(named, str) else set(named)
            assert "*" not in named, name
            if statement["Resource"] == "*":
                assert named <= without_resource, name


def test_every_function_of_the_api_has_its_own_role_and_what_it_lists(
    assembly: Assembly,
) -> None:
    template = assembly.templates["workshop-us-east-1"]["Api"]
    functions = json.loads((REPOSITORY / "lambda" / "functions.json").read_text())
    roles: set[str] = set()
    for name, definition in functions.items():
        construct = "RestApi" + "".join(part.title() for part in name.split("_"))
        roles.update(
            resource["Properties"]["Role"]["Fn::GetAtt"][0]
            for logical_id, resource in resources(template, "AWS::Lambda::Function").items()
            if logical_id.startswith(construct)
        )
        listed = {action for grant in definition["permissions"] for action in grant["actions"]}
        telling = {
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        }
        assert actions(template, f"{construct}Role") == listed | telling
    assert len(roles) == len(functions)


def test_api_has_the_workshops_stage_and_is_throttled(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        properties = only(stacks["Api"], "AWS::ApiGateway::Stage")["Properties"]
        assert properties["StageName"] == "vocweb"
        (throttle,) = properties["MethodSettings"]
        assert throttle["ThrottlingRateLimit"] == assembly.settings[stage].throttle_rate


def test_functions_are_traced_and_urls_are_not(assembly: Assembly) -> None:
    """A stage's traces hold query strings, and with them names."""
    for name, function in every(assembly, "AWS::Lambda::Function"):
        if function["Properties"]["Handler"].endswith(".handler.handler"):
            assert function["Properties"]["TracingConfig"] == {"Mode": "Active"}, name
    for name, stage in every(assembly, "AWS::ApiGateway::Stage"):
        assert not stage["Properties"]["TracingEnabled"], name


def test_errors_of_the_gateway_have_the_form_of_the_apis(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        settings = assembly.settings[stage]
        answered: dict[str, dict[str, Any]] = {}
        for answer in resources(stacks["Api"], "AWS::ApiGateway::GatewayResponse").values():
            properties = answer["Properties"]
            template = properties["ResponseTemplates"]["application/json"]
            said = template.replace("$context.error.messageString", '"said by the gateway"')
            error = json.loads(said)["error"]
            assert error.keys() == {"code", "message", "details"}
            headers = properties["ResponseParameters"]
            answered[properties["ResponseType"]] = {"code": error["code"], **headers}
            readable = headers.get("gatewayresponse.header.Access-Control-Allow-Origin")
            wanted = settings.cors_allow_origin if settings.allows_other_origins else None
            assert readable == (f"'{wanted}'" if wanted else None)
        assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= answered.keys()
        assert answered["UNAUTHORIZED"]["code"] == "unauthorized"
        for passing in ("THROTTLED", "INTEGRATION_TIMEOUT"):
            assert "gatewayresponse.header.Retry-After" in answered[passing]


def test_access_is_what_the_setting_says(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        settings = assembly.settings[stage]
        paths = {
            logical_id: resource["Properties"]["PathPart"]
            for logical_id, resource in resources(
                stacks["Api"], "AWS::ApiGateway::Resource"
            ).items()
        }
        for logical_id, method in resources(stacks["Api"], "AWS::ApiGateway::Method").items():
            properties = method["Properties"]
            if properties["HttpMethod"] == "OPTIONS":
                continue
            public = paths[properties["ResourceId"]["Ref"]] == "openapi.json"
            wanted = settings.access == "cognito" and not public
            assert (properties["AuthorizationType"] == "COGNITO_USER_POOLS") is wanted, logical_id
            assert properties.get("AuthorizationScopes") == (["voc/api"] if wanted else None)
        pool = only(stacks["Api"], "AWS::Cognito::UserPool")["Properties"]
        assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
        client = only(stacks["Web"], "AWS::Cognito::UserPoolClient")["Properties"]
        assert client["AllowedOAuthFlows"] == ["code"]
        assert client["GenerateSecret"] is False


def test_table_is_keyed_by_id_and_listed_by_time(assembly: Assembly) -> None:
    properties = table_of(assembly.templates["workshop-us-east-1"]["Api"], "Feedback")["Properties"]
    assert properties["KeySchema"] == [{"AttributeName": "ID", "KeyType": "HASH"}]
    (index,) = properties["GlobalSecondaryIndexes"]
    assert index["IndexName"] == LISTING_INDEX
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["Listing", "PostedTime"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_page_and_api_have_one_origin(assembly: Assembly) -> None:
    template = assembly.templates["workshop-us-east-1"]["Web"]
    config = only(template, "AWS::CloudFront::Distribution")["Properties"]["DistributionConfig"]
    (api,) = config["CacheBehaviors"]
    assert api["PathPattern"] == "/vocweb/*"
    assert api["ViewerProtocolPolicy"] == "https-only"
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    headers = only(template, "AWS::CloudFront::ResponseHeadersPolicy")
    policy = json.dumps(
        headers["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"][
            "ContentSecurityPolicy"
        ]["ContentSecurityPolicy"]
    )
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_notebook_is_the_workshops(assembly: Assembly) -> None:
    template = assembly.templates["workshop-us-east-1"]["Notebook"]
    properties = only(template, "AWS::SageMaker::NotebookInstance")["Properties"]
    lifecycle = only(template, "AWS::SageMaker::NotebookInstanceLifecycleConfig")["Properties"]
    assert properties["NotebookInstanceName"] == "smworkshop-notebook"
    assert properties["InstanceType"] == "ml.m4.xlarge"
    assert (
        lifecycle["NotebookInstanceLifecycleConfigName"] == "smworkshop-notebook-lifecycle-config"
    )
    assert {
        policy["Properties"]["PolicyName"]
        for policy in resources(template, "AWS::IAM::Policy").values()
    } >= {"IAMRoleRead", "ECRUpload"}
    assert "Notebook" not in assembly.templates["production-us-east-1"]


def test_notebook_changes_nothing_that_is_deployed_and_reads_no_customers(
    assembly: Assembly,
) -> None:
    template = assembly.templates["workshop-us-east-1"]["Notebook"]
    reach = {
        action: {
            folder
            for resource in listed(statement["Resource"])
            for folder in re.findall(r"/([a-z]*)/\*", json.dumps(resource))
        }
        for statement in statements(template, "NotebookRoleBucketAccess")
        for action in listed(statement["Action"])
    }
    assert reach == {
        "s3:ListBucket": set(),
        "s3:GetObject": {"train", "code", "models", "pretrained", "notebooks", "lessons"},
        "s3:PutObject": {"lessons"},
        "s3:DeleteObject": {"lessons"},
    }


def test_waiting_for_custom_resources_ends(assembly: Assembly) -> None:
    waits = {
        name: int(resource["Properties"]["ServiceTimeout"])
        for resource_type in ("TrainingJob", "QualityGate", "EndpointCheck")
        for name, resource in every(assembly, f"Custom::{resource_type}")
    }
    assert waits
    assert max(waits.values()) <= 3600


def test_no_account_and_no_time_of_synthesis_in_a_template(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        region = assembly.settings[stage].region
        known = {image.account(region) for image in (TENSORFLOW_TRAINING, SCIKIT_LEARN_INFERENCE)}
        accounts = set(re.findall(r"(?<![\w-])\d{12}(?![\w-])", json.dumps(stacks)))
        assert accounts <= known
