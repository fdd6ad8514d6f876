"""The protocol that the emulator's server speaks with its applications (ASGI 3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]


async def read_body(receive: Receive) -> bytes:
    """Read the whole body of a request."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def send_answer(
    send: Send, status: int, content_type: str, body: bytes, headers: Iterable[Header] = ()
) -> None:
    """Answer a request as a whole.

    Parameters
    ----------
    send
        Of the request.
    status, content_type, body
        The answer.
    headers
        Further ones, with names in lower case.
    """
    length = str(len(body)).encode()
    start = [(b"content-type", content_type.encode()), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
