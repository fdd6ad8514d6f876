"""Loopback counts as secure transport.

Gap (ministack 1.5.33): with IAM enforced, ``aws:SecureTransport`` is false for plain http, so a
bucket policy that allows TLS only refuses every request on a machine that has no certificate.
A loopback connection cannot be overheard, which is what the condition is about.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from ministack import app


def is_loopback(address: str) -> bool:
    """Whether an address text is a loopback address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def install() -> None:
    """Pin loopback requests as secure."""
    upstream: Any = app.pin_request_origin

    def pin_request_origin(source_ip: str, secure_transport: bool) -> None:
        upstream(source_ip, secure_transport or is_loopback(source_ip))

    app.pin_request_origin = pin_request_origin
