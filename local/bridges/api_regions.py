"""A REST API answers whatever its region is.

Gap (ministack 1.5.33): a request that nobody signed is looked up in the emulator's own region
alone, so that an open API, or one that asks for a token, of another region is not found.
"""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.core.responses import set_request_region
from ministack.services import apigateway_v1


def region_of(api_id: str) -> str | None:
    """Return the region of a REST API, or None if there is none of this id."""
    for (_account, region, found), _api in list(apigateway_v1._rest_apis.all_items()):
        if found == api_id:
            return str(region)
    return None


def install() -> None:
    """Look where the API is."""
    upstream: Any = app._handle_execute_api_request

    async def handle(host: str, path: str, *arguments: Any, **options: Any) -> Any:
        parsed = app._parse_execute_api_url(host, path)
        region = region_of(parsed[0]) if parsed is not None else None
        if region is not None:
            set_request_region(region)
        return await upstream(host, path, *arguments, **options)

    app._handle_execute_api_request = handle
