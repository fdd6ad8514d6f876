"""Reading a text as a given name: folding to ``a``–``z`` and recognising scripts.

Every model, table and feature of this package sees names only as they leave this module, so that
training and serving cannot differ. Folding is for look-up; it never changes what is stored or
shown of a person's name.
"""

import functools
import re
import unicodedata
from enum import Enum
from typing import NamedTuple

from anyascii import anyascii

MINIMUM_LENGTH = 2
MAXIMUM_LENGTH = 20
"""Letters of a part that count; longer parts are cut, no name in the data is recognised later."""

MAXIMUM_PARTS = 4
"""Parts of a compound that are read: beyond that a text is hardly a given name."""

_LONGEST_TEXT = 400
_LONGEST_PART = 40
_JOINERS = re.compile(r"[\s\-‐-―/+&,_·・]+")
_SILENT = re.compile("['’‘ʼʹʻʾʿ`´.]+")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_PLAIN = re.compile(r"[A-Za-z]{2,20}")
_PLAIN_COMPOUND = re.compile(r"[A-Za-z]{2,20}(?:[ -][A-Za-z]{2,20}){1,3}")
_TRANSLITERATED = frozenset({"CYRILLIC", "GREEK"})


class Problem(Enum):
    """Why a text gets no inference at all; the value is the reason that users see."""

    NOT_A_NAME = "not a name"
    SCRIPT = "script not covered"


class Reading(NamedTuple):
    """What was understood of one text.

    Attributes
    ----------
    parts
        Folded parts (``a``–``z`` only, at most ``MAXIMUM_LENGTH`` letters), first part first.
    foreign
        Whether the text is in a script that is only known through the tables of names: an answer
        needs a table entry, spelling alone does not suffice.
    problem
        Set when the text cannot be read as a name; ``parts`` is empty then.
    """

    parts: tuple[str, ...]
    foreign: bool = False
    problem: Problem | None = None


_NOTHING = Reading((), problem=Problem.NOT_A_NAME)


def read(text: str) -> Reading:
    """Read any text as a given name; never raises for a ``str``.

    Examples
    --------
    >>> read("José").parts, read("Mary-Jane").parts, read("O'Neal").parts
    (('jose',), ('mary', 'jane'), ('oneal',))
    >>> read("Дмитрий").parts
    ('dmitriy',)
    >>> read("R2D2").problem
    <Problem.NOT_A_NAME: 'not a name'>
    """
    if _PLAIN.fullmatch(text):
        return Reading((text.lower(),))
    if _PLAIN_COMPOUND.fullmatch(text):
        return Reading(tuple(text.lower().replace("-", " ").split(" ")))
    return _read_unusual(text)


@functools.lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "UNKNOWN").split(" ", 1)[0]


def _read_unusual(text: str) -> Reading:
    if len(text) > _LONGEST_TEXT:
        return _NOTHING
    visible = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFKC", text)
        if character.isspace() or unicodedata.category(character) not in ("Cf", "Cc", "Co", "Cs")
    )
    joined = _SILENT.sub("", _JOINERS.sub(" ", visible)).strip()
    scripts = set()
    for character in joined:
        category = unicodedata.category(character)
        if category[0] == "L":
            scripts.add(_script(character))
        elif category[0] != "M" and character != " ":
            return _NOTHING
    if not scripts:
        return _NOTHING
    foreign = False
    others = scripts - {"LATIN", "MODIFIER", "FEMININE", "MASCULINE"}
    if others:
        if "LATIN" in scripts:
            return _NOTHING
        foreign = not others <= _TRANSLITERATED
    parts = tuple(part for word in joined.split(" ") if (part := fold(word)))
    if foreign and not parts:
        return Reading((), foreign=True, problem=Problem.SCRIPT)
    if not parts or len(parts) > MAXIMUM_PARTS or max(map(len, parts)) > _LONGEST_PART:
        return _NOTHING
    # Initials say nothing beside a name: "J. Robert", "Mary K".
    parts = tuple(part for part in parts if len(part) >= MINIMUM_LENGTH)
    if not parts:
        return _NOTHING
    return Reading(tuple(part[:MAXIMUM_LENGTH] for part in parts), foreign=foreign)


def fold(word: str) -> str:
    """Return the letters ``a``–``z`` that a word is looked up by, perhaps none.

    Examples
    --------
    >>> fold("Zoë"), fold("Łukasz"), fold("Søren"), fold("Ирина")
    ('zoe', 'lukasz', 'soren', 'irina')
    """
    if word.isascii():
        return _NOT_LETTERS.sub("", word.lower())
    return _NOT_LETTERS.sub("", anyascii(unicodedata.normalize("NFKC", word)).lower())
