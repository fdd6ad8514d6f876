"""A web ACL of a template is associated with what the template says.

Gap (ministack 1.5.33): WAF's service associates, but CloudFormation does not know
``AWS::WAFv2::WebACLAssociation``. Nothing is filtered here either way: rules are AWS's.
"""

from __future__ import annotations

from typing import Any

from ministack.services import waf
from ministack.services.cloudformation import provisioners

_TYPE = "AWS::WAFv2::WebACLAssociation"
_Result = tuple[str, dict[str, Any]]


def _create(_logical_id: str, properties: dict[str, Any], _stack_name: str) -> _Result:
    resource, acl = properties["ResourceArn"], properties["WebACLArn"]
    status, _headers, body = waf._associate_web_acl({"ResourceArn": resource, "WebACLArn": acl})
    if status >= 400:
        raise ValueError(f"{_TYPE} failed: {body!r}")
    return f"{acl}|{resource}", {}


def _delete(physical_id: str, properties: dict[str, Any]) -> None:
    acl, _separator, _resource = physical_id.partition("|")
    # A replacement with the same resource has taken its place already.
    if waf._associations.get(properties["ResourceArn"]) == acl:
        waf._disassociate_web_acl({"ResourceArn": properties["ResourceArn"]})


def install() -> None:
    """Register the type."""
    provisioners._RESOURCE_HANDLERS[_TYPE] = {"create": _create, "delete": _delete}
    provisioners._REPLACING_PROPERTIES[_TYPE] = ("ResourceArn", "WebACLArn")
