from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.local.embedded_aws import EmbeddedAws, rest_api_resources

_MOCK = {
    "Type": "MOCK",
    "RequestTemplates": {"application/json": '{"statusCode": 200}'},
    "IntegrationResponses": [{"StatusCode": 200}],
}


def test_a_missing_required_parameter_is_refused(embedded_aws: EmbeddedAws) -> None:
    resources = rest_api_resources(
        _MOCK,
        RequestValidatorId={"Ref": "Validator"},
        RequestParameters={"method.request.querystring.Id": True},
        MethodResponses=[{"StatusCode": 200}],
    )
    resources["Validator"] = {
        "Type": "AWS::ApiGateway::RequestValidator",
        "Properties": {"RestApiId": {"Ref": "Api"}, "ValidateRequestParameters": True},
    }
    with embedded_aws.stack(resources, {"Api": {"Ref": "Api"}}) as stack:
        url = (
            f"{embedded_aws.settings.endpoint_url}"
            f"/_aws/execute-api/{stack.outputs['Api']}/vocweb/item"
        )
        with pytest.raises(HTTPError) as refusal:
            urlopen(url)
        assert refusal.value.code == 400
        assert b"Missing required request parameters: [Id]" in refusal.value.read()
        with urlopen(f"{url}?Id=1") as response:
            assert response.status == 200
