"""The embedded AWS's administrator keys.

Each state folder has keys of its own: the CDK CLI remembers accounts by access key in its home
folder, and a well-known key such as ``test`` would be shared with other emulators.
"""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path

_KEY_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Credentials:
    """Access key of the account's administrator."""

    access_key_id: str
    secret_access_key: str


def load_or_create(state_folder: Path) -> Credentials:
    """Read the keys of a state folder, or make new ones.

    Parameters
    ----------
    state_folder
        Existing folder.
    """
    file = state_folder / "credentials.json"
    if file.exists():
        return Credentials(**json.loads(file.read_text()))
    credentials = Credentials(
        access_key_id="AKIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(asdict(credentials), stream)
    return credentials
