"""What a million identifications cost on top of the idle month, and what else is paid by use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from operations.cost.idle_month import Item
from operations.cost.prices import PriceList
from stacks.settings import Settings

MILLION = 1_000_000
FUNCTION_SECONDS = 0.05
"""Of one request that identifies one feedback; some three times the measured median on this
project's embedded AWS (docs/benchmarks/newcomer.json), for a network lies in between."""
MODEL_SECONDS = 0.02
"""Of one invocation of a serverless endpoint: a name takes about 2 ms, the rest is overhead."""
READ_UNITS, WRITE_UNITS = 1, 3
"""Of the tables: the feedback is read, and written with its index; one sum is written."""
LOG_KB = 1.5
"""Of one request, in the function's log: its line and its metrics."""
TRACED_SHARE = 0.05
"""Of the requests, by X-Ray's default rule, which also takes the first of each second."""
NAMES_PER_REQUEST = 1_000
"""Of /predict, which takes many names in one request and stores nothing."""
THOUSAND_SECONDS = 0.15
"""Of a request with that many names, in the function and in the model."""
BATCH_HOURS = 0.15
"""Of one transform job for a million names: five minutes to start, 30 µs a name, and room."""


def one_by_one(
    settings: Settings, templates: Sequence[Mapping[str, Any]], prices: PriceList
) -> Iterator[Item]:
    """Price a million requests of one feedback each through the page's address."""
    region = settings.region
    kinds = [
        resource["Type"] for template in templates for resource in template["Resources"].values()
    ]
    memory_gb = _memory_mb(templates, "identify_gender") / 1024
    yield Item("Requests to the distribution", prices.usd("cloudfront.requests", region))
    yield Item("Requests to the API", prices.usd("apigateway.rest", region))
    yield Item("Requests to the function", prices.usd("lambda.requests", region))
    yield Item(
        f"Time of the function, {FUNCTION_SECONDS * 1000:.0f} ms with {memory_gb:g} GB",
        MILLION * FUNCTION_SECONDS * memory_gb * prices.usd("lambda.arm", region),
    )
    yield Item(
        f"Table: {READ_UNITS} read, {WRITE_UNITS} written",
        READ_UNITS * prices.usd("dynamodb.read", region)
        + WRITE_UNITS * prices.usd("dynamodb.write", region),
    )
    yield Item(
        f"Logs and metrics, {LOG_KB} KB",
        MILLION * LOG_KB / 1024**2 * prices.usd("logs.ingestion", region),
    )
    if _traces(templates, "identify_gender"):
        yield Item(
            f"Traces of {TRACED_SHARE:.0%}", TRACED_SHARE * prices.usd("xray.traces", region)
        )
    if "AWS::WAFv2::WebACL" in kinds:
        yield Item("Firewall", prices.usd("waf.requests", region))
    yield from _model(settings, prices, invocations=MILLION, seconds=MODEL_SECONDS)


def by_thousands(
    settings: Settings, templates: Sequence[Mapping[str, Any]], prices: PriceList
) -> float:
    """Price a million names through /predict, a thousand in each request."""
    region = settings.region
    requests = MILLION / NAMES_PER_REQUEST
    per_million = sum(
        prices.usd(name, region)
        for name in ("cloudfront.requests", "apigateway.rest", "lambda.requests")
    )
    memory_gb = _memory_mb(templates, "predict") / 1024
    function = requests * THOUSAND_SECONDS * memory_gb * prices.usd("lambda.arm", region)
    model = _model(settings, prices, invocations=requests, seconds=THOUSAND_SECONDS)
    return requests / MILLION * per_million + function + sum(item.usd for item in model)


def in_a_batch(settings: Settings, prices: PriceList) -> float:
    """Price a million names by ``make batch``."""
    kind = f"sagemaker.transform.{settings.batch_instance_type}"
    return BATCH_HOURS * prices.usd(kind, settings.region)


def _model(
    settings: Settings, prices: PriceList, *, invocations: float, seconds: float
) -> Iterator[Item]:
    if settings.hosting == "instances":
        # They are paid by the hour; the idle month has them.
        return
    gigabytes = settings.serverless_memory_mb / 1024
    rate = prices.usd("sagemaker.serverless", settings.region)
    yield Item(
        f"Serverless endpoint, {seconds * 1000:.0f} ms with {gigabytes:g} GB",
        invocations * seconds * gigabytes * rate,
    )


def _functions(templates: Sequence[Mapping[str, Any]], package: str) -> Iterator[Mapping[str, Any]]:
    for template in templates:
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                properties = resource["Properties"]
                if str(properties.get("Handler", "")).startswith(f"{package}."):
                    yield properties


def _memory_mb(templates: Sequence[Mapping[str, Any]], package: str) -> int:
    (function,) = _functions(templates, package)
    return int(function["MemorySize"])


def _traces(templates: Sequence[Mapping[str, Any]], package: str) -> bool:
    (function,) = _functions(templates, package)
    mode: str = function.get("TracingConfig", {}).get("Mode", "PassThrough")
    return mode == "Active"
