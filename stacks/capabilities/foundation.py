"""What everything else stands on: the key that encrypts, the topic that alarms go to."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.alarm_topic import AlarmTopic
from stacks.capabilities.encryption_key import EncryptionKey
from stacks.settings import Settings


def add_foundation(
    scope: Construct, *, settings: Settings
) -> tuple[kms.IKey | None, sns.ITopic | None]:
    """Create the customer's key and the alarms' topic, as far as the settings ask for them."""
    key: kms.IKey | None = None
    topic: sns.ITopic | None = None
    if settings.customer_key:
        key = EncryptionKey(scope, "Encryption", settings=settings).key
        CfnOutput(scope, "KeyArn", value=key.key_arn)
    if settings.alarms:
        topic = AlarmTopic(scope, "Alarms", settings=settings, key=key).topic
        CfnOutput(scope, "AlarmTopicArn", value=topic.topic_arn)
    return key, topic
