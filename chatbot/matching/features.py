"""From repaired words to numbers: hides stems, word pairs, letter runs, and how each is weighted."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from ..text import stem
from .cosines import Cosines
from .parts import Parts
from .words import Floats, WordTable

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
BLOCKS = ("stem", "pair", "run")
BLOCK_WEIGHTS = np.array((1.0, 0.7, 0.8))
_RUN_LENGTHS = (3, 4, 5)
_LEAST, _LEAST_OF_MANY = 2, 3  # a pair or run has to stand in so many phrasings, more where there are many of them
_MANY = 10_000
_MOST_KEPT = 16384


def letter_runs(word: str) -> list[str]:
    """The runs of letters inside a word, its edges marked."""
    edged = f"<{word}>"
    return [edged[start : start + n] for n in _RUN_LENGTHS for start in range(len(edged) - n + 1)]


@dataclass(frozen=True, slots=True)
class Reading:
    """An utterance as numbers: sorted feature rows with their weights, and a unit meaning vector, plain and spread.

    `coverage` in 0..1 is how much of what it says stands in the base at all.
    """

    rows: Ints
    weights: Floats
    meaning: Floats
    spread: Floats
    coverage: float


class Features:
    """The features of one base, weighted by how few labels they stand under."""

    def __init__(
        self, index: Mapping[str, int], idf: Floats, block: NDArray[np.int8], words: WordTable, cosines: Cosines
    ) -> None:
        self.index = index
        self.idf = idf
        self.block = block
        self.cosines = cosines
        self._words = words
        self._rarest = float(idf.max(initial=1.0))
        self.prepare(())

    @classmethod
    def of(cls, readings: Iterable[tuple[str, Sequence[str]]], words: WordTable, *, parts: Parts) -> "Features":
        """Collect the features of labelled word lists."""
        times, sizes = Counter[str](), Counter[str]()
        under: dict[str, set[str]] = {}
        names_of = cache(_names)
        for label, tokens in readings:
            found = set(_pairs([stem(word) for word in tokens])).union(*map(names_of, tokens))
            times.update(found)
            under.setdefault(label, set()).update(found)
            sizes[label] += 1
        labels = Counter(chain.from_iterable(under.values()))
        least = _LEAST_OF_MANY if sizes.total() > _MANY else _LEAST
        least_of = {"s": 1, "p": least if parts.pairs else None, "r": least if parts.letter_runs else None}
        kept = sorted(name for name, count in times.items() if (enough := least_of[name[0]]) and count >= enough)
        spread = np.array([labels[name] for name in kept], np.float32)
        idf = np.log((1 + len(sizes)) / (1 + spread)) + 1
        block = np.array(["spr".index(name[0]) for name in kept], np.int8)
        index = {name: row for row, name in enumerate(kept)}
        cosines = Cosines.over(words.width, phrasings_a_label=sizes.total() / len(sizes))
        return cls(index, idf.astype(np.float32), block, words, cosines)

    def prepare(self, words: Collection[str]) -> None:
        """Look words up beforehand, so that the first messages need not; beside them a bounded number is kept."""
        self._known = lru_cache(maxsize=_MOST_KEPT + len(words))(self._look_up)
        for word in words:
            self._known(word)

    def read(self, tokens: Sequence[str]) -> Reading:
        """Number a list of words."""
        words = [self._known(word) for word in tokens]
        names = _pairs([word.stem for word in words])
        pairs = [row for name in names if (row := self.index.get(name)) is not None]
        rows, counts = _counted(np.concatenate([*(word.rows for word in words), np.array(pairs, np.int32)]))
        meaning = self._words.vector(tokens)
        return Reading(rows, self._weighed(rows, counts), meaning, self.cosines.spread(meaning), self._coverage(words))

    def _weighed(self, rows: Ints, counts: Longs) -> Floats:
        """Rare features and repeated ones count more; each block of them comes to its own length."""
        weights = self.idf[rows] * np.sqrt(counts, dtype=np.float32)
        blocks = self.block[rows]
        lengths = np.sqrt(np.bincount(blocks, weights * weights, minlength=len(BLOCKS)))
        weights *= (BLOCK_WEIGHTS / np.maximum(lengths, 1e-9)).astype(np.float32)[blocks]
        return weights

    def _coverage(self, words: Sequence["_Word"]) -> float:
        """The share of the words' telling weight that falls on words the base knows."""
        told = [word.telling for word in words]
        known = sum(told)
        return known / (known + told.count(0.0) * self._rarest) if known else 0.0

    def _look_up(self, word: str) -> "_Word":
        told, *runs = map(self.index.get, _names(word))
        rows = np.array([row for row in (told, *runs) if row is not None], np.int32)
        return _Word(stem(word), rows, 0.0 if told is None else float(self.idf[told]))


@dataclass(frozen=True, slots=True)
class _Word:
    """A word's stem, the rows of its features, and how much it tells: nothing when the base does not know it."""

    stem: str
    rows: Ints
    telling: float


def _counted(found: Ints) -> tuple[Ints, Longs]:
    """Sorted rows, each once, and how often each was found."""
    found.sort()
    last = np.append(found[1:] != found[:-1], True)
    ends = np.flatnonzero(last[: len(found)]) + 1
    counts = ends.copy()
    counts[1:] -= ends[:-1]
    return found[ends - 1], counts


def _names(word: str) -> tuple[str, ...]:
    """The features of a word by itself."""
    return (f"s{stem(word)}", *(f"r{run}" for run in letter_runs(word)))


def _pairs(stems: Sequence[str]) -> list[str]:
    near = [f"p{one} {two}" for one, two in pairwise(stems)]
    return near + [f"p{one} .. {two}" for one, two in zip(stems, stems[2:], strict=False)]
