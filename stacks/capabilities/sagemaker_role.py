"""The execution role of a training job or a model."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_objects
from stacks.framework_images import FrameworkImage

_OWN_FOLDER = "A folder of this project's own bucket."


@dataclass(frozen=True)
class ImageSource:
    """A container image, and the repository that a role must be allowed to pull it from."""

    uri: str
    repository_arn: str

    @classmethod
    def of_framework(cls, image: FrameworkImage, region: str) -> ImageSource:
        """Take an image that AWS publishes."""
        return cls(
            uri=image.uri(region),
            repository_arn=(
                f"arn:{Aws.PARTITION}:ecr:{region}:{image.account(region)}"
                f":repository/{image.repository}"
            ),
        )


class SageMakerRole(Construct):
    """May pull one image, write logs and metrics of SageMaker, and what is allowed on top.

    Attributes
    ----------
    role
        The role to pass to SageMaker.
    """

    def __init__(self, scope: Construct, construct_id: str, *, image: ImageSource) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")
        )
        self._allow_pulling(image)
        self._allow_reporting()

    def allow_reading(self, bucket: s3.IBucket, prefix: str) -> None:
        """Allow to list and read what lies below a prefix."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"], resources=[bucket.arn_for_objects(f"{prefix}/*")]
            )
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:ListBucket"],
                resources=[bucket.bucket_arn],
                conditions={"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}},
            )
        )
        acknowledge_objects(self, bucket, f"{prefix}/*", _OWN_FOLDER)

    def allow_writing(self, bucket: s3.IBucket, prefix: str) -> None:
        """Allow to write below a prefix."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:AbortMultipartUpload"],
                resources=[bucket.arn_for_objects(f"{prefix}/*")],
            )
        )
        acknowledge_objects(self, bucket, f"{prefix}/*", _OWN_FOLDER)

    def _allow_pulling(self, image: ImageSource) -> None:
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                ],
                resources=[image.repository_arn],
            )
        )
        self.role.add_to_policy(
            # A registry's token knows no resource.
            iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"])
        )

    def _allow_reporting(self) -> None:
        log_groups = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name="/aws/sagemaker/*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.role.add_to_policy(
            # SageMaker names its log groups by itself and creates them when first needed.
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                ],
                resources=[log_groups],
            )
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={
                    "StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}
                },
            )
        )
        acknowledge(
            self, "AwsSolutions-IAM5[Resource::*]", "These actions of ECR and metrics take none."
        )
        acknowledge(
            self,
            f"AwsSolutions-IAM5[Resource::arn:aws:logs:{Stack.of(self).region}:<AWS::AccountId>:"
            "log-group:/aws/sagemaker/*]",
            "SageMaker chooses the names of its log groups.",
        )
