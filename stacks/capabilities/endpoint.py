"""The model behind an endpoint, and the proof that the endpoint runs it."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.capabilities.custom_resource_provider import custom_resource_provider
from stacks.capabilities.function import Function
from stacks.settings import Settings

_VARIANT = "AllTraffic"
# Above this an instance's two virtual processors would be more than half busy: one name
# takes about 2 ms, so a second holds some 30,000 requests a minute at full load.
_INVOCATIONS_PER_INSTANCE_AND_MINUTE = 12_000


def endpoint_name(settings: Settings) -> str:
    """Return the endpoint's name.

    It is known before the endpoint exists, so that the API needs no export of the model's
    stack. It carries the kind of hosting, because an endpoint cannot change from one kind
    to the other: it is replaced. Lower case, because IAM matches names as they are written
    and SageMaker does not.
    """
    return f"voc-gender-{settings.environment}-{settings.hosting}"


def endpoint_arn(scope: Construct, settings: Settings) -> str:
    """Return the ARN of the endpoint, for permissions."""
    return Stack.of(scope).format_arn(
        service="sagemaker", resource="endpoint", resource_name=endpoint_name(settings)
    )


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
        role: iam.IRole,
        image_uri: str,
        model_data_url: str,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=image_uri, model_data_url=model_data_url, environment=dict(environment)
            ),
        )
        self._model.node.add_dependency(role)
        config = sagemaker.CfnEndpointConfig(
            self, "Config", production_variants=[self._production_variant()]
        )
        self._endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=endpoint_name(settings),
            endpoint_config_name=config.attr_endpoint_config_name,
            # Autoscaling owns the number of instances after the first deploy.
            retain_all_variant_properties=settings.hosting == "instances" or None,
        )
        self._endpoint.node.add_dependency(role)
        self.name = self._endpoint.attr_endpoint_name
        if settings.hosting == "instances" and settings.instances_max > settings.instances_min:
            self._scale_with_traffic()
        self._check(config)

    def _production_variant(self) -> sagemaker.CfnEndpointConfig.ProductionVariantProperty:
        settings = self._settings
        if settings.hosting == "serverless":
            return sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                variant_name=_VARIANT,
                model_name=self._model.attr_model_name,
                initial_variant_weight=1,
                serverless_config=sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
                    memory_size_in_mb=settings.serverless_memory_mb,
                    max_concurrency=settings.serverless_max_concurrency,
                ),
            )
        return sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=_VARIANT,
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
            resource_id=f"endpoint/{endpoint_name(self._settings)}/variant/{_VARIANT}",
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
                "EndpointName": endpoint_name(self._settings),
                "EndpointConfigName": config.attr_endpoint_config_name,
            },
        )
        check.node.add_dependency(self._endpoint)
