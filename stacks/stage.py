"""One environment in one region: everything that is deployed together."""

from __future__ import annotations

from aws_cdk import Environment, Stack, Stage
from constructs import Construct

from stacks.api_stack import ApiStack
from stacks.batch_stack import BatchStack
from stacks.capabilities.encryption_key import encrypt_logs
from stacks.deliveries import find_deliveries
from stacks.foundation_stack import FoundationStack
from stacks.model_stack import ModelStack
from stacks.monitoring_stack import MonitoringStack
from stacks.notebook_stack import NotebookStack
from stacks.permissions_boundary import permissions_boundary
from stacks.settings import Settings
from stacks.storage_stack import StorageStack
from stacks.tagging import tag_everything
from stacks.web_stack import WebStack


class RegionalStage(Stage):
    """The stacks of one environment in one region, independent of every other stage."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(
            scope,
            settings.stage_name,
            env=Environment(region=settings.region),
            permissions_boundary=permissions_boundary(settings),
        )
        foundation = (
            FoundationStack(self, "Foundation", settings=settings)
            if settings.customer_key or settings.alarms
            else None
        )
        key = foundation.key if foundation else None
        topic = foundation.topic if foundation else None
        deliveries = find_deliveries(settings)
        storage = StorageStack(self, "Storage", settings=settings, key=key, deliveries=deliveries)
        model = ModelStack(
            self,
            "Model",
            settings=settings,
            key=key,
            topic=topic,
            bucket=storage.bucket,
            deliveries=deliveries,
        )
        # The job reads what the other stack delivers, which no reference between them says.
        model.add_stack_dependency(storage)
        api_stack = ApiStack(self, "Api", settings=settings, key=key)
        # The API knows the endpoint by name: it must be there before the first request.
        api_stack.add_stack_dependency(model)
        api = api_stack.api
        WebStack(self, "Web", settings=settings, api=api.rest.api, sign_in=api.sign_in)
        if settings.batch_state_machine:
            batch = BatchStack(self, "Batch", settings=settings, bucket=storage.bucket, topic=topic)
            # It knows the endpoint by name.
            batch.add_stack_dependency(model)
        if topic is not None or settings.dashboard:
            MonitoringStack(self, "Monitoring", settings=settings, topic=topic, table=api.table)
        if deliveries.lessons is not None:
            notebook = NotebookStack(
                self,
                "Notebook",
                settings=settings,
                bucket=storage.bucket,
                lessons=deliveries.lessons,
            )
            # The instance copies what the other stack delivers.
            notebook.add_stack_dependency(storage)
        for stack in self.node.children:
            if isinstance(stack, Stack):
                stack.termination_protection = settings.termination_protection
        encrypt_logs(self, key)
        tag_everything(self, settings)
