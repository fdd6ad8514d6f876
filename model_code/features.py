"""Sparse character features of folded names, computed for many names in a few array operations.

A name becomes several *streams* of bytes: its letters, two phonetic foldings, its consonant
skeleton, its pattern of vowels and its syllables. Within a stream every feature is the hash of one
substring, or of two substrings joined, whose positions depend on the length alone. So all names of
one length are one gather over prefix sums of a polynomial hash: the same cost for one as for many.

The polynomial hash of a text ``c`` is ``sum(c[k] * BASE**k) mod 2**64``; with prefix sums, the hash
of any substring is a difference times a power of the inverse of ``BASE``
(R. M. Karp, M. O. Rabin: Efficient randomized pattern-matching algorithms, 1987).
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SLOT_BITS = 22
SLOTS = 1 << SLOT_BITS
TAG_BITS = 5
TAG_MASK = (1 << TAG_BITS) - 1
WIDE = 1 << (SLOT_BITS + TAG_BITS)

Hashes: TypeAlias = npt.NDArray[np.uint64]

_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_LONGEST = 64
_POWERS = np.array([pow(_BASE, k, 1 << 64) for k in range(_LONGEST)], dtype=np.uint64)
_INVERSE_POWERS = np.array([pow(_INVERSE, k, 1 << 64) for k in range(_LONGEST)], dtype=np.uint64)
_END = 10  # the newline that separates names in a stream

_PHONETIC = [
    (b"^kn", b"^n"), (b"^gn", b"^n"), (b"^wr", b"^r"), (b"^ps", b"^s"), (b"^x", b"^z"),
    (b"tsch", b"C"), (b"tch", b"C"), (b"sch", b"S"), (b"sh", b"S"), (b"zh", b"Z"), (b"ch", b"C"),
    (b"ph", b"f"), (b"th", b"t"), (b"gh", b"g"), (b"kh", b"k"), (b"wh", b"w"), (b"rh", b"r"),
    (b"dh", b"d"), (b"bh", b"b"), (b"ck", b"k"), (b"cq", b"k"), (b"qu", b"kw"), (b"q", b"k"),
    (b"ce", b"se"), (b"ci", b"si"), (b"cy", b"si"), (b"c", b"k"), (b"x", b"ks"), (b"z", b"s"),
    (b"ah$", b"a$"), (b"eigh", b"ei"), (b"ay", b"ei"), (b"ai", b"ei"), (b"ey", b"i"),
    (b"ee", b"i"), (b"ie", b"i"), (b"ea", b"i"), (b"y", b"i"), (b"ou", b"u"), (b"oo", b"u"),
    (b"w", b"v"), (b"j", b"j"),
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
    """Positions of the features of one stream for one length: two substrings and a salt each.

    A feature's hash is ``hash(c[s1:e1]) + factor * hash(c[s2:e2]) + salt``.
    """

    s1: npt.NDArray[np.intp]
    e1: npt.NDArray[np.intp]
    s2: npt.NDArray[np.intp]
    e2: npt.NDArray[np.intp]
    factor: Hashes
    salt: Hashes


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

    owners: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    hashes: Hashes

    @property
    def rows(self) -> npt.NDArray[np.intp]:
        """Which name each hash belongs to."""
        return np.repeat(self.owners, np.diff(self.starts, append=len(self.hashes)))


def _salt(text: str) -> int:
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


class _TemplateBuilder:
    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._rows: list[tuple[int, int, int, int, int, int]] = []

    def one(self, start: int, end: int, kind: str = "gram") -> None:
        self._rows.append((start, end, 0, 0, 0, _salt(f"{self._stream}/{kind}")))

    def joined(self, start: int, middle: int, resume: int, end: int, kind: str) -> None:
        """Add the text ``c[start:middle] + c[resume:end]`` as if it were one substring."""
        factor = pow(_BASE, middle - start, 1 << 64)
        self._rows.append((start, middle, resume, end, factor, _salt(f"{self._stream}/{kind}")))

    def pair(self, first: tuple[int, int], second: tuple[int, int], kind: str) -> None:
        factor = _salt(f"factor/{kind}") | 1
        self._rows.append((*first, *second, factor, _salt(f"{self._stream}/{kind}")))

    def build(self) -> _Template:
        columns = list(zip(*self._rows, strict=True))
        s1, e1, s2, e2 = (np.array(column, dtype=np.intp) for column in columns[:4])
        return _Template(
            s1,
            e1,
            s2,
            e2,
            factor=np.array(columns[4], dtype=np.uint64),
            salt=np.array(columns[5], dtype=np.uint64),
        )


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
    builder = _TemplateBuilder(stream)
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
    return builder.build()


@functools.cache
def _syllable_template(count: int) -> _Template:
    builder = _TemplateBuilder("syllables")
    for index in range(count):
        builder.one(index, index + 1, "one")
    for index in range(count - 1):
        builder.one(index, index + 2, "two")
    builder.pair((0, 1), (count - 1, count), "first-last")
    builder.one(count - 1, count, f"last-of-{count}")
    builder.one(0, 1, f"first-of-{count}")
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


def _streams(names: Sequence[str]) -> dict[str, bytes]:
    letters = ("^" + "$\n^".join(names) + "$\n").encode("ascii")
    phonetic = _single(_replace(letters, _PHONETIC))
    coarse = _single(phonetic.translate(_COARSE).replace(b"h", b""))
    skeleton = _replace(phonetic, _EDGE_VOWELS).translate(None, b"aeiouy")
    return {
        "letters": letters,
        "phonetic": phonetic,
        "coarse": coarse,
        "skeleton": skeleton,
        "pattern": letters.translate(_VOWEL_PATTERN),
    }


def _mix(values: Hashes) -> Hashes:
    """Scatter hashes over all 64 bits (finaliser of splitmix64, S. Vigna)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return values ^ (values >> np.uint64(27))


