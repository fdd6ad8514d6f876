"""Where alarms go."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.acknowledgements import acknowledge_checkov
from stacks.settings import Settings

PUBLISHERS = ("budgets", "cloudwatch", "events")
"""Services that tell the topic."""


class AlarmTopic(Construct):
    """A topic for the alarms of one deployment, with a reader by mail if there is one.

    Attributes
    ----------
    topic
        The topic.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, key: kms.IKey | None
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(
            self,
            "Topic",
            display_name=f"VOC Gender {settings.environment}",
            master_key=key,
            enforce_ssl=True,
        )
        if key is None:
            acknowledge_checkov(
                self.topic, {"CKV_AWS_26": "Alarms name metrics; the setting customer_key is off."}
            )
        for publisher in PUBLISHERS:
            self.topic.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(f"{publisher}.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[self.topic.topic_arn],
                    conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
                )
            )
        if settings.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))
