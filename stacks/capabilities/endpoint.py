"""The model behind an endpoint, how a new one comes to it, and the proof that it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.acknowledgements import acknowledge_checkov
from stacks.capabilities.custom_resource_provider import custom_resource_provider
from stacks.capabilities.endpoint_alarms import VARIANT, EndpointAlarms, endpoint_metric
from stacks.capabilities.endpoint_arn import endpoint_arn
from stacks.capabilities.function import Function
from stacks.settings import Settings

# Above this an instance's two virtual processors would be more than half busy: one name
# takes about 2 ms, so a second holds some 30,000 requests a minute at full load.
_INVOCATIONS_PER_INSTANCE_AND_MINUTE = 12_000
# Longer than the alarms take to see what is wrong.
_WATCH_SECONDS = 300
_LONGEST_ROLLOUT_SECONDS = 3_600


class Endpoint(Construct):
    """Hosts one model.

    Model and configuration are immutable and unnamed: a change replaces them, and the
    endpoint swaps to the new configuration when the new model answers.

    Attributes
    ----------
    name
        The endpoint's name, known once it exists.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        topic: sns.ITopic | None,
        role: iam.IRole,
        image_uri: str,
        model_data_url: str,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        alarms = EndpointAlarms(self, "Alarms", settings=settings, topic=topic) if topic else None
        self._model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=image_uri, model_data_url=model_data_url, environment=dict(environment)
            ),
        )
        self._model.node.add_dependency(role)
        acknowledge_checkov(
            self._model,
            {
                "CKV_AWS_370": "AWS's serving image fetches the handlers' source from the bucket "
                "when it starts."
            },
        )
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[self._production_variant()],
            # What a serverless endpoint stores is SageMaker's own.
            kms_key_id=key.key_arn if key and settings.hosting == "instances" else None,
        )
        self._endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=settings.endpoint_name,
            endpoint_config_name=config.attr_endpoint_config_name,
            # What follows the traffic is not set back by a deploy.
            retain_all_variant_properties=settings.follows_traffic or None,
            deployment_config=(
                _canary(alarms.of_a_bad_model) if alarms and settings.rollout == "canary" else None
            ),
        )
        self._endpoint.node.add_dependency(role)
        self.name = self._endpoint.attr_endpoint_name
        if settings.follows_traffic:
            self._scale_with_traffic()
        self._check(config)

    def _production_variant(self) -> sagemaker.CfnEndpointConfig.ProductionVariantProperty:
        settings = self._settings
        if settings.hosting == "serverless":
            return sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                variant_name=VARIANT,
                model_name=self._model.attr_model_name,
                initial_variant_weight=1,
                serverless_config=sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
                    memory_size_in_mb=settings.serverless_memory_mb,
                    max_concurrency=settings.serverless_max_concurrency,
                    provisioned_concurrency=settings.serverless_provisioned_concurrency or None,
                ),
            )
        return sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT,
            model_name=self._model.attr_model_name,
            initial_variant_weight=1,
            instance_type=settings.instance_type,
            initial_instance_count=settings.instances_min,
        )

    def _scale_with_traffic(self) -> None:
        target = autoscaling.ScalableTarget(
            self,
            "Instances",
            service_namespace=autoscaling.ServiceNamespace.SAGEMAKER,
            resource_id=f"endpoint/{self._settings.endpoint_name}/variant/{VARIANT}",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            min_capacity=self._settings.instances_min,
            max_capacity=self._settings.instances_max,
        )
        target.node.add_dependency(self._endpoint)
        target.scale_to_track_metric(
            "Invocations",
            predefined_metric=(
                autoscaling.PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE
            ),
            target_value=_INVOCATIONS_PER_INSTANCE_AND_MINUTE,
            scale_in_cooldown=Duration.minutes(5),
            scale_out_cooldown=Duration.minutes(1),
        )
        self._scale_in_when_nobody_asks(target)

    def _scale_in_when_nobody_asks(self, target: autoscaling.ScalableTarget) -> None:
        """Go back to the minimum after a quarter of an hour without a request.

        Without requests SageMaker measures nothing, and tracking waits for a measurement.
        """
        to_minimum = autoscaling.StepScalingAction(
            self,
            "ToMinimum",
            scaling_target=target,
            adjustment_type=autoscaling.AdjustmentType.EXACT_CAPACITY,
            cooldown=Duration.minutes(5),
        )
        to_minimum.add_adjustment(adjustment=self._settings.instances_min, upper_bound=0)
        idle = cloudwatch.Alarm(
            self,
            "Idle",
            alarm_description="Nobody asks: the endpoint goes back to its fewest instances.",
            metric=endpoint_metric(self._settings, "Invocations"),
            threshold=0,
            evaluation_periods=15,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        idle.add_alarm_action(actions.ApplicationScalingAction(to_minimum))

    def _check(self, config: sagemaker.CfnEndpointConfig) -> None:
        """Fail the deploy if the endpoint went back to another configuration by itself."""
        on_event = Function(
            self,
            "CheckOnEvent",
            settings=self._settings,
            handler="endpoint_check.handler.on_event",
            description="Compares the endpoint's configuration with the one asked for",
            timeout=Duration.minutes(1),
        )
        on_event.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sagemaker:DescribeEndpoint"],
                resources=[endpoint_arn(self, self._settings)],
            )
        )
        provider = custom_resource_provider(
            self, "CheckProvider", settings=self._settings, on_event=on_event.function
        )
        check = CustomResource(
            self,
            "Check",
            resource_type="Custom::EndpointCheck",
            service_token=provider.service_token,
            service_timeout=Duration.minutes(5),
            properties={
                "EndpointName": self._settings.endpoint_name,
                "EndpointConfigName": config.attr_endpoint_config_name,
            },
        )
        check.node.add_dependency(self._endpoint)


def _canary(
    alarms: Sequence[cloudwatch.IAlarm],
) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
    """Try a new model on one new instance, and go back when an alarm says so."""
    return sagemaker.CfnEndpoint.DeploymentConfigProperty(
        blue_green_update_policy=sagemaker.CfnEndpoint.BlueGreenUpdatePolicyProperty(
            traffic_routing_configuration=sagemaker.CfnEndpoint.TrafficRoutingConfigProperty(
                type="CANARY",
                canary_size=sagemaker.CfnEndpoint.CapacitySizeProperty(
                    type="INSTANCE_COUNT", value=1
                ),
                wait_interval_in_seconds=_WATCH_SECONDS,
            ),
            termination_wait_in_seconds=_WATCH_SECONDS,
            maximum_execution_timeout_in_seconds=_LONGEST_ROLLOUT_SECONDS,
        ),
        auto_rollback_configuration=sagemaker.CfnEndpoint.AutoRollbackConfigProperty(
            alarms=[
                sagemaker.CfnEndpoint.AlarmProperty(alarm_name=alarm.alarm_name) for alarm in alarms
            ]
        ),
    )
