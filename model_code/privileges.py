"""Leaves the rights of root behind, where a container had to begin with them.

SageMaker starts containers as root and says that an image must not name another user. So ours
names none, and the server becomes the user of ``SERVE_AS_UID`` once it has read the model.
"""

import logging
import os
from collections.abc import Mapping

VARIABLE = "SERVE_AS_UID"

_log = logging.getLogger("model_code.privileges")


class PrivilegesError(Exception):
    """The variable cannot be used; the message says what is allowed."""


def drop(environment: Mapping[str, str]) -> None:
    """Become the unprivileged user of ``SERVE_AS_UID``, if this process is root's.

    Where the host does not permit it, the server goes on as it is and says so: whoever took
    that permission away has limited root already.

    Raises
    ------
    PrivilegesError
        The variable is no id of an unprivileged user.
    """
    text = environment.get(VARIABLE, "")
    if not text or os.getuid() != 0:
        return
    if not text.isdigit() or int(text) == 0:
        raise PrivilegesError(f"{VARIABLE} must be the number of an unprivileged user")
    try:
        os.setgroups([])
        os.setgid(int(text))
        os.setuid(int(text))
    except PermissionError:
        _log.warning("not permitted to become user %s: serving as root", text)
