"""Typing errors of common names, for training and for measuring."""

import numpy as np

KINDS = ("swapped", "doubled", "dropped")


def misspell(name: str, kind: str, random: np.random.Generator) -> str:
    """Make one typing error in a folded name of at least three letters.

    Parameters
    ----------
    kind
        ``swapped`` (two neighbouring letters change places), ``doubled`` or ``dropped``.
    """
    at = int(random.integers(1, len(name)))
    if kind == "swapped":
        return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    if kind == "doubled":
        return name[:at] + name[at - 1] + name[at:]
    return name[:at] + name[at + 1 :]