def _substrings(sums: Hashes, starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp]) -> Hashes:
    """Return hashes of substrings from a matrix of prefix sums [names, length + 1]."""
    return (sums[:, ends] - sums[:, starts]) * _INVERSE_POWERS[starts]


def _apply(template: _Template, sums: Hashes) -> Hashes:
    values = _substrings(sums, template.s1, template.e1)
    values += _substrings(sums, template.s2, template.e2) * template.factor
    values += template.salt
    return _mix(values)


def _prefix_sums(letters: npt.NDArray[np.uint8], powers: Hashes) -> Hashes:
    sums = np.zeros((letters.shape[0], letters.shape[1] + 1), dtype=np.uint64)
    np.cumsum(letters * powers[: letters.shape[1]], axis=1, out=sums[:, 1:])
    return sums


def _by_length(
    starts: npt.NDArray[np.intp], lengths: npt.NDArray[np.intp]
) -> list[tuple[int, npt.NDArray[np.intp]]]:
    if len(starts) == 1:
        return [(int(lengths[0]), np.zeros(1, dtype=np.intp))]
    return [(int(length), np.flatnonzero(lengths == length)) for length in np.unique(lengths)]


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
    owners: list[npt.NDArray[np.intp]] = []
    sizes: list[npt.NDArray[np.intp]] = []
    hashes: list[Hashes] = []

    def add(members: npt.NDArray[np.intp], values: Hashes) -> None:
        owners.append(members)
        sizes.append(np.full(len(members), values.shape[1], dtype=np.intp))
        hashes.append(values.reshape(-1))

    for stream, text in _streams(names).items():
        codes = np.frombuffer(text, dtype=np.uint8)
        ends = np.flatnonzero(codes == _END)
        starts = np.concatenate(([0], ends[:-1] + 1))
        for length, members in _by_length(starts, ends - starts):
            letters = codes[starts[members, None] + np.arange(length)]
            sums = _prefix_sums(letters, _POWERS)
            add(members, _apply(_template(stream, length), sums))
            if stream == "letters":
                for count, chosen, syllables in _syllables(letters, sums):
                    add(members[chosen], _apply(_syllable_template(count), syllables))
    size = np.concatenate(sizes)
    return FeatureBag(np.concatenate(owners), np.cumsum(size) - size, np.concatenate(hashes))


