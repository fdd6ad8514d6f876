"""CloudFront forwards to a REST API of this emulator.

Gap (ministack 1.5.33): a distribution refuses every origin under ``amazonaws.com`` that it does
not know (502), so page and API cannot share one origin. Origins that are the host of a REST API
are answered here in process.
"""

from __future__ import annotations

import http.client
import re
from typing import Any
from urllib.parse import parse_qs, unquote

from ministack import app
from ministack.core.responses import set_request_region
from ministack.services import cloudfront

_API_HOST = re.compile(
    r"(?P<api>[a-z0-9]+)\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com", re.ASCII
)
_Answer = tuple[int, str, dict[str, Any], bytes]


async def _fetch_from_api(
    api: re.Match[str],
    origin: dict[str, Any],
    method: str,
    uri: str,
    query: str,
    headers: dict[str, str],
    body: bytes,
    client_ip: str,
    forwarded_for: str,
) -> _Answer:
    raw_path = f"/_aws/execute-api/{api['api']}{origin.get('origin_path') or ''}{uri}"
    forwarded = cloudfront._origin_request_headers(origin, headers, client_ip, forwarded_for)
    set_request_region(api["region"])
    response = await app._handle_execute_api_request(
        "localhost",
        unquote(raw_path),
        method,
        {name.lower(): value for name, value in forwarded.items()},
        body or b"",
        parse_qs(query, keep_blank_values=True),
        raw_path=raw_path,
        raw_query_string=query,
    )
    status, response_headers, data = response
    pairs = [
        (name, value)
        for name, values in response_headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    content = data.encode() if isinstance(data, str) else data
    reason = http.client.responses.get(status, "")
    return status, reason, cloudfront._multidict_from_pairs(pairs), content


def install() -> None:
    """Answer for origins that are REST APIs."""
    upstream: Any = cloudfront._fetch_from_origin

    async def fetch(
        origin: dict[str, Any],
        method: str,
        uri: str,
        query_string: str,
        headers: dict[str, str],
        body: bytes,
        viewer_is_https: bool,
        client_ip: str,
        viewer_xff: str,
        dist_arn: str,
    ) -> _Answer:
        api = _API_HOST.fullmatch(origin["domain_name"].strip().lower())
        if api is not None:
            return await _fetch_from_api(
                api, origin, method, uri, query_string, headers, body, client_ip, viewer_xff
            )
        answer: _Answer = await upstream(
            origin,
            method,
            uri,
            query_string,
            headers,
            body,
            viewer_is_https,
            client_ip,
            viewer_xff,
            dist_arn,
        )
        return answer

    cloudfront._fetch_from_origin = fetch
