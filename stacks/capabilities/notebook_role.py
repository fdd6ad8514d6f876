"""What the data scientist may do: the lessons, on this project's own, and nothing else."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_objects
from stacks.capabilities.training_job import MODELS_PREFIX
from stacks.framework_images import SCIKIT_LEARN_INFERENCE, TENSORFLOW_TRAINING
from stacks.lessons import LESSONS_PREFIX
from stacks.pretrained_model import PRETRAINED_PREFIX
from stacks.settings import Settings
from stacks.training_source import DATA_PREFIX, SOURCE_PREFIX

LESSON_PREFIX = "smworkshop-lesson-"
"""Jobs, models and endpoints of the lessons begin so; those of the deploy do not."""
REPOSITORY_PREFIX = "smworkshop-"
_WRITTEN = "lessons"
# What a lesson learns from and looks at. Names that customers sent lie elsewhere (``batch/``), and
# what the deployed endpoint runs is for reading only.
_READ = (
    DATA_PREFIX,
    SOURCE_PREFIX,
    MODELS_PREFIX,
    PRETRAINED_PREFIX,
    LESSONS_PREFIX,
    _WRITTEN,
)


class NotebookRole(Construct):
    """The role of the notebook instance, and of the jobs and models of its lessons.

    Attributes
    ----------
    role
        The role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        notebook_name: str,
        bucket: s3.IBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")
        )
        access = self._allow_bucket(bucket, notebook_name)
        self._inline(
            "IAMRoleRead",
            # A lesson finds the bucket by reading the policy that allows it.
            self._statement(["iam:GetPolicy", "iam:GetPolicyVersion"], access.managed_policy_arn),
        )
        self._allow_images()
        self._allow_lessons()
        self._allow_reports()
        self._inline(
            "AutoStop",
            # The instance ends itself when it is idle.
            self._statement(
                ["sagemaker:StopNotebookInstance"],
                self._arn("sagemaker", "notebook-instance", notebook_name),
            ),
        )

    def _allow_bucket(self, bucket: s3.IBucket, notebook_name: str) -> iam.ManagedPolicy:
        # A managed policy, because a lesson reads the bucket's name from it, by a name that the
        # instance can tell: policies are global, so it carries the region.
        access = iam.ManagedPolicy(
            self,
            "BucketAccess",
            managed_policy_name=f"{notebook_name}-{self._settings.region}",
            description="The notebook's access to its project's bucket",
            roles=[self.role],
            statements=[
                self._statement(["s3:ListBucket"], bucket.bucket_arn),
                self._statement(
                    ["s3:GetObject"], *(bucket.arn_for_objects(f"{kind}/*") for kind in _READ)
                ),
                self._statement(
                    ["s3:PutObject", "s3:DeleteObject"], bucket.arn_for_objects(f"{_WRITTEN}/*")
                ),
            ],
        )
        for kind in _READ:
            acknowledge_objects(access, bucket, f"{kind}/*", "Keys end in a fingerprint or a time.")
        return access

    def _allow_images(self) -> None:
        own = self._arn("ecr", "repository", f"{REPOSITORY_PREFIX}*")
        self._inline(
            "ECRUpload",
            self._statement(
                [
                    "ecr:CreateRepository",
                    "ecr:CompleteLayerUpload",
                    "ecr:UploadLayerPart",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                ],
                own,
            ),
        )
        region = self._settings.region
        published = [
            f"arn:{Aws.PARTITION}:ecr:{region}:{image.account(region)}:repository/"
            f"{image.repository}"
            for image in (TENSORFLOW_TRAINING, SCIKIT_LEARN_INFERENCE)
        ]
        self._inline(
            "ECRPull",
            # A push asks which layers are there already; jobs and models pull with this role.
            self._statement(
                [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                ],
                own,
                *published,
            ),
            # A registry's token knows no resource.
            self._statement(["ecr:GetAuthorizationToken"], "*"),
        )
        self._acknowledge("*", "ECR's tokens and CloudWatch's metrics take no resource.")
        self._acknowledge(
            f"arn:aws:ecr:{region}:<AWS::AccountId>:repository/{REPOSITORY_PREFIX}*",
            "A lesson creates repositories; the prefix is this project's own.",
        )

    def _allow_lessons(self) -> None:
        kinds = {
            "training-job": ["CreateTrainingJob", "DescribeTrainingJob"],
            "model": ["CreateModel", "DescribeModel", "DeleteModel"],
            "endpoint-config": [
                "CreateEndpointConfig",
                "DescribeEndpointConfig",
                "DeleteEndpointConfig",
                # AWS asks for it on the configuration as well as on the endpoint.
                "CreateEndpoint",
                # ModelBuilder tags what it creates with the artifact's place.
                "AddTags",
            ],
            "endpoint": [
                "CreateEndpoint",
                "DescribeEndpoint",
                "DeleteEndpoint",
                "InvokeEndpoint",
                "AddTags",
            ],
        }
        statements = [
            self._statement(
                [f"sagemaker:{action}" for action in actions],
                self._arn("sagemaker", kind, f"{LESSON_PREFIX}*"),
            )
            for kind, actions in kinds.items()
        ]
        self._inline(
            "Lessons",
            *statements,
            # Jobs and models of the lessons run with this same role.
            self._statement(
                ["iam:PassRole"],
                self.role.role_arn,
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
        )
        for kind in kinds:
            self._acknowledge(
                f"arn:aws:sagemaker:{self._settings.region}:<AWS::AccountId>:{kind}/"
                f"{LESSON_PREFIX}*",
                "Names end in the time of the lesson; the prefix is the lessons' own.",
            )

    def _allow_reports(self) -> None:
        groups = self._arn("logs", "log-group", "/aws/sagemaker/*", ArnFormat.COLON_RESOURCE_NAME)
        self._inline(
            "Reports",
            # SageMaker writes what scripts, jobs and models print with this role; the SDK shows
            # a job's log while it runs.
            self._statement(
                [
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:DescribeLogStreams",
                    "logs:GetLogEvents",
                    "logs:PutLogEvents",
                ],
                groups,
            ),
            self._statement(
                ["cloudwatch:PutMetricData"],
                "*",
                conditions={
                    "StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}
                },
            ),
        )
        self._acknowledge(
            f"arn:aws:logs:{self._settings.region}:<AWS::AccountId>:log-group:/aws/sagemaker/*",
            "SageMaker chooses the names of its log groups.",
        )

    def _inline(self, name: str, *statements: iam.PolicyStatement) -> None:
        iam.Policy(self, name, policy_name=name, roles=[self.role], statements=list(statements))

    def _acknowledge(self, resource: str, reason: str) -> None:
        acknowledge(self, f"AwsSolutions-IAM5[Resource::{resource}]", reason)

    def _arn(
        self,
        service: str,
        resource: str,
        name: str,
        arn_format: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME,
    ) -> str:
        return Stack.of(self).format_arn(
            service=service, resource=resource, resource_name=name, arn_format=arn_format
        )

    @staticmethod
    def _statement(
        actions: list[str], *resources: str, conditions: dict[str, dict[str, object]] | None = None
    ) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=actions, resources=list(resources), conditions=conditions
        )
