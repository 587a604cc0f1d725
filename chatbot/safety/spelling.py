"""Reading misspelt words as the signs they were meant to be: hides the index of near spellings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rapidfuzz.distance import OSA

_SHORTEST = 4  # a shorter word is too often another word; three letters may have lost one
_BRIEF = 4  # up to here a wrong letter has to lie beside the right one
_LONGEST = 24
_LONG = 7  # from here two slips are forgiven
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_MAX_REPAIRS = 60  # a message with more unknown words than this is not prose


class Speller:
    """Knows the words of the rules; finds the ones an unknown word may stand for."""

    def __init__(self, known: Iterable[str], *, ordinary: Iterable[str], misheard: Mapping[str, str]) -> None:
        self.known = frozenset(known)
        self._ordinary = frozenset(word for line in ordinary for word in line.split()) - self.known
        self._right = self.known | self._ordinary
        self._misheard = {tuple(heard.split()): tuple(meant.split()) for heard, meant in misheard.items()}
        self._longest = max((len(heard) for heard in self._misheard), default=1)
        self._starts = frozenset(heard[0] for heard in self._misheard)
        self._index = _index(self.known)
        self._long_words = _by_first_letter(word for word in sorted(self.known) if len(word) >= _LONG - 2)
        self._squeezed = {_squeeze(word): word for word in sorted(self.known)}

    def read(self, words: list[str]) -> list[tuple[str, ...]]:
        """Give each word's readings, mostly one; joined and split words are mended."""
        budget = _MAX_REPAIRS
        readings: list[tuple[str, ...]] = []
        words = self._heard(words)
        for at, word in enumerate(words):
            if word in self._right or budget == 0 or not _is_prose(word):
                readings.append((word,))
                continue
            budget -= 1
            if at and self._rejoin(words[at - 1], word, readings):
                continue
            readings += self._meanings(word, following=words[at + 1] if at + 1 < len(words) else "")
        return readings

    def _heard(self, words: list[str]) -> list[str]:
        if self._starts.isdisjoint(words):
            return words
        heard: list[str] = []
        at = 0
        while at < len(words):
            size, meant = self._misheard_at(words, at) if words[at] in self._starts else (1, (words[at],))
            heard += meant
            at += size
        return heard

    def _misheard_at(self, words: list[str], at: int) -> tuple[int, tuple[str, ...]]:
        for size in range(self._longest, 0, -1):
            meant = self._misheard.get(tuple(words[at : at + size]))
            if meant:
                return size, meant
        return 1, (words[at],)

    def _rejoin(self, before: str, word: str, readings: list[tuple[str, ...]]) -> bool:
        """Join a word that was cut in two, unless its first half is a sign of its own."""
        whole = self._whole(before, word)
        if whole:
            readings[-1] = whole
        return bool(whole)

    def _whole(self, first: str, second: str) -> tuple[str, ...]:
        joined = first + second
        if not first.isalpha() or len(joined) < 6 or (first in self.known and len(first) > 3):
            return ()
        if joined in self.known:
            return (joined,)
        if first in self.known or second in self._ordinary or len(joined) < _LONG:
            return ()
        return self._near(joined, slips=1)

    def _meanings(self, word: str, *, following: str) -> list[tuple[str, ...]]:
        if word.endswith("s") and word[:-1] in self.known and len(word) > 3:
            return [(word[:-1],)]
        if following and self._whole(word, following) and following not in self.known:
            return [(word,)]
        return self._near_or_split(word)

    def _near_or_split(self, word: str) -> list[tuple[str, ...]]:
        near = {*self._near(word, slips=1), self._squeezed.get(_squeeze(word), "")} - {""}
        if near:
            return [tuple(sorted(near))]
        halves = self._split(word)
        if halves:
            return [(half,) for half in halves]
        return [self._near(word, slips=2) or (word,)] if len(word) >= _LONG else [(word,)]

    def _near(self, word: str, *, slips: int) -> tuple[str, ...]:
        candidates = self._one_slip_away(word) if slips == 1 else self._long_words.get(word[0], ())
        near = {known: OSA.distance(word, known) for known in candidates}
        close = [known for known, distance in near.items() if distance <= (slips if len(known) >= _LONG else 1)]
        best = min((near[known] for known in close), default=0)
        return tuple(sorted(known for known in close if near[known] == best and _is_likely(word, known, best)))

    def _one_slip_away(self, word: str) -> set[str]:
        return {known for cut in _cuts(word) for known in self._index.get(cut, ())}

    def _split(self, word: str) -> tuple[str, ...]:
        if len(word) < 6 or len(word) > 30:
            return ()
        for at in range(len(word) - 3, 2, -1):
            first, rest = word[:at], word[at:]
            if first in self.known and len(first) > 2:
                if rest in self.known:
                    return (first, rest)
                further = self._split(rest)
                if further:
                    return (first, *further)
        return ()


def _is_prose(word: str) -> bool:
    """Whether a word may be a misspelt one at all."""
    return word.isalpha() and 3 <= len(word) <= _LONGEST


def _is_likely(word: str, known: str, slips: int) -> bool:
    """Whether a slip of the fingers makes the one of the other: in short words, and twice in one, not every letter."""
    if slips > 1:
        return word[0] == known[0] and len(word) >= _LONG
    if len(word) != len(known) or len(word) > _BRIEF or sorted(word) == sorted(known):
        return True
    at = next(at for at, letter in enumerate(word) if letter != known[at])
    return word[at] in _BESIDE.get(known[at], "")


def _squeeze(word: str) -> str:
    return "".join(letter for at, letter in enumerate(word) if at == 0 or letter != word[at - 1])


def _by_first_letter(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Two slips never change the first letter, so that these few are all there is to compare."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in words:
        found[word[0]].append(word)
    return {letter: tuple(words) for letter, words in found.items()}


def _index(known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    index: dict[str, list[str]] = defaultdict(list)
    for word in sorted(known):
        if len(word) >= _SHORTEST and word.isalpha():
            for cut in _cuts(word):
                index[cut].append(word)
    return {cut: tuple(words) for cut, words in index.items()}


def _cuts(word: str) -> set[str]:
    """The word and what is left of it without any one letter."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _beside() -> dict[str, str]:
    """The letters that lie around each letter of the keyboard."""
    places = {letter: (x + y / 2, y) for y, row in enumerate(_ROWS) for x, letter in enumerate(row)}
    return {
        letter: "".join(other for other, (x, y) in places.items() if abs(x - at) <= 1 and abs(y - row) <= 1)
        for letter, (at, row) in places.items()
    }


_BESIDE = _beside()
