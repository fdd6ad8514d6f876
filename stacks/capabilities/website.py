"""The web page and the API, under one origin."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from stacks.acknowledgements import (
    acknowledge,
    acknowledge_checkov,
    acknowledge_delivery,
    acknowledge_emptying,
)
from stacks.capabilities.function import log_group
from stacks.capabilities.rest_api import STAGE
from stacks.capabilities.sign_in import SignIn
from stacks.settings import Settings
from stacks.shipped_folder import REPOSITORY

_NO_WEB_ACL = (
    "Public files, and an API that is throttled and has its own firewall where the settings ask "
    "for one; page_web_acl_arn names a web ACL for the page."
)


def _content_security_policy(sign_in_url: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {sign_in_url}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def add_website(
    scope: Construct, *, settings: Settings, api: apigateway.IRestApi, sign_in: SignIn
) -> None:
    """Build the page in a stack, with the stack's output about it."""
    website = Website(scope, "Website", settings=settings, api=api, sign_in=sign_in)
    CfnOutput(scope, "WebUrl", value=f"https://{website.distribution.domain_name}/")


class Website(Construct):
    """A distribution that serves the page from a private bucket and forwards API calls.

    One origin: the page's configuration holds a path, the same in every region and on a
    laptop, and no cross-origin request is made.

    Attributes
    ----------
    distribution
        The distribution.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        api: apigateway.IRestApi,
        sign_in: SignIn,
    ) -> None:
        super().__init__(scope, construct_id)
        bucket = self._build_bucket()
        self.distribution = self._build_distribution(settings, bucket, api, sign_in)
        client = sign_in.add_page(
            self, "SignInClient", url=f"https://{self.distribution.domain_name}/"
        )
        config: dict[str, Any] = {"apiUrl": f"/{STAGE}"}
        if settings.access == "cognito":
            config["signIn"] = {"url": sign_in.url, "clientId": client.user_pool_client_id}
        s3_deployment.BucketDeployment(
            self,
            "Page",
            sources=[
                s3_deployment.Source.asset(str(REPOSITORY / "web")),
                s3_deployment.Source.json_data("config.json", config),
            ],
            destination_bucket=bucket,
            distribution=self.distribution,
            cache_control=[s3_deployment.CacheControl.from_string("public, max-age=300")],
            memory_limit=512,
            log_group=log_group(self, "DeliveryLog", settings=settings),
        )
        acknowledge_delivery(self, bucket)

    def _build_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        acknowledge(
            bucket, "AwsSolutions-S1", "Public files of the page; only the distribution reads it."
        )
        acknowledge_checkov(
            bucket,
            {
                "CKV_AWS_18": "Public files of the page; only the distribution reads it.",
                "CKV_AWS_21": "Every deploy writes the page anew from the repository.",
            },
        )
        acknowledge_emptying(bucket)
        return bucket

    def _build_headers(self, sign_in: SignIn) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=_content_security_policy(sign_in.url), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365),
                    include_subdomains=True,
                    override=True,
                ),
            ),
        )

    def _build_distribution(
        self, settings: Settings, bucket: s3.Bucket, api: apigateway.IRestApi, sign_in: SignIn
    ) -> cloudfront.Distribution:
        headers = self._build_headers(sign_in)
        # The path goes on as it is: the stage's name is its first part on both sides.
        api_origin = origins.HttpOrigin(
            f"{api.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"
        )
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Voice of the Customer",
            web_acl_id=settings.page_web_acl_arn or None,
            default_root_object="index.html",
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=headers,
            ),
            additional_behaviors={
                f"/{STAGE}/*": cloudfront.BehaviorOptions(
                    origin=api_origin,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=(
                        cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                    ),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                )
            },
        )
        for rule, reason in {
            "AwsSolutions-CFR1": "Customers are everywhere.",
            "AwsSolutions-CFR2": _NO_WEB_ACL,
            "AwsSolutions-CFR3": "An access log would hold names: entering feedback is a GET.",
            "AwsSolutions-CFR4": "Without a domain of its own a distribution has CloudFront's "
            "certificate, which sets the protocol.",
        }.items():
            acknowledge(distribution, rule, reason)
        acknowledge_checkov(
            distribution,
            {
                "CKV_AWS_68": _NO_WEB_ACL,
                "CKV_AWS_86": "An access log would hold names: entering feedback is a GET.",
                "CKV_AWS_174": "Without a domain of its own a distribution has CloudFront's "
                "certificate, which sets the protocol.",
            },
        )
        return distribution
