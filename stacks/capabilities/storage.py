"""The private bucket, and what is delivered to it."""

from __future__ import annotations

import json

from aws_cdk import Aws, CfnOutput, Duration, Fn, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from stacks.acknowledgements import (
    acknowledge,
    acknowledge_checkov,
    acknowledge_delivery,
    acknowledge_emptying,
)
from stacks.capabilities.function import log_group
from stacks.deliveries import Deliveries
from stacks.settings import Settings
from stacks.shipped_folder import REPOSITORY, ShippedFolder

BUCKET_PREFIX = "smworkshop-"
BATCH_PREFIX = "batch/"
_BATCH_PREFIXES_FILE = REPOSITORY / "lambda" / "batch_inference" / "prefixes.json"


def batch_prefix(kind: str) -> str:
    """Return where in the bucket the ``files``, ``names`` or ``inferred`` of batches lie."""
    prefixes: dict[str, str] = json.loads(_BATCH_PREFIXES_FILE.read_text())
    return prefixes[kind]


def add_storage(
    scope: Construct, *, settings: Settings, key: kms.IKey | None, deliveries: Deliveries
) -> Storage:
    """Build the bucket in a stack, with the stack's output about it."""
    storage = Storage(scope, "Storage", settings=settings, key=key, deliveries=deliveries)
    CfnOutput(scope, "BucketName", value=storage.bucket.bucket_name)
    return storage


class Storage(Construct):
    """A bucket that only this account reads, over TLS, with every version kept for a while.

    What the deploy delivers is put there when the stack deploys.

    Attributes
    ----------
    bucket
        Holds ``train/``, ``code/``, ``models/`` and ``pretrained/``, for the notebook
        instance ``notebooks/`` and ``lessons/``, and for a while the names in ``batch/``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        deliveries: Deliveries,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.bucket = self._build_bucket(key)
        self._delivery_log = log_group(self, "DeliveryLog", settings=settings)
        self._deliver("TrainingData", deliveries.data)
        self._deliver("TrainingSource", deliveries.source)
        if deliveries.pretrained is not None:
            self._deliver("PretrainedModel", deliveries.pretrained.folder)
        if deliveries.lessons is not None:
            self._deliver("Lessons", deliveries.lessons)
        acknowledge_delivery(self, self.bucket)

    def _deliver(self, construct_id: str, folder: ShippedFolder) -> None:
        """Copy a folder of this machine to the bucket when the stack deploys.

        What an earlier deploy delivered to another prefix stays, so that a rollback finds it.
        """
        s3_deployment.BucketDeployment(
            self,
            construct_id,
            sources=[s3_deployment.Source.asset(str(folder.path))],
            destination_bucket=self.bucket,
            destination_key_prefix=folder.prefix,
            retain_on_delete=True,
            prune=False,
            memory_limit=512,
            log_group=self._delivery_log,
        )

    def _build_bucket(self, key: kms.IKey | None) -> s3.Bucket:
        retain = self._settings.retain_data
        # The stack's id makes the name unique: names are one space for all of AWS, and a
        # bucket that outlived its stack must not block the next one.
        stack_suffix = Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))))
        bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=f"{BUCKET_PREFIX}{Aws.ACCOUNT_ID}-{self._settings.region}-{stack_suffix}",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            # One request for a key serves many objects.
            bucket_key_enabled=True if key else None,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY,
            auto_delete_objects=not retain,
            lifecycle_rules=[
                s3.LifecycleRule(
                    # People's names.
                    prefix=BATCH_PREFIX,
                    expiration=Duration.days(self._settings.batch_keep_days),
                    noncurrent_version_expiration=Duration.days(1),
                ),
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
            ],
        )
        unlogged = (
            "The bucket holds public name counts, models, and customers' names for some days; "
            "only this application's roles and its operators read it."
        )
        acknowledge(bucket, "AwsSolutions-S1", unlogged)
        acknowledge_checkov(bucket, {"CKV_AWS_18": unlogged})
        acknowledge_emptying(bucket)
        return bucket
