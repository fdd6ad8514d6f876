"""A table of a template forgets what is past its time, and says with which key it is encrypted.

Gap (ministack 1.5.33): ``AWS::DynamoDB::Table`` drops ``TimeToLiveSpecification``, so that items
which the cloud would delete stay for ever. Its creation drops ``SSESpecification``, and an update
misreads it, so that nobody can see on the deployed table whose key it has.
"""

from __future__ import annotations

from ministack.services import dynamodb

from local import resource_types
from local.resource_types import Properties

_TYPE = "AWS::DynamoDB::Table"
_EXPIRY = "TimeToLiveSpecification"
_ENCRYPTION = "SSESpecification"


def _apply_expiry(table: str, properties: Properties, old: Properties) -> None:
    known = old.get(_EXPIRY)
    specification = properties.get(_EXPIRY) or ({**known, "Enabled": False} if known else None)
    if specification is None:
        return
    status, _headers, body = dynamodb._update_ttl(
        {"TableName": table, "TimeToLiveSpecification": specification}
    )
    if status >= 400:
        raise ValueError(f"{_TYPE} {_EXPIRY} failed: {body!r}")


def _apply_encryption(table: str, properties: Properties, _old: Properties) -> None:
    asked = dict(properties.get(_ENCRYPTION) or {})
    # A template calls it otherwise than the API does.
    asked["Enabled"] = str(asked.pop("SSEEnabled", False)).lower() == "true"
    dynamodb._tables[table]["SSEDescription"] = (
        dynamodb._sse_description_from_spec(asked) if asked["Enabled"] else None
    )


def install() -> None:
    """Add the properties."""
    resource_types.add_property(_TYPE, _EXPIRY, _apply_expiry)
    resource_types.add_property(_TYPE, _ENCRYPTION, _apply_encryption)
