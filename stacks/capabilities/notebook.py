"""The data scientist's notebook instance."""

from __future__ import annotations

from aws_cdk import Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_objects
from stacks.settings import Settings
from stacks.training_source import REPOSITORY

_LIFECYCLE_SCRIPTS = REPOSITORY / "notebooks" / "lifecycle"
_PLATFORM = "notebook-al2023-v1"
_VOLUME_GB = 10


def notebook_name(settings: Settings) -> str:
    """Return the instance's name: the workshop's own, in the workshop's environment."""
    suffix = "" if settings.environment == "workshop" else f"-{settings.environment}"
    return f"smworkshop-notebook{suffix}"


class Notebook(Construct):
    """A notebook instance whose role reaches this project's bucket, and what a lesson needs.

    Attributes
    ----------
    instance
        The notebook instance.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, bucket: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        name = notebook_name(settings)
        role = self._build_role(bucket)
        lifecycle = sagemaker.CfnNotebookInstanceLifecycleConfig(
            self,
            "LifecycleConfig",
            notebook_instance_lifecycle_config_name=f"{name}-lifecycle-config",
            on_create=[_lifecycle_hook("on-create.sh")],
        )
        self.instance = sagemaker.CfnNotebookInstance(
            self,
            "Instance",
            notebook_instance_name=name,
            instance_type=settings.notebook_instance_type,
            platform_identifier=_PLATFORM,
            role_arn=role.role_arn,
            lifecycle_config_name=lifecycle.attr_notebook_instance_lifecycle_config_name,
            volume_size_in_gb=_VOLUME_GB,
            root_access="Enabled",
            direct_internet_access="Enabled",
            instance_metadata_service_configuration=(
                sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
                    minimum_instance_metadata_service_version="2"
                )
            ),
        )
        self.instance.node.add_dependency(role)
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

    def _build_role(self, bucket: s3.IBucket) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        # A managed policy, because a notebook reads the bucket's name from it.
        bucket_access = iam.ManagedPolicy(
            self,
            "BucketAccess",
            description="The notebook's access to its project's bucket",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=["s3:GetBucketLocation", "s3:ListBucket"],
                    resources=[bucket.bucket_arn],
                ),
                iam.PolicyStatement(
                    actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    resources=[bucket.arn_for_objects("*")],
                ),
            ],
        )
        iam.Policy(
            self,
            "IAMRoleRead",
            policy_name="IAMRoleRead",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=["iam:GetPolicy", "iam:GetPolicyVersion"],
                    resources=[bucket_access.managed_policy_arn],
                )
            ],
        )
        repositories = Stack.of(self).format_arn(
            service="ecr", resource="repository", resource_name="smworkshop-*"
        )
        iam.Policy(
            self,
            "ECRUpload",
            policy_name="ECRUpload",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=[
                        "ecr:CreateRepository",
                        "ecr:CompleteLayerUpload",
                        "ecr:UploadLayerPart",
                        "ecr:InitiateLayerUpload",
                        "ecr:PutImage",
                    ],
                    resources=[repositories],
                )
            ],
        )
        acknowledge_objects(
            bucket_access,
            bucket,
            "*",
            "The data scientist works in the whole of this project's own bucket.",
        )
        acknowledge(
            self,
            f"AwsSolutions-IAM5[Resource::arn:aws:ecr:{Stack.of(self).region}:<AWS::AccountId>:"
            "repository/smworkshop-*]",
            "A lesson creates repositories; the prefix is this project's own.",
        )
        return role


def _lifecycle_hook(
    script: str,
) -> sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty:
    return sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty(
        content=Fn.base64((_LIFECYCLE_SCRIPTS / script).read_text())
    )