_IS_VOWEL = np.isin(np.arange(256), list(b"aeiouy"))


def _syllables(
    letters: npt.NDArray[np.uint8], sums: Hashes
) -> list[tuple[int, npt.NDArray[np.intp], Hashes]]:
    """Cut names of one length before each consonant that a vowel follows.

    Returns
    -------
    list
        Per number of syllables: which names have it, and prefix sums over their syllables' hashes.
    """
    vowel = _IS_VOWEL[letters]
    onset = np.zeros(letters.shape, dtype=bool)
    onset[:, 2:-1] = ~vowel[:, 2:-1] & vowel[:, 3:]
    onset[:, 0] = True
    counts = onset.sum(axis=1)
    groups = []
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        begin = np.nonzero(onset[chosen])[1].reshape(len(chosen), count)
        end = np.concatenate((begin[:, 1:], np.full((len(chosen), 1), letters.shape[1])), axis=1)
        part = sums[chosen]
        index = np.arange(len(chosen))[:, None]
        values = (part[index, end] - part[index, begin]) * _INVERSE_POWERS[begin]
        groups.append((int(count), chosen, _prefix_sums_of_hashes(_mix(values))))
    return groups


def _prefix_sums_of_hashes(values: Hashes) -> Hashes:
    sums = np.zeros((values.shape[0], values.shape[1] + 1), dtype=np.uint64)
    np.cumsum(values * _POWERS[: values.shape[1]], axis=1, out=sums[:, 1:])
    return sums


def wide(bag: FeatureBag) -> npt.NDArray[np.int32]:
    """Return each hash reduced to a number below ``WIDE``: its slot, then its tag.

    A slot of the table of weights belongs to one feature; the tag tells a feature that merely
    falls into the same slot. Without it, rare features would add the weights of strangers, which
    costs .001 of accuracy on American and .002 on the world's names.
    """
    shift = np.uint64(64 - SLOT_BITS - TAG_BITS)
    return (bag.hashes * np.uint64(0x94D049BB133111EB) >> shift).astype(np.int32)


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


@functools.cache
def _deletion_template(length: int) -> _Template:
    builder = _TemplateBuilder("deletions")
    builder.one(0, length)
    for index in range(length):
        builder.joined(0, index, index + 1, length, "gram")
    return builder.build()


def deletions(names: Sequence[str]) -> DeletionKeys:
    """Compute the keys by which names with one letter of difference meet.

    Parameters
    ----------
    names
        At least one folded name.
    """
    codes = np.frombuffer(("\n".join(names) + "\n").encode("ascii"), dtype=np.uint8)
    ends = np.flatnonzero(codes == _END)
    starts = np.concatenate(([0], ends[:-1] + 1))
    rows, hashes, dropped = [], [], []
    for length, members in _by_length(starts, ends - starts):
        letters = codes[starts[members, None] + np.arange(length)]
        values = _apply(_deletion_template(length), _prefix_sums(letters, _POWERS))
        # Dropping either of two equal letters leaves the same text: one key for both.
        distinct = np.ones(values.shape, dtype=bool)
        distinct[:, 2:] = letters[:, 1:] != letters[:, :-1]
        row, column = np.nonzero(distinct)
        rows.append(members[row].astype(np.int32))
        hashes.append(values[row, column])
        letter = letters[row, column - 1].astype(np.int16) - ord("a") + 1
        dropped.append(np.where(column == 0, 0, 32 * letter + column - 1).astype(np.int16))
    return DeletionKeys(np.concatenate(rows), np.concatenate(hashes), np.concatenate(dropped))
