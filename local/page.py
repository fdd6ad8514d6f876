"""The web page's own port: a CloudFront distribution over plain http.

A distribution is addressed by its host name, which no resolver on this machine knows, and it
sends browsers to https. The page port takes any host name, shows one distribution as if the
connection were secure, and takes back the header that would forbid plain http afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path

from ministack import app as ministack_app

from local.asgi import Application, Message, Receive, Scope, Send, send_answer
from local.sign_in_page import name_locally

_STRIPPED_HEADERS = frozenset({b"strict-transport-security"})
_REPLACED_HEADERS = frozenset({b"host", b"x-forwarded-proto"})
_CONFIGURATION = "/config.json"
_REWRITTEN_HEADERS = frozenset({b"content-length", b"etag"})
_NOTHING_DEPLOYED = b"No web page has been deployed yet.\n"


def choose_distribution(page_file: Path, host: str) -> str | None:
    """Host name of the distribution to show.

    Parameters
    ----------
    page_file
        JSON file whose ``host`` names the distribution that was deployed last.
    host
        The request's own host, which wins where it names a distribution
        (``<label>.cloudfront.localhost``).
    """
    label = ministack_app._parse_cloudfront_dataplane_host(host)
    if label is not None:
        return f"{label}.cloudfront.net"
    try:
        chosen = json.loads(page_file.read_text())["host"]
    except (OSError, ValueError, KeyError):
        return None
    return str(chosen)


async def serve_page(
    page_file: Path,
    application: Application,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    endpoint_url: str,
) -> None:
    """Answer one request on the page port.

    Parameters
    ----------
    page_file
        See :func:`choose_distribution`.
    application
        The emulator.
    scope, receive, send
        ASGI request.
    endpoint_url
        The AWS endpoint, where this machine's browsers sign in.
    """
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    host = next((value for name, value in headers if name.lower() == b"host"), b"")
    distribution = choose_distribution(page_file, host.decode("latin-1"))
    if distribution is None:
        await send_answer(send, 404, "text/plain; charset=utf-8", _NOTHING_DEPLOYED)
        return
    kept = [(name, value) for name, value in headers if name.lower() not in _REPLACED_HEADERS]
    forwarded = {
        **scope,
        "headers": [
            *kept,
            (b"host", distribution.encode("latin-1")),
            (b"x-forwarded-proto", b"https"),
        ],
    }

    async def send_over_http(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, name_locally(value, endpoint_url))
                for name, value in message["headers"]
                if name.lower() not in _STRIPPED_HEADERS
            ]
        await send(message)

    if scope["path"] == _CONFIGURATION:
        await _serve_configuration(application, forwarded, receive, send_over_http, endpoint_url)
    else:
        await application(forwarded, receive, send_over_http)


async def _serve_configuration(
    application: Application, scope: Scope, receive: Receive, send: Send, endpoint_url: str
) -> None:
    """Answer with the page's configuration, which names where to sign in."""
    start: Message = {}
    parts: list[bytes] = []

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            body = name_locally(b"".join(parts), endpoint_url)
            kept = [
                (name, value)
                for name, value in start["headers"]
                if name.lower() not in _REWRITTEN_HEADERS
            ]
            start["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
            await send(start)
            await send({"type": "http.response.body", "body": body})

    await application(scope, receive, collect)
