"""Sample feedbacks for the first start, entered through the public API.

All people are made up.
"""

from __future__ import annotations

import hashlib
import json
from urllib.request import Request

from local import loopback

SAMPLES = (
    ("Mary", "Castleford", "Checking in took two minutes. Wonderful."),
    ("José", "Marimón", "The room was clean, but the street was loud all night."),
    ("Siobhán", "Ballynoe", "The staff went out of their way to find my lost ring."),
    ("Jean-Luc", "Tournesol", "Breakfast was cold and the queue was long."),
    ("Aiko", "Hoshizora", "A quiet garden, and the tea was excellent."),
    ("Kwame", "Odarteifio", "Nobody answered the phone for three days."),
    ("Taylor", "Brightwater", "It was fine."),
    ("Zeynep", "Denizci", "Best booking experience I have had so far."),
)


def load(api_url: str) -> int:
    """Enter the samples, those that an earlier attempt has entered not again.

    Parameters
    ----------
    api_url
        URL of the API's stage, without a slash at its end.

    Returns
    -------
    int
        Number of samples.

    Raises
    ------
    urllib.error.URLError
        If the API refuses one or does not answer.
    """
    for first_name, last_name, feedback in SAMPLES:
        sample = {"FirstName": first_name, "LastName": last_name, "Feedback": feedback}
        body = json.dumps(sample).encode()
        request = Request(  # noqa: S310  # the launcher's own URL
            f"{api_url}/feedback",
            data=body,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": hashlib.sha256(body).hexdigest(),
            },
            method="POST",
        )
        with loopback.open_url(request, timeout_seconds=60) as response:
            response.read()
    return len(SAMPLES)
