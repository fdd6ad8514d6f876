"""What keeps known attacks, and floods, from the API."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

_Rule = wafv2.CfnWebACL.RuleProperty

# People write what they like, angle brackets included, and up to 5,000 characters of it; the
# functions check sizes and the page shows text as text.
_COUNTED_ONLY = (
    "SizeRestrictions_BODY",
    "SizeRestrictions_QUERYSTRING",
    "CrossSiteScripting_BODY",
    "CrossSiteScripting_QUERYARGUMENTS",
)
_MANAGED = (
    ("AWSManagedRulesAmazonIpReputationList", ()),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    ("AWSManagedRulesCommonRuleSet", _COUNTED_ONLY),
)
_PER_CLIENT_IN_FIVE_MINUTES = 2_000
# Behind CloudFront many clients share one sender.
_PER_SENDER_IN_FIVE_MINUTES = 50_000


class ApiFirewall(Construct):
    """A web ACL of AWS WAF on the API's stage, whichever way a request comes.

    Requests of the page come through CloudFront, so clients are told apart by the address that
    CloudFront forwards, and senders, who could make that up, by their own.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: apigateway.Stage) -> None:
        super().__init__(scope, construct_id)
        acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible("VocGenderFirewall"),
            rules=self._rules(),
        )
        wafv2.CfnWebACLAssociation(
            self,
            "Association",
            resource_arn=Stack.of(self).format_arn(
                service="apigateway",
                account="",
                resource="/restapis",
                resource_name=f"{stage.rest_api.rest_api_id}/stages/{stage.stage_name}",
            ),
            web_acl_arn=acl.attr_arn,
        )

    def _rules(self) -> list[_Rule]:
        statement = wafv2.CfnWebACL.StatementProperty
        by_client = wafv2.CfnWebACL.RateBasedStatementProperty(
            limit=_PER_CLIENT_IN_FIVE_MINUTES,
            aggregate_key_type="FORWARDED_IP",
            forwarded_ip_config=wafv2.CfnWebACL.ForwardedIPConfigurationProperty(
                header_name="X-Forwarded-For", fallback_behavior="NO_MATCH"
            ),
        )
        by_sender = wafv2.CfnWebACL.RateBasedStatementProperty(
            limit=_PER_SENDER_IN_FIVE_MINUTES, aggregate_key_type="IP"
        )
        floods = [
            _Rule(
                name=name,
                priority=priority,
                statement=statement(rate_based_statement=rate),
                action=wafv2.CfnWebACL.RuleActionProperty(block={}),
                visibility_config=_visible(name),
            )
            for priority, (name, rate) in enumerate(
                (("FloodOfOneClient", by_client), ("FloodOfOneSender", by_sender))
            )
        ]
        managed = [
            _Rule(
                name=name,
                priority=len(floods) + priority,
                statement=statement(
                    managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS",
                        name=name,
                        rule_action_overrides=[
                            wafv2.CfnWebACL.RuleActionOverrideProperty(
                                name=rule,
                                action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={}),
                            )
                            for rule in counted
                        ]
                        or None,
                    )
                ),
                override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
                visibility_config=_visible(name),
            )
            for priority, (name, counted) in enumerate(_MANAGED)
        ]
        return [*floods, *managed]


def _visible(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=metric,
        # A sample holds whole requests, and entering feedback may be a GET.
        sampled_requests_enabled=False,
    )
