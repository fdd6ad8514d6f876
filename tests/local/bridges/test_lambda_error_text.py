from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.local.embedded_aws import (
    EmbeddedAws,
    function_resources,
    permission_for_api,
    proxy_integration,
    rest_api_resources,
)

_CODE = """
def handler(event, context):
    case = event["queryStringParameters"]["case"]
    if case == "raise":
        raise RuntimeError("the name of a customer")
    if case == "text":
        return "the name of a customer"
    return {"statusCode": 409, "body": "a conflict"}
"""


def _resources() -> dict[str, Any]:
    return {
        **function_resources(_CODE),
        **rest_api_resources(proxy_integration()),
        "Permission": permission_for_api(),
    }


def test_what_a_function_raises_does_not_reach_the_caller(embedded_aws: EmbeddedAws) -> None:
    with embedded_aws.stack(_resources(), {"Api": {"Ref": "Api"}}) as stack:
        url = (
            f"{embedded_aws.settings.endpoint_url}"
            f"/_aws/execute-api/{stack.outputs['Api']}/vocweb/item?case="
        )
        for case in ("raise", "text"):
            with pytest.raises(HTTPError) as error:
                urlopen(url + case)
            assert error.value.code == 502
            assert json.loads(error.value.read()) == {"message": "Internal server error"}
        with pytest.raises(HTTPError) as conflict:
            urlopen(url + "conflict")
        assert (conflict.value.code, conflict.value.read()) == (409, b"a conflict")
