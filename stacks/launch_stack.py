"""The whole application as one stack, for launch links: no bootstrap and no tools.

The capabilities are those of the stages. What differs: the files that a deploy ships lie in a
bucket that somebody published to, and nothing is exported, for there is no other stack.
"""

from __future__ import annotations

from aws_cdk import (
    CfnOutput,
    CliCredentialsStackSynthesizer,
    Environment,
    PermissionsBoundary,
    Stack,
)
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.capabilities.encryption_key import encrypt_logs
from stacks.capabilities.feedback_table import FeedbackTable
from stacks.capabilities.foundation import add_foundation
from stacks.capabilities.hosted_model import host_model
from stacks.capabilities.idempotency_table import IdempotencyTable
from stacks.capabilities.model_source import Deliveries
from stacks.capabilities.monitoring import add_monitoring
from stacks.capabilities.notebook import Notebook
from stacks.capabilities.rest_api import RestApi
from stacks.capabilities.sign_in import SignIn
from stacks.capabilities.storage import (
    Storage,
    data_prefix,
    lessons_prefix,
    pretrained_prefix,
    source_prefix,
)
from stacks.capabilities.tally_table import TallyTable
from stacks.capabilities.website import Website
from stacks.settings import Settings
from stacks.tagging import tag_everything
from stacks.training_source import ShippedFolder


class LaunchStack(Stack):
    """Bucket, model, API, page and notebook in one template.

    Parameters
    ----------
    scope, construct_id
        Where it stands.
    settings
        Of one environment and region. The method ``low-level`` builds an image, which a
        template cannot carry.
    assets_bucket
        Name of the bucket that the files are published to, in the same region.
    deliveries, lessons
        What the stack delivers to its own bucket.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        assets_bucket: str,
        deliveries: Deliveries,
        lessons: ShippedFolder | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=settings.region),
            description="Voice of the Customer: feedback, and gender inferred from first names",
            synthesizer=CliCredentialsStackSynthesizer(file_assets_bucket_name=assets_bucket),
            permissions_boundary=(
                PermissionsBoundary.from_name(settings.permissions_boundary)
                if settings.permissions_boundary
                else None
            ),
        )
        self._settings = settings
        self._key, self._topic = add_foundation(self, settings=settings)
        storage = self._build_storage(deliveries, lessons)
        endpoint = host_model(
            self,
            settings=settings,
            key=self._key,
            topic=self._topic,
            bucket=storage.bucket,
            deliveries=deliveries,
        )
        # The model's files must be in the bucket before anything reads them.
        for construct in self.node.children:
            if construct.node.id in ("TrainingJob", "QualityGate", "Endpoint"):
                construct.node.add_dependency(storage)
        sign_in, api = self._build_api()
        # The API knows the endpoint by name: it must be there before the first request.
        api.node.add_dependency(endpoint)
        website = Website(self, "Website", settings=settings, api=api.api, sign_in=sign_in)
        CfnOutput(self, "WebUrl", value=f"https://{website.distribution.domain_name}/")
        if lessons is not None:
            notebook = Notebook(
                self, "Notebook", settings=settings, bucket=storage.bucket, lessons=lessons
            )
            # The instance copies what is delivered.
            notebook.node.add_dependency(storage)
            CfnOutput(self, "NotebookName", value=notebook.instance.attr_notebook_instance_name)
        encrypt_logs(self, self._key)
        tag_everything(self, settings)
        acknowledge(
            self,
            f"AwsSolutions-IAM5[Resource::arn:aws:s3:::{assets_bucket}/*]",
            "CDK's own function copies the published files to a bucket of this stack.",
        )

    def _build_storage(self, deliveries: Deliveries, lessons: ShippedFolder | None) -> Storage:
        storage = Storage(self, "Storage", settings=self._settings, key=self._key)
        data, source, model = deliveries.data, deliveries.source, deliveries.pretrained
        storage.deliver("TrainingSource", source, prefix=source_prefix(source))
        if model is None:
            storage.deliver("TrainingData", data, prefix=data_prefix(data))
        else:
            storage.deliver("PretrainedModel", model.folder, prefix=pretrained_prefix(model))
        if lessons is not None:
            storage.deliver("Lessons", lessons, prefix=lessons_prefix(lessons))
        CfnOutput(self, "BucketName", value=storage.bucket.bucket_name)
        return storage

    def _build_api(self) -> tuple[SignIn, RestApi]:
        settings = self._settings
        sign_in = SignIn(self, "SignIn", settings=settings)
        feedback = FeedbackTable(self, "Feedback", settings=settings, key=self._key)
        api = RestApi(
            self,
            "RestApi",
            settings=settings,
            feedback=feedback,
            tally=TallyTable(self, "Tally", settings=settings, key=self._key),
            idempotency=IdempotencyTable(self, "Idempotency", key=self._key),
            sign_in=sign_in,
        )
        add_monitoring(self, settings=settings, topic=self._topic, table=feedback.table)
        CfnOutput(self, "TableName", value=feedback.table.table_name)
        CfnOutput(self, "ApiUrl", value=api.api.url)
        CfnOutput(self, "UserPoolId", value=sign_in.pool.user_pool_id)
        return sign_in, api
