"""Which web pages may read the answers. The gateway answers preflights, by itself."""

from __future__ import annotations

import os

EXPOSED_HEADERS = "Link,Retry-After,X-Correlation-Id"


def cors_headers(origin: str | None) -> dict[str, str]:
    """Return the CORS headers of an answer.

    Parameters
    ----------
    origin
        The request's ``Origin``, if it has one.

    Returns
    -------
    dict of str to str
        Empty when ``CORS_ALLOW_ORIGIN`` is empty: then only the site's own page may read.
        ``*`` allows every page, a comma-separated list the pages that it names.
    """
    allowed = [
        entry.strip()
        for entry in os.environ.get("CORS_ALLOW_ORIGIN", "").split(",")
        if entry.strip()
    ]
    if not allowed:
        return {}
    exposed = {"Access-Control-Expose-Headers": EXPOSED_HEADERS}
    if "*" in allowed:
        return {"Access-Control-Allow-Origin": "*", **exposed}
    # A cache must not hand one site's answer to another.
    chosen = origin if origin in allowed else allowed[0]
    return {"Access-Control-Allow-Origin": chosen, "Vary": "Origin", **exposed}
