"""Which web pages may read the answers. The gateway answers preflights, by itself."""

from __future__ import annotations

import os

EXPOSED_HEADERS = "Link,Retry-After,X-Correlation-Id"


def cors_headers() -> dict[str, str]:
    """Return the CORS headers of an answer.

    Returns
    -------
    dict of str to str
        Empty when ``CORS_ALLOW_ORIGIN`` is empty: then only the site's own page may read.
        Otherwise it is the one origin whose pages may, ``*`` for any.
    """
    allowed = os.environ.get("CORS_ALLOW_ORIGIN", "")
    if not allowed:
        return {}
    return {
        "Access-Control-Allow-Origin": allowed,
        "Access-Control-Expose-Headers": EXPOSED_HEADERS,
    }
