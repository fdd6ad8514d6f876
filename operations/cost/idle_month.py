"""What a month costs in which nobody uses the application, resource by resource.

Every type of resource in the templates is priced here, or free for a reason; one that is neither
stops the calculation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.cost.prices import PriceList, UnpricedError

Template = Mapping[str, Any]
Properties = Mapping[str, Any]

HOURS_PER_MONTH = 730
_STORED_GB = 0.3
"""Training data, programs, a few models and the page's files, with their older versions."""

FREE = {
    "AWS::ApiGateway": "pays per request",
    "AWS::ApplicationAutoScaling": "free; it acts by alarms of its own, which are free too",
    "AWS::Budgets": "free; only actions cost",
    "AWS::CloudFront": "pays per request and byte",
    "AWS::CodeDeploy": "free for functions",
    "AWS::Cognito": "pays per active person",
    "AWS::Events": "events of AWS's own are free",
    "AWS::IAM": "free",
    "AWS::Lambda": "pays per request and time",
    "AWS::Logs": "pays per byte",
    "AWS::SNS": "pays per message",
    "AWS::SQS": "pays per request",
    "AWS::SSM": "standard parameters are free",
    "AWS::StepFunctions": "pays per transition",
    "AWS::XRay": "pays per trace",
    "AWS::CloudFormation": "free",
    "Custom::": "functions that run during a deploy",
    "AWS::S3::BucketPolicy": "free",
    "AWS::KMS::Alias": "free",
    "AWS::WAFv2::WebACLAssociation": "free",
    "AWS::WAFv2::LoggingConfiguration": "pays per byte",
    "AWS::SageMaker::Model": "free",
    "AWS::SageMaker::Endpoint": "its configuration says what it costs",
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": "free",
}
"""Types, or what types begin with, that cost nothing while nobody uses them."""


@dataclass(frozen=True)
class Item:
    """A line of the bill.

    Attributes
    ----------
    what
        In words.
    usd
        A month, in US dollars.
    """

    what: str
    usd: float


def idle_month(template: Template, prices: PriceList, region: str) -> Iterator[Item]:
    """Price the resources of a template.

    Raises
    ------
    UnpricedError
        If a type of resource is neither priced nor free.
    """
    for logical_id, resource in template["Resources"].items():
        kind: str = resource["Type"]
        pricing = _PRICED.get(kind)
        if pricing is not None:
            yield from pricing(resource.get("Properties", {}), prices, region)
        elif not is_free(kind):
            raise UnpricedError(
                f"{kind} ({logical_id}) has no price: add a function to _PRICED or a reason to "
                "FREE in operations/cost/idle_month.py"
            )


def is_free(kind: str) -> bool:
    """Whether a type of resource costs nothing while nobody uses it."""
    return any(
        kind == known or kind.startswith(known if known.endswith("::") else f"{known}::")
        for known in FREE
    )


def _endpoint_config(properties: Properties, prices: PriceList, region: str) -> Iterator[Item]:
    for variant in properties["ProductionVariants"]:
        serverless = variant.get("ServerlessConfig")
        if serverless is not None:
            if "ProvisionedConcurrency" in serverless:
                raise UnpricedError(
                    "ProvisionedConcurrency has no price yet: add sagemaker.serverless.provisioned "
                    "to prices.json and use it in operations/cost/idle_month.py"
                )
            continue
        kind, count = variant["InstanceType"], variant["InitialInstanceCount"]
        hour = prices.usd(f"sagemaker.hosting.{kind}", region)
        yield Item(f"{count} endpoint instances {kind}", count * hour * HOURS_PER_MONTH)


def _notebook(properties: Properties, prices: PriceList, region: str) -> Iterator[Item]:
    size = properties["VolumeSizeInGB"]
    storage = prices.usd("sagemaker.notebook.storage", region)
    yield Item(f"Volume of the stopped notebook, {size} GB", size * storage)


def _bucket(_properties: Properties, prices: PriceList, region: str) -> Iterator[Item]:
    yield Item(
        f"Storage of a bucket, {_STORED_GB} GB", _STORED_GB * prices.usd("s3.storage", region)
    )


def _table(properties: Properties, _prices: PriceList, _region: str) -> Iterator[Item]:
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        raise UnpricedError(
            "a table with provisioned throughput has no price yet: add it to "
            "operations/cost/idle_month.py"
        )
    yield from ()


def _fixed(what: str, price: str) -> Callable[[Properties, PriceList, str], Iterator[Item]]:
    def pricing(_properties: Properties, prices: PriceList, region: str) -> Iterator[Item]:
        yield Item(what, prices.usd(price, region))

    return pricing


def _alarm(properties: Properties, prices: PriceList, region: str) -> Iterator[Item]:
    # An alarm pays for each metric that its expression reads.
    metrics = sum("MetricStat" in metric for metric in properties.get("Metrics", [])) or 1
    yield Item("Alarm", metrics * prices.usd("cloudwatch.alarm", region))


def _web_acl(properties: Properties, prices: PriceList, region: str) -> Iterator[Item]:
    rules = len(properties.get("Rules", []))
    yield Item(
        f"Firewall with {rules} rules",
        prices.usd("waf.acl", region) + rules * prices.usd("waf.rule", region),
    )


_PRICED: Mapping[str, Callable[[Properties, PriceList, str], Iterator[Item]]] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _fixed("Dashboard", "cloudwatch.dashboard"),
    "AWS::DynamoDB::Table": _table,
    "AWS::KMS::Key": _fixed("Key of the customer's own", "kms.key"),
    "AWS::S3::Bucket": _bucket,
    "AWS::SageMaker::EndpointConfig": _endpoint_config,
    "AWS::SageMaker::NotebookInstance": _notebook,
    "AWS::WAFv2::WebACL": _web_acl,
}
