"""Repairing typed words: hides typos, run-on and split words, and the guard that real words are kept."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from math import log10

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from .parts import Parts

_SHORTEST = 4  # shorter words have too many neighbours to guess
_SHORT = 5  # up to so many letters one edit is allowed, beyond it two
_SHORTEST_PART = 3
_SHORTEST_WHOLE = 6
_LONG = 7  # only so long a word is taken apart, or put together, where there is a slip in it too
_OFTEN = 2
_LIKENESS = 0.8


class Repairer:
    """Changes words nobody knows into words of the base; a real English word is never changed."""

    def __init__(self, known: Mapping[str, int], real: Collection[str], *, parts: Parts) -> None:
        self._parts = parts
        self._known = known
        self._real = real
        self._spellings = Spellings(word for word in known if word.isalpha())
        self._repaired = lru_cache(maxsize=4096)(self._repair)

    def repair(self, tokens: Sequence[str]) -> list[str]:
        """The tokens with pieces put together, and unknown ones repaired or split."""
        whole = self._joined(tokens) if self._parts.joining else tokens
        return [word for token in whole for word in self._repaired(token)]

    def _repair(self, token: str) -> tuple[str, ...]:
        if self._is_word(token) or len(token) < _SHORTEST or not token.isalpha():
            return (token,)
        if self._parts.repair and (close := self._closest(token, edits=1)):
            return (close,)
        if self._parts.joining and (pieces := self._split(token)):
            return pieces
        if self._parts.repair and len(token) > _SHORT and (far := self._closest(token, edits=2)):
            return (far,)
        return (self._parts.joining and self._split_with_a_slip(token)) or (token,)

    def _is_word(self, token: str) -> bool:
        """Known to the base, or a real word, or the plural of one."""
        return any(word in self._known or word in self._real for word in (token, token.removesuffix("s")))

    def _closest(self, token: str, *, edits: int) -> str | None:
        """The known word within so many edits that is most alike and most used."""
        near = self._spellings.near(token, edits=edits)
        found = process.extract(token, near, scorer=OSA.distance, score_cutoff=edits, limit=None)
        ranked = sorted((distance, -self._likeliness(token, word), word) for word, distance, _ in found)
        likely = (word for _, _, word in ranked if JaroWinkler.similarity(token, word) >= _LIKENESS)
        return next(likely, None)

    def _likeliness(self, token: str, word: str) -> float:
        """How likely a slip makes the one of the other: letters change places or get lost, and known words win."""
        swapped = sorted(token) == sorted(word)
        return (
            JaroWinkler.similarity(token, word)
            + 0.05 * log10(self._known[word])
            + 0.1 * swapped
            + 0.03 * (len(word) > len(token))
        )

    def _split(self, token: str, *, most: int = 3) -> tuple[str, ...]:
        """Known words written as one, those whose rarest is the most used; none when there are no such words."""
        found = []
        for first, rest in _cuts(token):
            if self._is_part(first):
                more = (rest,) if self._is_part(rest) else self._split(rest, most=most - 1) if most > 2 else ()
                found += [(first, *more)] if more else []
        return max(found, key=lambda parts: min(map(self._uses, parts)), default=())

    def _split_with_a_slip(self, token: str) -> tuple[str, ...]:
        """Two words written as one, one of them with a slip in it."""
        if len(token) < _LONG:
            return ()
        cuts = [cut for cut in _cuts(token) if min(map(len, cut)) >= _SHORTEST_PART]
        found = [(first, close) for first, rest in cuts if self._is_part(first) and (close := self._slipped(rest))]
        found += [(close, rest) for first, rest in cuts if self._is_part(rest) and (close := self._slipped(first))]
        return max(found, key=lambda parts: min(map(self._uses, parts)), default=())

    def _slipped(self, part: str) -> str | None:
        return self._closest(part, edits=1) if len(part) >= _SHORTEST and not self._is_word(part) else None

    def _is_part(self, part: str) -> bool:
        return part in self._known and (len(part) >= _SHORTEST_PART or self._known[part] > 20)

    def _uses(self, word: str) -> int:
        return self._known.get(word, 0)

    def _joined(self, words: Sequence[str]) -> Iterable[str]:
        """Put a word that was typed in two pieces together, keeping pieces that are words in their own right."""
        skip = False
        for word, after in zip(words, [*words[1:], ""], strict=False):
            if skip:
                skip = False
                continue
            whole = self._whole(word, after)
            skip = whole is not None
            yield whole or word

    def _whole(self, word: str, after: str) -> str | None:
        """The word that two pieces make, if they do."""
        whole = word + after
        if whole in self._known:
            meant = not after or len(whole) < _SHORTEST_WHOLE or self._both_used(word, after)
            return None if meant else whole
        if word in self._known or after in self._known:
            return None
        broken = len(whole) >= _LONG and not self._is_word(word) and not self._is_word(after)
        return self._closest(whole, edits=1) if broken and after and whole.isalpha() else None

    def _both_used(self, word: str, after: str) -> bool:
        """Whether the base itself uses both pieces often enough that they may be meant."""
        return self._uses(word) > _OFTEN and self._uses(after) > _OFTEN and min(len(word), len(after)) > 2


class Spellings:
    """Words by their length, each with its letters as bits: hides which few of them are worth comparing."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words, key=len)
        self._lengths = [len(word) for word in self._words]
        self._letters = np.array([_letters(word) for word in self._words], np.uint64)

    def near(self, token: str, *, edits: int) -> list[str]:
        """The words that may lie within so many edits: each edit takes one letter away, brings one, or both."""
        start = bisect_left(self._lengths, len(token) - edits)
        end = bisect_right(self._lengths, len(token) + edits)
        apart = np.bitwise_count(self._letters[start:end] ^ np.uint64(_letters(token)))
        return [self._words[start + at] for at in np.flatnonzero(apart <= 2 * edits).tolist()]


def _letters(word: str) -> int:
    """A bit for each letter that stands in the word, and one more where it stands there again."""
    once = again = 0
    for letter in word:
        bit = 1 << (ord(letter) % 32)
        again |= once & bit
        once |= bit
    return once | again << 32


def _cuts(token: str) -> list[tuple[str, str]]:
    return [(token[:at], token[at:]) for at in range(2, len(token) - 1)]
