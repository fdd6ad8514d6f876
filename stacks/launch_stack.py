"""The whole application as one stack, for launch links: no bootstrap and no tools.

The capabilities are those of the stages. What differs: the files that a deploy ships lie in a
bucket that somebody published to, and nothing is exported, for there is no other stack.
"""

from __future__ import annotations

from aws_cdk import CliCredentialsStackSynthesizer, Environment, Stack
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.capabilities.batch import add_batch
from stacks.capabilities.encryption_key import encrypt_logs
from stacks.capabilities.feedback_api import add_feedback_api
from stacks.capabilities.foundation import add_foundation
from stacks.capabilities.hosted_model import host_model
from stacks.capabilities.monitoring import add_monitoring
from stacks.capabilities.notebook import add_notebook
from stacks.capabilities.storage import add_storage
from stacks.capabilities.website import add_website
from stacks.deliveries import Deliveries
from stacks.permissions_boundary import permissions_boundary
from stacks.settings import Settings
from stacks.tagging import tag_everything


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
    deliveries
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
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=settings.region),
            description="Voice of the Customer: feedback, and gender inferred from first names",
            synthesizer=CliCredentialsStackSynthesizer(file_assets_bucket_name=assets_bucket),
            permissions_boundary=permissions_boundary(settings),
        )
        key, topic = add_foundation(self, settings=settings)
        storage = add_storage(self, settings=settings, key=key, deliveries=deliveries)
        bucket = storage.bucket
        others = {construct.node.id for construct in self.node.children}
        endpoint = host_model(
            self,
            settings=settings,
            key=key,
            topic=topic,
            bucket=bucket,
            deliveries=deliveries,
        )
        # The model's files must be in the bucket before anything reads them.
        for construct in self.node.children:
            if construct.node.id not in others:
                construct.node.add_dependency(storage)
        api = add_feedback_api(self, settings=settings, key=key)
        # The API knows the endpoint by name: it must be there before the first request.
        api.rest.node.add_dependency(endpoint)
        add_monitoring(self, settings=settings, topic=topic, table=api.table)
        add_website(self, settings=settings, api=api.rest.api, sign_in=api.sign_in)
        if settings.batch_state_machine:
            batch = add_batch(self, settings=settings, bucket=bucket, topic=topic)
            # It knows the endpoint by name.
            batch.node.add_dependency(endpoint)
        if deliveries.lessons is not None:
            notebook = add_notebook(
                self, settings=settings, bucket=bucket, lessons=deliveries.lessons
            )
            # The instance copies what is delivered.
            notebook.node.add_dependency(storage)
        encrypt_logs(self, key)
        tag_everything(self, settings)
        acknowledge(
            self,
            f"AwsSolutions-IAM5[Resource::arn:aws:s3:::{assets_bucket}/*]",
            "CDK's own function copies the published files to a bucket of this stack.",
        )
