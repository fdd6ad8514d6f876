"""The data scientist's notebook instance."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Fn
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_checkov
from stacks.capabilities.notebook_role import NotebookRole
from stacks.lessons import lifecycle_script
from stacks.settings import Settings
from stacks.shipped_folder import ShippedFolder

_PLATFORM = "notebook-al2023-v1"
_VOLUME_GB = 10


def add_notebook(
    scope: Construct, *, settings: Settings, bucket: s3.IBucket, lessons: ShippedFolder
) -> Notebook:
    """Build the notebook instance in a stack, with the stack's output about it."""
    notebook = Notebook(scope, "Notebook", settings=settings, bucket=bucket, lessons=lessons)
    CfnOutput(scope, "NotebookName", value=notebook.instance.attr_notebook_instance_name)
    return notebook


class Notebook(Construct):
    """A notebook instance whose role reaches this project's bucket, and what a lesson needs.

    Attributes
    ----------
    instance
        The notebook instance.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bucket: s3.IBucket,
        lessons: ShippedFolder,
    ) -> None:
        super().__init__(scope, construct_id)
        name = settings.notebook_name
        role = NotebookRole(self, "Role", settings=settings, notebook_name=name, bucket=bucket)
        values = {
            "LESSONS": bucket.s3_url_for_object(lessons.prefix),
            "BUCKET": bucket.bucket_name,
            "REGION": settings.region,
            "METHOD": settings.method,
            "IDLE_MINUTES": str(settings.notebook_idle_minutes),
            "REPOSITORY": settings.notebook_repository,
        }
        lifecycle = sagemaker.CfnNotebookInstanceLifecycleConfig(
            self,
            "LifecycleConfig",
            notebook_instance_lifecycle_config_name=f"{name}-lifecycle-config",
            on_create=[_hook("on-create.sh", values, bucket)],
            on_start=[_hook("on-start.sh", values, bucket)],
        )
        repository = settings.notebook_repository
        self.instance = sagemaker.CfnNotebookInstance(
            self,
            "Instance",
            notebook_instance_name=name,
            instance_type=settings.notebook_instance_type,
            platform_identifier=_PLATFORM,
            role_arn=role.role.role_arn,
            lifecycle_config_name=lifecycle.attr_notebook_instance_lifecycle_config_name,
            default_code_repository=None if repository == "none" else repository,
            volume_size_in_gb=_VOLUME_GB,
            root_access="Enabled",
            direct_internet_access="Enabled",
            instance_metadata_service_configuration=(
                sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
                    minimum_instance_metadata_service_version="2"
                )
            ),
        )
        # Its scripts use the role's permissions, which must be there before, and outlast it.
        self.instance.node.add_dependency(role)
        self._acknowledge()

    def _acknowledge(self) -> None:
        acknowledge(
            self.instance,
            "AwsSolutions-SM1",
            "A lesson installs packages from the internet; a VPC would cost more than the rest.",
        )
        acknowledge(
            self.instance,
            "AwsSolutions-SM2",
            "The volume holds copies of public name counts, encrypted with SageMaker's own key.",
        )
        acknowledge(
            self.instance,
            "AwsSolutions-SM3",
            "A lesson installs packages from the internet.",
        )
        acknowledge_checkov(
            self.instance,
            {
                "CKV_AWS_187": "The volume holds copies of public name counts, encrypted with "
                "SageMaker's own key."
            },
        )


def _hook(
    name: str, values: Mapping[str, str], bucket: s3.IBucket
) -> sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty:
    script = lifecycle_script(name, values, bucket.bucket_name)
    return sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty(
        content=Fn.base64(script)
    )
