"""A web ACL of a template is associated with what the template says.

Gap (ministack 1.5.33): WAF's service associates, but CloudFormation does not know
``AWS::WAFv2::WebACLAssociation``. Nothing is filtered here either way: rules are AWS's.
"""

from __future__ import annotations

from ministack.services import waf

from local import resource_types
from local.resource_types import Properties, Provisioned

_TYPE = "AWS::WAFv2::WebACLAssociation"


def _create(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    resource, acl = properties["ResourceArn"], properties["WebACLArn"]
    status, _headers, body = waf._associate_web_acl({"ResourceArn": resource, "WebACLArn": acl})
    if status >= 400:
        raise ValueError(f"{_TYPE} failed: {body!r}")
    return f"{acl}|{resource}", {}


def _delete(physical_id: str, properties: Properties) -> None:
    acl, _separator, _resource = physical_id.partition("|")
    # A replacement with the same resource has taken its place already.
    if waf._associations.get(properties["ResourceArn"]) == acl:
        waf._disassociate_web_acl({"ResourceArn": properties["ResourceArn"]})


def install() -> None:
    """Register the type."""
    resource_types.register(
        _TYPE, create=_create, delete=_delete, replacing=("ResourceArn", "WebACLArn")
    )
