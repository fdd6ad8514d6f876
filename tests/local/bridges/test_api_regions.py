from __future__ import annotations

import urllib.error
from dataclasses import replace

import pytest

from local import loopback
from local.client_environment import make_client
from tests.local.embedded_aws import EmbeddedAws


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_an_unsigned_request_finds_the_api_in_its_region(
    region: str, embedded_aws: EmbeddedAws
) -> None:
    gateway = make_client(
        replace(embedded_aws.settings, region=region), embedded_aws.credentials, "apigateway"
    )
    api = gateway.create_rest_api(name="test")
    (root,) = gateway.get_resources(restApiId=api["id"])["items"]
    place = {"restApiId": api["id"], "resourceId": root["id"], "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(
        **place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    gateway.put_method_response(**place, statusCode="200")
    gateway.put_integration_response(**place, statusCode="200")
    gateway.create_deployment(restApiId=api["id"], stageName="vocweb")

    base = f"{embedded_aws.settings.endpoint_url}/_aws/execute-api"
    with loopback.open_url(f"{base}/{api['id']}/vocweb/", timeout_seconds=30) as response:
        assert response.status == 200
    with pytest.raises(urllib.error.HTTPError):
        loopback.open_url(f"{base}/0000dead/vocweb/", timeout_seconds=30)
    gateway.delete_rest_api(restApiId=api["id"])
