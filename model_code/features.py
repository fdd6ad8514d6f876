"""Sparse character features of folded names, computed for many names in a few array operations.

A name becomes several *streams* of characters: its letters, two phonetic foldings, its consonant
skeleton, its pattern of vowels and its syllables. Within a stream every feature is the hash of one
substring, or of two substrings joined, whose positions depend on the length alone.

The hash of a substring ``c`` is the polynomial ``sum(c[k] * BASE**k) mod 2**64``
(R. M. Karp, M. O. Rabin: Efficient randomized pattern-matching algorithms, 1987), which is linear
in the characters: all features of all names of one length are one product of matrices.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from model_code.hash_index import Hashes

SLOT_BITS = 22
SLOTS = 1 << SLOT_BITS
TAG_BITS = 5
TAG_MASK = (1 << TAG_BITS) - 1
WIDE = 1 << (SLOT_BITS + TAG_BITS)

Indices: TypeAlias = npt.NDArray[np.intp]

_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15
_POWERS = np.array([pow(_BASE, k, 1 << 64) for k in range(64)], dtype=np.uint64)
_INVERSE_POWERS = np.array([pow(_BASE, -k, 1 << 64) for k in range(64)], dtype=np.uint64)
_AT_ONCE = 20_000
"""Names whose characters are spread out at once: bounds the memory that many names take."""

_END = 10  # the newline that separates names in a stream

_PHONETIC = [
    (b"^kn", b"^n"), (b"^gn", b"^n"), (b"^wr", b"^r"), (b"^ps", b"^s"), (b"^x", b"^z"),
    (b"tsch", b"C"), (b"tch", b"C"), (b"sch", b"S"), (b"sh", b"S"), (b"zh", b"Z"), (b"ch", b"C"),
    (b"ph", b"f"), (b"th", b"t"), (b"gh", b"g"), (b"kh", b"k"), (b"wh", b"w"), (b"rh", b"r"),
    (b"dh", b"d"), (b"bh", b"b"), (b"ck", b"k"), (b"cq", b"k"), (b"qu", b"kw"), (b"q", b"k"),
    (b"ce", b"se"), (b"ci", b"si"), (b"cy", b"si"), (b"c", b"k"), (b"x", b"ks"), (b"z", b"s"),
    (b"ah$", b"a$"), (b"eigh", b"ei"), (b"ay", b"ei"), (b"ai", b"ei"), (b"ey", b"i"),
    (b"ee", b"i"), (b"ie", b"i"), (b"ea", b"i"), (b"y", b"i"), (b"ou", b"u"), (b"oo", b"u"),
    (b"w", b"v"),
]  # fmt: skip
_COARSE = bytes.maketrans(b"bpdtgkvfszZSCjmnlreiouy", b"ppttkkffssssssnnlliiuui")
_VOWEL_PATTERN = bytes.maketrans(b"aeiouybcdfghjklmnpqrstvwxzCSZ", b"vvvvvv" + b"c" * 23)
_EDGE_VOWELS = [
    (edge.replace(b"*", bytes([vowel])), edge.replace(b"*", bytes([vowel - 32])))
    for vowel in b"aeiouy"
    for edge in (b"^*", b"*$")
]


@dataclass(frozen=True, slots=True)
class _Template:
    """The features of one stream for one length, as a linear form in the characters.

    Attributes
    ----------
    coefficients
        [length, features].
    salts
        [features], so that kinds of features with the same text differ.
    """

    coefficients: Hashes
    salts: Hashes


@dataclass(frozen=True, slots=True)
class FeatureBag:
    """The features of some names, in segments of one name and one stream each.

    Attributes
    ----------
    owners
        Which name each segment belongs to.
    starts
        Where each segment begins in ``hashes``; it ends where the next one begins.
    hashes
        The features of all segments, one after another.
    """

    owners: Indices
    starts: Indices
    hashes: Hashes


def _salt(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


class _TemplateBuilder:
    def __init__(self, stream: str, length: int) -> None:
        self._stream = stream
        self._length = length
        self._columns: list[Hashes] = []
        self._salts: list[int] = []

    def one(self, start: int, end: int, kind: str = "gram") -> None:
        self._add(self._hash(start, end), kind)

    def joined(self, start: int, middle: int, resume: int, end: int, kind: str) -> None:
        """Add the text ``c[start:middle] + c[resume:end]`` as if it were one substring."""
        self._add(self._hash(start, middle) + self._hash(resume, end, middle - start), kind)

    def pair(self, first: tuple[int, int], second: tuple[int, int], kind: str) -> None:
        factor = np.uint64(_salt(f"factor/{kind}") | 1)
        self._add(self._hash(*first) + factor * self._hash(*second), kind)

    def _hash(self, start: int, end: int, exponent: int = 0) -> Hashes:
        """Return the coefficients of a substring's hash, its first character's power given."""
        column = np.zeros(self._length, dtype=np.uint64)
        column[start:end] = _POWERS[exponent : exponent + end - start]
        return column

    def _add(self, column: Hashes, kind: str) -> None:
        self._columns.append(column)
        self._salts.append(_salt(f"{self._stream}/{kind}"))

    def build(self) -> _Template:
        return _Template(np.stack(self._columns, axis=1), np.array(self._salts, dtype=np.uint64))


def _grams(builder: _TemplateBuilder, length: int, shortest: int, longest: int) -> None:
    for size in range(shortest, min(longest, length) + 1):
        for start in range(length - size + 1):
            if size > 1 or 0 < start < length - 1:
                builder.one(start, start + size)


def _edges(builder: _TemplateBuilder, length: int, longest: int) -> None:
    for prefix in range(2, longest + 2):
        for suffix in range(2, longest + 2):
            if prefix < length and suffix < length:
                builder.pair((0, prefix), (length - suffix, length), f"edge{prefix}")


@functools.cache
def _template(stream: str, length: int) -> _Template:
    """Return the features of a stream for a length that includes both end marks."""
    builder = _TemplateBuilder(stream, length)
    if stream == "letters":
        _grams(builder, length, 1, 6)
        _edges(builder, length, 3)
        for back in (3, 4):
            if length > back + 1:
                for start, end in ((0, 2), (0, 3), (1, 3), (2, 4)):
                    builder.pair((length - back, length - back + 1), (start, end), f"late{back}")
        builder.one(0, length, "key")
        for index in range(1, length - 1):
            builder.joined(0, index, index + 1, length, "deletion")
            builder.pair((0, index), (index + 1, length), "wildcard")
        for cut in range(1, 5):
            if length - cut > 4:
                builder.one(1 + cut, length - 1, "rest")
                builder.one(1, length - 1 - cut, "rest")
    elif stream == "phonetic":
        _grams(builder, length, 2, 6)
        _edges(builder, length, 3)
        builder.one(0, length, "key")
    elif stream == "coarse":
        _grams(builder, length, 2, 6)
        builder.one(0, length, "key")
    elif stream == "skeleton":
        _grams(builder, length, 2, 7)
        builder.one(0, length, "key")
    elif stream == "pattern":
        builder.one(0, length, "key")
        builder.one(max(0, length - 5), length, "end")
        builder.one(0, min(5, length), "start")
    elif stream == "syllables":
        for index in range(length):
            builder.one(index, index + 1, "one")
        for index in range(length - 1):
            builder.one(index, index + 2, "two")
        builder.pair((0, 1), (length - 1, length), "first-last")
        builder.one(length - 1, length, f"last-of-{length}")
        builder.one(0, 1, f"first-of-{length}")
    return builder.build()


def _replace(text: bytes, pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    for old, new in pairs:
        text = text.replace(old, new)
    return text


def _single(text: bytes) -> bytes:
    """Write every run of one letter once."""
    codes = np.frombuffer(text, dtype=np.uint8)
    kept = np.ones(len(codes), dtype=bool)
    kept[1:] = codes[1:] != codes[:-1]
    return codes[kept].tobytes()


def _foldings(names: Sequence[str]) -> list[bytes]:
    """Return the names letter by letter and as they sound and look, a newline after each."""
    letters = lines(names, "^", "$")
    phonetic = _single(_replace(letters, _PHONETIC))
    coarse = _single(phonetic.translate(_COARSE).replace(b"h", b""))
    skeleton = _replace(phonetic, _EDGE_VOWELS).translate(None, b"aeiouy")
    return [letters, phonetic, coarse, skeleton, letters.translate(_VOWEL_PATTERN)]


_STREAMS = ("letters", "syllables", "phonetic", "coarse", "skeleton", "pattern")
_LENGTHS = 64
_FIRST_KINDS = _LENGTHS * np.arange(len(_STREAMS))
"""A kind of rows is a stream and a length: those for which one template holds."""


def hashed(names: Sequence[str]) -> FeatureBag:
    """Compute the features of folded names (``a``–``z`` only, 1–20 letters).

    Parameters
    ----------
    names
        At least one name.

    Returns
    -------
    FeatureBag
        About 170 hashes of 64 bits for each name, in no particular order.
    """
    count = len(names)
    characters, lengths = rows_of(b"".join(_foldings(names)))
    syllables, syllable_counts = _syllables(characters[:count])
    characters = np.concatenate((characters[:count], syllables, characters[count:]))
    lengths = np.concatenate((lengths[:count], syllable_counts, lengths[count:]))
    kinds = _FIRST_KINDS.repeat(count) + lengths
    order = kinds.argsort(kind="stable")
    characters, kinds = characters[order], kinds[order]
    bounds = [0, *(np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist(), len(kinds)]
    hashes, features, rows = [], [], []
    for begin, end in itertools.pairwise(bounds):
        stream, length = divmod(int(kinds[begin]), _LENGTHS)
        template = _template(_STREAMS[stream], length)
        values = characters[begin:end, :length] @ template.coefficients
        values += template.salts
        hashes.append(values.reshape(-1))
        features.append(values.shape[1])
        rows.append(end - begin)
    sizes = np.repeat(features, rows)
    return FeatureBag(order % count, sizes.cumsum() - sizes, _mix(np.concatenate(hashes)))


def _mix(values: Hashes) -> Hashes:
    """Scatter hashes over all 64 bits, in place (finaliser of splitmix64, S. Vigna)."""
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    return values


_IS_VOWEL = np.isin(np.arange(256), list(b"aeiouy"))


def _syllables(letters: Hashes) -> tuple[Hashes, Indices]:
    """Cut names before each consonant that a vowel follows.

    Returns
    -------
    tuple
        Rows of the syllables' hashes, zeros behind the last, and how many there are per name.
    """
    vowel = _IS_VOWEL[letters]
    onset = np.zeros(letters.shape, dtype=bool)
    onset[:, 2:-1] = ~vowel[:, 2:-1] & vowel[:, 3:]
    onset[:, 0] = True
    first = np.flatnonzero(onset)
    hashes = np.add.reduceat((letters * _POWERS[: letters.shape[1]]).ravel(), first)
    hashes *= _INVERSE_POWERS[first % letters.shape[1]]  # as if each began a text
    counts = onset.sum(axis=1)
    rows = np.zeros_like(letters)
    rows[np.arange(letters.shape[1]) < counts[:, None]] = _mix(hashes)
    return rows, counts


def wide(bag: FeatureBag) -> npt.NDArray[np.int32]:
    """Return each hash reduced to a number below ``WIDE``: its slot, then its tag.

    A slot of the table of weights belongs to one feature; the tag tells a feature that merely
    falls into the same slot. Without it, rare features would add the weights of strangers, which
    costs .001 of accuracy on American and .002 on the world's names.
    """
    shift = np.uint64(64 - SLOT_BITS - TAG_BITS)
    return (bag.hashes * np.uint64(0x94D049BB133111EB) >> shift).astype(np.int32)


def lines(names: Sequence[str], before: str = "", behind: str = "") -> bytes:
    """Return a text of names (at least one), a line each, between given marks."""
    return (before + f"{behind}\n{before}".join(names) + behind + "\n").encode("ascii")


def rows_of(text: bytes) -> tuple[Hashes, Indices]:
    """Return the lines of a text as rows of characters, zeros behind the end, and their lengths."""
    codes = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(codes == _END)
    lengths = ends.copy()
    lengths[1:] -= ends[:-1] + 1
    inside = np.arange(lengths.max()) < lengths[:, None]
    rows = np.zeros(inside.shape, dtype=np.uint64)
    rows[inside] = codes[codes != _END]
    return rows, lengths


def whole(names: Sequence[str]) -> Hashes:
    """Return one hash per folded name (at least one), equal for equal names."""
    hashes = []
    for begin in range(0, len(names), _AT_ONCE):
        rows, _lengths = rows_of(lines(names[begin : begin + _AT_ONCE]))
        hashes.append(rows @ _POWERS[: rows.shape[1]])
    return _mix(np.concatenate(hashes))


@dataclass(frozen=True, slots=True)
class DeletionKeys:
    """Hashes of names and of what is left of them when one letter is dropped.

    Attributes
    ----------
    rows
        Which name each hash belongs to.
    hashes
        Equal for equal texts, whichever name they come from.
    dropped
        What was dropped, as 32 times the letter's number plus its position; 0 for the name itself.
    """

    rows: npt.NDArray[np.int32]
    hashes: Hashes
    dropped: npt.NDArray[np.int16]


def deletions(names: Sequence[str]) -> DeletionKeys:
    """Compute the keys by which names with one letter of difference meet.

    Parameters
    ----------
    names
        At least one folded name.
    """
    parts = [
        _deletions(names[begin : begin + _AT_ONCE], begin)
        for begin in range(0, len(names), _AT_ONCE)
    ]
    rows, hashes, dropped = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return DeletionKeys(rows, _mix(hashes), dropped)


def _deletions(
    names: Sequence[str], first: int
) -> tuple[npt.NDArray[np.int32], Hashes, npt.NDArray[np.int16]]:
    letters, lengths = rows_of(lines(names))
    terms = letters * _POWERS[: letters.shape[1]]
    until = terms.cumsum(axis=1)
    hashes = np.empty((len(names), letters.shape[1] + 1), dtype=np.uint64)
    hashes[:, 0] = until[:, -1]
    # What stands behind the dropped letter moves one place forward: a power less.
    hashes[:, 1:] = until - terms + (until[:, -1:] - until) * _INVERSE_POWERS[1]
    # Dropping either of two equal letters leaves the same text: one key for both.
    distinct = np.arange(hashes.shape[1]) <= lengths[:, None]
    distinct[:, 2:] &= letters[:, 1:] != letters[:, :-1]
    rows, columns = np.nonzero(distinct)
    letter = letters[rows, columns - 1].astype(np.int16) - ord("a") + 1
    dropped = np.where(columns == 0, 0, 32 * letter + columns - 1).astype(np.int16)
    return (first + rows).astype(np.int32), hashes[rows, columns], dropped
