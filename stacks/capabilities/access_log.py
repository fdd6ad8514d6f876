"""The gateway's log of requests: which, when and how they ended, not what they said."""

from __future__ import annotations

import json

from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from stacks.capabilities.function import log_group
from stacks.settings import Settings

# Neither address nor browser of whoever asks, and the path as the API defines it: a path or a
# query as it came may hold a name.
_FIELDS = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "latency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "integrationStatus": "$context.integration.status",
    "bytes": "$context.responseLength",
    "firewall": "$context.wafResponseCode",
}


def access_log(
    scope: Construct, *, settings: Settings
) -> tuple[apigateway.IAccessLogDestination, apigateway.AccessLogFormat]:
    """Create the log, and return it with the form of its lines, for a stage."""
    log = log_group(scope, "AccessLog", settings=settings)
    return (
        apigateway.LogGroupLogDestination(log),
        apigateway.AccessLogFormat.custom(json.dumps(_FIELDS)),
    )
