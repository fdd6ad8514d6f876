"""The REST API: one function per task, each with a role of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_checkov
from stacks.capabilities.access_log import access_log
from stacks.capabilities.endpoint_arn import endpoint_arn
from stacks.capabilities.feedback_table import LISTING_INDEX, FeedbackTable
from stacks.capabilities.firewall import ApiFirewall
from stacks.capabilities.function import ARCHITECTURE, RUNTIME, Function
from stacks.capabilities.gateway_errors import add_gateway_errors
from stacks.capabilities.idempotency_table import IdempotencyTable
from stacks.capabilities.sign_in import API_SCOPE, SignIn
from stacks.capabilities.tally_table import TallyTable
from stacks.settings import Settings
from stacks.shipped_folder import REPOSITORY, MissingInputError

STAGE = "vocweb"
LAYER_FOLDER = REPOSITORY / "build" / "layer"
_FUNCTIONS_FILE = REPOSITORY / "lambda" / "functions.json"
_OPEN_METHOD_RULES = ("AwsSolutions-APIG4", "AwsSolutions-COG4")
_CORS_HEADERS = ["Content-Type", "Authorization", "Idempotency-Key"]


def api_name(settings: Settings) -> str:
    """Return the API's name, by which the gateway's metrics are told apart."""
    return settings.name_prefix


def metrics_namespace(settings: Settings) -> str:
    """Return the namespace of what the functions count, apart for environments of one region."""
    return f"VocGender/{settings.environment}"


class RestApi(Construct):
    """The routes that ``lambda/functions.json`` lists, behind a throttled stage.

    Attributes
    ----------
    api
        The REST API, with the stage ``vocweb``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        feedback: FeedbackTable,
        tally: TallyTable,
        idempotency: IdempotencyTable,
        sign_in: SignIn,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._layer = self._build_layer()
        self.api = self._build_api()
        self._authorizer = self._build_authorizer(sign_in)
        self._resources = {
            "feedback_table": feedback.table.table_arn,
            "listing_index": f"{feedback.table.table_arn}/index/{LISTING_INDEX}",
            "insights_table": tally.table.table_arn,
            "idempotency_table": idempotency.table.table_arn,
            "endpoint": endpoint_arn(self, settings),
            "*": "*",
        }
        self._environment = {
            "TABLE_NAME": feedback.table.table_name,
            "LISTING_INDEX": LISTING_INDEX,
            "INSIGHTS_TABLE_NAME": tally.table.table_name,
            "IDEMPOTENCY_TABLE_NAME": idempotency.table.table_name,
            "ENDPOINT_NAME": settings.endpoint_name,
            "ACCESS": settings.access,
            "FEEDBACK_RETENTION_DAYS": str(settings.feedback_retention_days),
        }
        functions: dict[str, Any] = json.loads(_FUNCTIONS_FILE.read_text())
        for name, definition in functions.items():
            self._build_function(name, definition)
        add_gateway_errors(
            self.api,
            allow_origin=settings.cors_allow_origin if settings.allows_other_origins else None,
        )

    def _build_layer(self) -> lambda_.LayerVersion:
        if not (LAYER_FOLDER / "python").is_dir():
            raise MissingInputError(f"no dependency layer in '{LAYER_FOLDER}': run 'make layer'")
        return lambda_.LayerVersion(
            self,
            "Dependencies",
            code=lambda_.Code.from_asset(str(LAYER_FOLDER)),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            description="What lambda/requirements.txt lists",
        )

    def _build_api(self) -> apigateway.RestApi:
        settings = self._settings
        cors = apigateway.CorsOptions(
            allow_origins=[settings.cors_allow_origin],
            allow_headers=_CORS_HEADERS,
            allow_methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"],
            max_age=Duration.hours(1),
        )
        log, log_format = (
            access_log(self, settings=settings) if settings.access_logs else (None, None)
        )
        api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=api_name(settings),
            description="Voice of the Customer: feedback and inferred gender",
            # One role for all APIs of the account and region: it stays when this API goes.
            cloud_watch_role=settings.access_logs,
            cloud_watch_role_removal_policy=(
                RemovalPolicy.RETAIN if settings.access_logs else None
            ),
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            default_cors_preflight_options=cors if settings.allows_other_origins else None,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=settings.throttle_rate,
                throttling_burst_limit=settings.throttle_burst,
                metrics_enabled=True,
                # A stage's traces hold whole URLs, and entering feedback may be a GET.
                tracing_enabled=False,
                access_log_destination=log,
                access_log_format=log_format,
            ),
        )
        # The output that CDK adds by itself would be a second name for ApiUrl.
        api.node.try_remove_child("Endpoint")
        self._acknowledge_api(api)
        if settings.firewall:
            ApiFirewall(self, "Firewall", stage=api.deployment_stage)
        return api

    def _acknowledge_api(self, api: apigateway.RestApi) -> None:
        acknowledge(
            api,
            "AwsSolutions-APIG2",
            "The functions validate every request, so that all errors have one form.",
        )
        acknowledge(
            api,
            "AwsSolutions-APIG6",
            "The gateway's execution log holds names and comments in clear.",
        )
        acknowledge_checkov(
            api.deployment_stage,
            {
                "CKV_AWS_73": "A stage's traces hold whole URLs, and entering feedback may be a "
                "GET; the functions are traced.",
                "CKV_AWS_120": "Answers hold personal data, and are right only when they are "
                "fresh.",
            },
        )
        self._acknowledge_access_log(api)
        if not self._settings.firewall:
            acknowledge(
                api,
                "AwsSolutions-APIG3",
                "Throttled; a firewall costs more than the whole workshop.",
            )

    def _acknowledge_access_log(self, api: apigateway.RestApi) -> None:
        if self._settings.access_logs:
            acknowledge(
                api,
                "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
                "AmazonAPIGatewayPushToCloudWatchLogs]",
                "AWS's own policy for the account's one role that writes gateways' logs.",
            )
            return
        reason = (
            "Every function logs its requests, without names. The gateway's own log needs a role "
            "that is shared by all APIs of the account."
        )
        acknowledge(api, "AwsSolutions-APIG1", reason)
        acknowledge_checkov(api.deployment_stage, {"CKV_AWS_76": reason})

    def _build_authorizer(self, sign_in: SignIn) -> apigateway.CognitoUserPoolsAuthorizer | None:
        if self._settings.access == "cognito":
            return apigateway.CognitoUserPoolsAuthorizer(
                self, "Authorizer", cognito_user_pools=[sign_in.pool]
            )
        return None

    def _add_method(
        self, path: str, method: str, integration: apigateway.Integration, *, public: bool
    ) -> None:
        resource = self.api.root.resource_for_path(path)
        if public:
            added = resource.add_method(method, integration)
            _acknowledge_open(added, "The contract is no secret, and clients read it first.")
        elif self._authorizer is None:
            added = resource.add_method(method, integration)
            _acknowledge_open(added, "The setting access is open, as the workshop's API is.")
        else:
            resource.add_method(
                method,
                integration,
                authorizer=self._authorizer,
                authorization_type=apigateway.AuthorizationType.COGNITO,
                authorization_scopes=[API_SCOPE],
            )

    def _build_function(self, name: str, definition: Mapping[str, Any]) -> None:
        construct = Function(
            self,
            "".join(part.title() for part in name.split("_")),
            settings=self._settings,
            handler=definition["handler"],
            description=", ".join(
                f"{route['method']} {route['path']}" for route in definition["routes"]
            ),
            environment={
                "CORS_ALLOW_ORIGIN": (
                    self._settings.cors_allow_origin if self._settings.allows_other_origins else ""
                ),
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": metrics_namespace(self._settings),
                **{key: self._environment[key] for key in definition["environment"]},
            },
            layers=[self._layer],
            timeout=Duration.seconds(definition["timeout_seconds"]),
            memory_mb=definition["memory_mb"],
        )
        function = construct.function
        for permission in definition["permissions"]:
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=permission["actions"],
                    resources=[self._resources[permission["resource"]]],
                )
            )
            if permission["resource"] == "*":
                acknowledge(construct, "AwsSolutions-IAM5[Resource::*]", permission["reason"])
        integration = apigateway.LambdaIntegration(function, allow_test_invoke=False)
        public = definition.get("public", False)
        for route in definition["routes"]:
            self._add_method(route["path"], route["method"], integration, public=public)
        for path in {route["path"]: None for route in definition["routes"]}:
            # The function answers other methods with 405 and those that there are.
            self._add_method(path, "ANY", integration, public=public)


def _acknowledge_open(method: apigateway.Method, reason: str) -> None:
    for rule in _OPEN_METHOD_RULES:
        acknowledge(method, rule, reason)
    acknowledge_checkov(method, {"CKV_AWS_59": reason})
