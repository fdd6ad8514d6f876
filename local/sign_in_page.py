"""The hosted sign-in page of Cognito, on this machine.

A browser here reaches neither the domain that the page's configuration names nor the
distribution's own host, to which Cognito sends people back. The page port therefore names the
AWS endpoint in place of Cognito's domain, and the sign-in routes of the AWS endpoint take the
page's local address for the distribution's, and give it back. The templates, the configuration
in the bucket and the user pool hold what they hold on AWS.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from local.asgi import Application, Message, Receive, Scope, Send, read_body

_COGNITO_DOMAIN = re.compile(rb"https://[a-z0-9-]+\.auth\.[a-z0-9-]+\.amazoncognito\.com")
_ROUTES = frozenset({"/oauth2/authorize", "/oauth2/token", "/login", "/logout"})


def is_sign_in(path: str) -> bool:
    """Whether a path of the AWS endpoint belongs to the hosted sign-in page."""
    return path in _ROUTES


def name_locally(content: bytes, endpoint_url: str) -> bytes:
    """Put the AWS endpoint in the place of every domain of Cognito."""
    return _COGNITO_DOMAIN.sub(endpoint_url.encode(), content)


async def serve_sign_in(
    application: Application,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    page_url: str,
    distribution_url: str,
) -> None:
    """Answer one request of the sign-in routes.

    Parameters
    ----------
    application
        The emulator.
    scope, receive, send
        ASGI request.
    page_url
        Where the browser finds the page on this machine.
    distribution_url
        Where it is on AWS, as the user pool knows it.
    """
    body = _exchange(await read_body(receive), page_url, distribution_url)
    headers = [
        (name, value) for name, value in scope["headers"] if name.lower() != b"content-length"
    ]
    forwarded = {
        **scope,
        "query_string": _exchange(scope["query_string"], page_url, distribution_url),
        "headers": [*headers, (b"content-length", str(len(body)).encode())],
    }
    given = False

    async def receive_exchanged() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send_exchanged(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (
                    name,
                    _exchange(value, distribution_url, page_url)
                    if name.lower() == b"location"
                    else value,
                )
                for name, value in message["headers"]
            ]
        await send(message)

    await application(forwarded, receive_exchanged, send_exchanged)


def _exchange(content: bytes, old: str, new: str) -> bytes:
    """Replace a URL, as it is and as it stands in a query or a form."""
    content = content.replace(old.encode(), new.encode())
    return content.replace(quote(old, safe="").encode(), quote(new, safe="").encode())
