from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.local.embedded_aws import (
    EmbeddedAws,
    function_resources,
    permission_for_api,
    proxy_integration,
    rest_api_resources,
)

_CODE = """
import json

def handler(event, context):
    answer = {"query": event["multiValueQueryStringParameters"], "body": event["body"]}
    return {"statusCode": 200, "body": json.dumps(answer)}
"""
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
_SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]


def _resources() -> dict[str, Any]:
    api_host = {"Fn::Sub": "${Api}.execute-api.${AWS::Region}.amazonaws.com"}
    resources = {
        **function_resources(_CODE),
        **rest_api_resources(proxy_integration()),
        "Permission": permission_for_api(),
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Access": {
            "Type": "AWS::CloudFront::OriginAccessControl",
            "Properties": {
                "OriginAccessControlConfig": {
                    "Name": "page",
                    "OriginAccessControlOriginType": "s3",
                    "SigningBehavior": "always",
                    "SigningProtocol": "sigv4",
                }
            },
        },
        "Distribution": {
            "Type": "AWS::CloudFront::Distribution",
            "Properties": {
                "DistributionConfig": {
                    "Enabled": True,
                    "DefaultRootObject": "index.html",
                    "Origins": [
                        {
                            "Id": "page",
                            "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
                            "OriginAccessControlId": {"Fn::GetAtt": ["Access", "Id"]},
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        },
                        {
                            "Id": "api",
                            "DomainName": api_host,
                            "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
                        },
                    ],
                    "DefaultCacheBehavior": {
                        "TargetOriginId": "page",
                        "ViewerProtocolPolicy": "redirect-to-https",
                        "CachePolicyId": _CACHING_DISABLED,
                        "ResponseHeadersPolicyId": _SECURITY_HEADERS,
                    },
                    "CacheBehaviors": [
                        {
                            "PathPattern": "/vocweb/*",
                            "TargetOriginId": "api",
                            "ViewerProtocolPolicy": "redirect-to-https",
                            "AllowedMethods": _METHODS,
                            "CachePolicyId": _CACHING_DISABLED,
                            "OriginRequestPolicyId": _ALL_VIEWER_EXCEPT_HOST,
                        }
                    ],
                }
            },
        },
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudfront.amazonaws.com"},
                            "Action": "s3:GetObject",
                            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                        }
                    ],
                },
            },
        },
    }
    resources["Method"]["Properties"]["HttpMethod"] = "ANY"
    return resources


@pytest.fixture(scope="module")
def page_url(embedded_aws: EmbeddedAws) -> Iterator[str]:
    outputs = {
        "Bucket": {"Ref": "Bucket"},
        "Host": {"Fn::GetAtt": ["Distribution", "DomainName"]},
    }
    s3, page_file = embedded_aws.client("s3"), embedded_aws.settings.page_file
    with embedded_aws.stack(_resources(), outputs) as stack:
        bucket = stack.outputs["Bucket"]
        s3.put_object(
            Bucket=bucket, Key="index.html", Body=b"<h1>page</h1>", ContentType="text/html"
        )
        page_file.write_text(json.dumps({"host": stack.outputs["Host"]}))
        yield embedded_aws.settings.page_url
        page_file.unlink()
        s3.delete_object(Bucket=bucket, Key="index.html")


def test_the_page_port_shows_the_page_with_its_security_headers(page_url: str) -> None:
    with urlopen(page_url) as response:
        assert response.read() == b"<h1>page</h1>"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Type"] == "text/html"
        # It would make a browser refuse plain http on this host from then on.
        assert "Strict-Transport-Security" not in response.headers


def test_the_same_origin_forwards_to_the_api(page_url: str) -> None:
    with urlopen(f"{page_url}vocweb/item?Id=a%2Cb&Id=c%20d") as response:
        assert json.load(response) == {"query": {"Id": ["a,b", "c d"]}, "body": None}


def test_a_body_reaches_the_api(page_url: str) -> None:
    request = Request(f"{page_url}vocweb/item", data='{"names": ["José"]}'.encode(), method="POST")
    with urlopen(request) as response:
        assert json.load(response)["body"] == '{"names": ["José"]}'
