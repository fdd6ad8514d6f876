"""Loopback counts as secure transport.

Gap (ministack 1.5.33): with IAM enforced, ``aws:SecureTransport`` is false for plain http, so a
bucket policy that allows TLS only refuses every request on a machine that has no certificate.
A loopback connection cannot be overheard, which is what the condition is about; nor can one
between this machine and the containers that its own engine runs.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from ministack import app

from local.engine import Bridge


def is_loopback(address: str) -> bool:
    """Whether an address text is a loopback address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def install(bridge: Bridge | None = None) -> None:
    """Pin loopback requests, and those from an engine's network, as secure."""
    upstream: Any = app.pin_request_origin

    def pin_request_origin(source_ip: str, secure_transport: bool) -> None:
        inside = is_loopback(source_ip) or (bridge is not None and bridge.holds(source_ip))
        upstream(source_ip, secure_transport or inside)

    app.pin_request_origin = pin_request_origin
