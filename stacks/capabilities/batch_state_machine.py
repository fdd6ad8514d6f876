"""A state machine that infers the names of a CSV file in the bucket by batch transforms."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_invocation, acknowledge_objects
from stacks.capabilities.endpoint_arn import endpoint_arn
from stacks.capabilities.function import Function, log_group
from stacks.capabilities.storage import batch_prefix
from stacks.settings import Settings

_TEMPORARY_FILES_MB = 4_096
_OWN_FOLDER = "A folder of this project's own bucket, for batches alone."


class BatchStateMachine(Construct):
    """Sends names, runs one transform job after the other, writes the results.

    The states pass on where things are and how many; no name is in their data.

    Attributes
    ----------
    machine
        The state machine.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, bucket: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._bucket = bucket
        self._environment = {
            "BUCKET_NAME": bucket.bucket_name,
            "ENDPOINT_NAME": settings.endpoint_name,
            "JOB_NAME_PREFIX": settings.batch_job_name_prefix,
            "INSTANCE_TYPE": settings.batch_instance_type,
            **({"VOLUME_KEY_ARN": bucket.encryption_key.key_arn} if bucket.encryption_key else {}),
        }
        send, next_job, check, write = (
            self._build_send(),
            self._build_next_job(),
            self._build_check(),
            self._build_write(),
        )
        self.machine = self._build_machine(send, next_job, check, write)

    def _build_machine(
        self, send: Function, next_job: Function, check: Function, write: Function
    ) -> sfn.StateMachine:
        steps = {
            name: tasks.LambdaInvoke(
                self, f"{name}State", lambda_function=function.function, payload_response_only=True
            )
            for name, function in {
                "Send": send,
                "NextJob": next_job,
                "Check": check,
                "Write": write,
            }.items()
        }
        runs = sfn.Condition.boolean_equals("$.running", value=True)
        wait = sfn.Wait(self, "Wait", time=sfn.WaitTime.duration(Duration.seconds(15)))
        wait.next(steps["Check"]).next(
            sfn.Choice(self, "HasEnded").when(runs, wait).otherwise(steps["NextJob"])
        )
        steps["NextJob"].next(
            sfn.Choice(self, "HasStarted").when(runs, wait).otherwise(steps["Write"])
        )
        machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_chainable(steps["Send"].next(steps["NextJob"])),
            timeout=Duration.days(1),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group(self, "Log", settings=self._settings),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        for function in (send, next_job, check, write):
            acknowledge_invocation(machine, function.function)
        acknowledge(
            machine,
            "AwsSolutions-IAM5[Resource::*]",
            "Delivering logs and traces takes no resource.",
        )
        return machine

    def _build_send(self) -> Function:
        send = self._function("Send", "send", "Sends the names of a file to the model's folder")
        self._allow_objects(send, ["s3:GetObject"], "files")
        self._allow_objects(send, ["s3:PutObject"], "names")
        self._allow_listing(send, "s3:ListBucket", "files", "names")
        send.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sagemaker:DescribeEndpoint"],
                resources=[endpoint_arn(self, self._settings)],
            )
        )
        configs = Stack.of(self).format_arn(
            service="sagemaker", resource="endpoint-config", resource_name="*"
        )
        send.function.add_to_role_policy(
            iam.PolicyStatement(actions=["sagemaker:DescribeEndpointConfig"], resources=[configs])
        )
        self._acknowledge_arn(
            send, "endpoint-config/*", "CloudFormation names the configuration of the endpoint."
        )
        return send

    def _build_next_job(self) -> Function:
        next_job = self._function("NextJob", "next_job", "Starts the next transform job")
        self._allow_objects(next_job, ["s3:PutObject"], "names")
        self._allow_listing(next_job, "s3:ListBucket", "inferred")
        self._allow_jobs(next_job, "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob")
        next_job.function.add_to_role_policy(
            # Listing knows no resource; it finds the job that runs already.
            iam.PolicyStatement(actions=["sagemaker:ListTransformJobs"], resources=["*"])
        )
        acknowledge(
            next_job,
            "AwsSolutions-IAM5[Resource::*]",
            "sagemaker:ListTransformJobs takes no resource.",
        )
        return next_job

    def _build_check(self) -> Function:
        check = self._function("Check", "check", "Tells whether a transform job has ended")
        self._allow_jobs(check, "sagemaker:DescribeTransformJob")
        return check

    def _build_write(self) -> Function:
        write = self._function("Write", "write", "Writes results beside their input")
        resource = write.function.node.default_child
        if isinstance(resource, lambda_.CfnFunction):
            resource.ephemeral_storage = lambda_.CfnFunction.EphemeralStorageProperty(
                size=_TEMPORARY_FILES_MB
            )
        self._allow_objects(
            write, ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], "files"
        )
        self._allow_objects(write, ["s3:GetObject", "s3:DeleteObjectVersion"], "inferred")
        self._allow_objects(write, ["s3:DeleteObjectVersion"], "names")
        self._allow_listing(write, "s3:ListBucket", "inferred")
        self._allow_listing(write, "s3:ListBucketVersions", "names", "inferred")
        return write

    def _function(self, construct_id: str, handler: str, description: str) -> Function:
        return Function(
            self,
            construct_id,
            settings=self._settings,
            handler=f"batch_inference.handler.{handler}",
            description=description,
            environment=self._environment,
            timeout=Duration.minutes(15),
            memory_mb=1_024,
        )

    def _allow_objects(self, function: Function, actions: list[str], kind: str) -> None:
        keys = f"{batch_prefix(kind)}/*"
        function.function.add_to_role_policy(
            iam.PolicyStatement(actions=actions, resources=[self._bucket.arn_for_objects(keys)])
        )
        acknowledge_objects(function, self._bucket, keys, _OWN_FOLDER)

    def _allow_listing(self, function: Function, action: str, *kinds: str) -> None:
        function.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=[action],
                resources=[self._bucket.bucket_arn],
                conditions={
                    "StringLike": {"s3:prefix": [f"{batch_prefix(kind)}/*" for kind in kinds]}
                },
            )
        )

    def _allow_jobs(self, function: Function, *actions: str) -> None:
        names = f"transform-job/{self._settings.batch_job_name_prefix}*"
        resource, _, name = names.partition("/")
        jobs = Stack.of(self).format_arn(service="sagemaker", resource=resource, resource_name=name)
        function.function.add_to_role_policy(
            iam.PolicyStatement(actions=list(actions), resources=[jobs])
        )
        self._acknowledge_arn(
            function, names, "The jobs' names end in a fingerprint; the prefix is this project's."
        )

    def _acknowledge_arn(self, function: Function, resource: str, reason: str) -> None:
        region = Stack.of(self).region
        acknowledge(
            function,
            f"AwsSolutions-IAM5[Resource::arn:aws:sagemaker:{region}:<AWS::AccountId>:{resource}]",
            reason,
        )
