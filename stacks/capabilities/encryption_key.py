"""The customer's own key, for everything of one deployment that is stored."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct, IConstruct

from stacks.acknowledgements import acknowledge_checkov
from stacks.capabilities.alarm_topic import PUBLISHERS
from stacks.settings import Settings

_USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
_STORES = ("dynamodb", "s3", "sagemaker")
_AWS_OWNED = "The setting customer_key is off: a key of AWS's encrypts it, at no cost."


def table_encryption(key: kms.IKey | None) -> dynamodb.TableEncryption:
    """Return how a table is encrypted: with the customer's key, if there is one."""
    if key is None:
        return dynamodb.TableEncryption.AWS_MANAGED
    return dynamodb.TableEncryption.CUSTOMER_MANAGED


def acknowledge_shared_key(table: dynamodb.Table, key: kms.IKey | None) -> None:
    """Accept that a table has no key of the customer's, where the settings ask for none."""
    if key is None:
        acknowledge_checkov(table, {"CKV_AWS_119": _AWS_OWNED})


def encrypt_logs(scope: IConstruct, key: kms.IKey | None) -> None:
    """Encrypt every log below a scope with the customer's key, if there is one.

    Parameters
    ----------
    scope
        A stage or a stack, with everything in it.
    key
        The key, or None for CloudWatch's own.
    """
    for construct in scope.node.find_all():
        if isinstance(construct, logs.CfnLogGroup):
            if key is None:
                acknowledge_checkov(construct, {"CKV_AWS_158": _AWS_OWNED})
            else:
                construct.kms_key_id = key.key_arn


class EncryptionKey(Construct):
    """A key that rotates, and that is used through the services that store, as theirs are.

    Whoever may read a table or a bucket of this account may use the key through that service
    and in no other way: what a role may do is said once, at the table or the bucket.

    Attributes
    ----------
    key
        The key.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description=f"voc-gender {settings.environment}: feedback, models, logs, alarms",
            enable_key_rotation=True,
            rotation_period=Duration.days(365),
            pending_window=Duration.days(30),
            removal_policy=RemovalPolicy.RETAIN if settings.retain_data else RemovalPolicy.DESTROY,
        )
        self._allow_stores()
        self._allow_logs()
        self._allow_alarms()
        acknowledge_checkov(
            self.key,
            {
                "CKV_AWS_33": "Any principal, of this account alone and only through the services "
                "that store for it; those ask who may read what."
            },
        )

    def _allow_stores(self) -> None:
        region = Stack.of(self).region
        through_stores = {
            "kms:CallerAccount": Aws.ACCOUNT_ID,
            "kms:ViaService": [f"{store}.{region}.amazonaws.com" for store in _STORES],
        }
        self._allow(iam.AnyPrincipal(), _USE, {"StringEquals": through_stores})
        self._allow(
            # An instance's volume is attached by a grant that SageMaker makes.
            iam.AnyPrincipal(),
            ["kms:CreateGrant"],
            {
                "StringEquals": through_stores,
                "Bool": {"kms:GrantIsForAWSResource": "true"},
            },
        )

    def _allow_logs(self) -> None:
        region = Stack.of(self).region
        self._allow(
            iam.ServicePrincipal(f"logs.{region}.amazonaws.com"),
            _USE,
            {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": (
                        f"arn:{Aws.PARTITION}:logs:{region}:{Aws.ACCOUNT_ID}:log-group:*"
                    )
                }
            },
        )

    def _allow_alarms(self) -> None:
        for publisher in PUBLISHERS:
            self._allow(
                iam.ServicePrincipal(f"{publisher}.amazonaws.com"),
                ["kms:Decrypt", "kms:GenerateDataKey*"],
                {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )

    def _allow(
        self, principal: iam.IPrincipal, actions: list[str], conditions: dict[str, object]
    ) -> None:
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[principal], actions=actions, resources=["*"], conditions=conditions
            )
        )
