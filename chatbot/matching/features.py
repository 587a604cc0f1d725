"""From repaired words to numbers: hides stems, word pairs, letter runs, and how each is weighted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .words import Floats, WordTable

Ints = NDArray[np.int32]
BLOCKS = ("stem", "pair", "run")
BLOCK_WEIGHTS = (1.0, 0.7, 0.8)
_RUN_LENGTHS = (3, 4, 5)
_PAIR_LEAST = 2  # a pair or run has to stand in so many phrasings
_ENDINGS = (
    "ations", "ation", "ments", "ment", "ings", "ing", "ied", "ies", "edly", "ed", "ers", "er", "ally", "ly", "es",
    "s", "e", "y",
)  # fmt: skip
_SHORTEST_STEM = 3


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its common endings: light, so that unlike words stay apart."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def letter_runs(word: str) -> list[str]:
    """The runs of letters inside a word, its edges marked."""
    edged = f"<{word}>"
    return [edged[start : start + n] for n in _RUN_LENGTHS for start in range(len(edged) - n + 1)]


@dataclass(frozen=True, slots=True)
class Reading:
    """An utterance as numbers: sorted feature rows with their weights, and a unit meaning vector.

    `coverage` in 0..1 is how much of what it says stands in the base at all.
    """

    rows: Ints
    weights: Floats
    meaning: Floats
    coverage: float


class Features:
    """The features of one base, weighted by how few labels they stand under."""

    def __init__(self, index: Mapping[str, int], idf: Floats, block: NDArray[np.int8], words: WordTable) -> None:
        self.index = index
        self.idf = idf
        self.block = block
        self._words = words
        self._rarest = float(idf.max(initial=1.0))
        self._rows_of = lru_cache(maxsize=16384)(self._word_rows)

    @classmethod
    def of(cls, readings: Iterable[tuple[str, Sequence[str]]], words: WordTable) -> "Features":
        """Collect the features of labelled word lists."""
        labels_of: dict[str, set[str]] = {}
        times: Counter[str] = Counter()
        labels = set()
        for label, tokens in readings:
            labels.add(label)
            for name in set(_names(tokens)):
                times[name] += 1
                labels_of.setdefault(name, set()).add(label)
        kept = sorted(name for name, count in times.items() if count >= _PAIR_LEAST or name[0] == "s")
        spread = np.array([len(labels_of[name]) for name in kept], np.float32)
        idf = np.log((1 + len(labels)) / (1 + spread)) + 1
        block = np.array(["spr".index(name[0]) for name in kept], np.int8)
        return cls({name: row for row, name in enumerate(kept)}, idf.astype(np.float32), block, words)

    def read(self, tokens: Sequence[str]) -> Reading:
        """Number a list of words."""
        found = [row for word in tokens for row in self._rows_of(word)]
        found += [row for name in _pairs(tokens) if (row := self.index.get(name)) is not None]
        rows, counts = np.unique(np.array(found, np.int32), return_counts=True)
        weights = self.idf[rows] * np.sqrt(counts, dtype=np.float32)
        blocks = self.block[rows]
        for number, share in enumerate(BLOCK_WEIGHTS):
            mine = blocks == number
            length = float(np.sqrt((weights[mine] ** 2).sum()))
            if length:
                weights[mine] *= share / length
        return Reading(rows, weights.astype(np.float32), self._words.vector(tokens), self._coverage(tokens))

    def _coverage(self, tokens: Sequence[str]) -> float:
        """The share of the words' telling weight that falls on words the base knows."""
        found = [self.index.get(f"s{stem(word)}") for word in tokens]
        known = float(sum(self.idf[row] for row in found if row is not None))
        unknown = found.count(None) * self._rarest
        return known / (known + unknown) if known else 0.0

    def _word_rows(self, word: str) -> tuple[int, ...]:
        names = [f"s{stem(word)}", *(f"r{run}" for run in letter_runs(word))]
        return tuple(row for name in names if (row := self.index.get(name)) is not None)


def _names(tokens: Sequence[str]) -> Iterable[str]:
    for word in tokens:
        yield f"s{stem(word)}"
        yield from (f"r{run}" for run in letter_runs(word))
    yield from _pairs(tokens)


def _pairs(tokens: Sequence[str]) -> Iterable[str]:
    stems = [stem(word) for word in tokens]
    yield from (f"p{one} {two}" for one, two in pairwise(stems))
    yield from (f"p{one} .. {two}" for one, two in zip(stems, stems[2:], strict=False))
