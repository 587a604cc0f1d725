"""Which label an utterance means: the face of the room."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dumps import dumped, opened
from ..model import Match
from ..text import tokens
from .cosines import Cosines
from .features import BLOCK_WEIGHTS, Features, Longs, Reading
from .parts import Parts
from .spelling import Repairer
from .training import Progress, chances, fit, logits
from .vocabulary import Vocabulary
from .words import Floats, WordTable, shipped

FORMAT = 4
"""Raised whenever a dumped matcher of before could not be loaded or would answer differently."""

_RERANKED = 4
_FAINT = 2e-3
_NEAREST = 6  # of each label's phrasings so many, closest in meaning, are compared letter by letter
_LEXICAL_SHARE = 0.6
_COVERAGE = 0.8  # how strongly words that the base does not know lower a score


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an utterance matched as it did."""

    read_as: tuple[str, ...]
    top: tuple[Match, ...]
    nearest: tuple[str, ...]


class Matcher:
    """Fits labelled phrasings and matches utterances to their labels; the same input gives the same result."""

    def __init__(
        self,
        phrasings: Mapping[str, Iterable[str]],
        *,
        vocabulary: Vocabulary | None = None,
        words: WordTable | None = None,
        parts: Parts | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._start(vocabulary or Vocabulary(), shipped() if words is None else words, parts or Parts())
        owned = _readable(phrasings)
        self._labels = list(owned)
        self._texts = [text for texts in owned.values() for text in texts]
        self._spans = np.concatenate([[0], np.cumsum([len(texts) for texts in owned.values()])]).astype(np.int64)
        owners = np.repeat(np.arange(len(owned), dtype=np.int32), np.diff(self._spans))
        read = [self._aliased(tokens(text)) for text in self._texts]
        self._known = Counter(word for words_of in read for word in words_of)
        self._repairer = Repairer(self._known, self._words.index, parts=self._parts)
        self._features = Features.of(
            zip((self._labels[owner] for owner in owners), read, strict=True), self._words, parts=self._parts
        )
        readings = [self._features.read(words_of) for words_of in read]
        self._sparse, self._dense = fit(
            readings,
            owners,
            label_count=len(self._labels),
            feature_count=len(self._features.index),
            progress=progress or (lambda line: None),
        )
        self._keep(readings)

    @property
    def knows_words(self) -> bool:
        """Whether the table of word meanings is there."""
        return self._words.width > 0

    def match(self, text: str, limit: int = 3) -> tuple[Match, ...]:
        """The labels that the text may mean, best first; scores in 0..1."""
        words = self._repaired(text)
        return self._ranked(self._features.read(words))[:limit] if words else ()

    def explain(self, text: str) -> Explanation:
        """What was read, the best labels, and the first one's nearest phrasings."""
        words = tuple(self._repaired(text))
        top = self.match(text)
        if not top:
            return Explanation(words, (), ())
        reading = self._features.read(words)
        label = self._labels.index(top[0].label)
        mine = np.arange(self._spans[label], self._spans[label + 1])
        order = mine[np.argsort(-self._likeness(reading, mine), kind="stable")]
        return Explanation(words, top, tuple(self._texts[row] for row in order[:3]))

    def dump(self) -> bytes:
        """Everything `load` needs, as bytes without code in them."""
        texts = {
            "labels": self._labels,
            "texts": self._texts,
            "features": list(self._features.index),
            "known": dict(self._known),
            "aliases": dict(self._vocabulary.aliases),
            "parts": asdict(self._parts),
        }
        return dumped(
            json=np.frombuffer(json.dumps(texts).encode(), np.uint8),
            idf=self._features.idf,
            block=self._features.block,
            sparse=self._sparse.astype(np.float16),
            dense=self._dense.astype(np.float16),
            directions=self._features.cosines.directions,
            weight=self._features.cosines.weight,
            spans=self._spans,
            offsets=self._offsets,
            rows=self._rows,
            weights=self._weights.astype(np.float16),
            meanings=self._meanings.astype(np.float16),
        )

    @classmethod
    def load(cls, kept: bytes, *, words: WordTable | None = None) -> "Matcher":
        """The matcher that was dumped.

        Raises ValueError or KeyError when the bytes are not a whole one.
        """
        made = cls.__new__(cls)
        with opened(kept) as arrays:
            made._restore(arrays, shipped() if words is None else words)
        return made

    def _restore(self, arrays: Mapping[str, Any], words: WordTable) -> None:
        texts = json.loads(arrays["json"].tobytes())
        self._start(Vocabulary(texts["aliases"]), words, Parts(**texts["parts"]))
        self._labels, self._texts = texts["labels"], texts["texts"]
        self._known = Counter(texts["known"])
        self._repairer = Repairer(self._known, self._words.index, parts=self._parts)
        index = {name: row for row, name in enumerate(texts["features"])}
        cosines = Cosines(arrays["directions"], float(arrays["weight"]))
        self._features = Features(index, arrays["idf"], arrays["block"], self._words, cosines)
        self._features.prepare(self._known)
        self._sparse, self._dense = arrays["sparse"].astype(np.float32), arrays["dense"].astype(np.float32)
        self._spans, self._offsets, self._rows = arrays["spans"], arrays["offsets"], arrays["rows"]
        self._weights = arrays["weights"].astype(np.float32)
        self._meanings = arrays["meanings"].astype(np.float32)

    # -- reading --------------------------------------------------------------------------------------

    def _repaired(self, text: str) -> list[str]:
        return self._aliased(self._repairer.repair(self._aliased(tokens(text))))

    def _aliased(self, found: Sequence[str]) -> list[str]:
        """Words with the vocabulary's aliases put in, the longest first."""
        words, place = [], 0
        while place < len(found):
            length = min(self._longest_alias.get(found[place], 0), len(found) - place)
            while length and " ".join(found[place : place + length]) not in self._aliases:
                length -= 1
            if length:
                words += self._aliases[" ".join(found[place : place + length])]
            else:
                words.append(found[place].replace("'", ""))
            place += length or 1
        return words

    def _start(self, vocabulary: Vocabulary, words: WordTable, parts: Parts) -> None:
        self._parts = parts
        self._vocabulary = vocabulary
        self._aliases = {alias: normal.split() for alias, normal in vocabulary.aliases.items()}
        self._longest_alias: dict[str, int] = {}  # that begins with a word
        for alias in self._aliases:
            first = alias.partition(" ")[0]
            self._longest_alias[first] = max(self._longest_alias.get(first, 0), len(alias.split()))
        self._words = words if parts.word_vectors else words.without_meanings()

    # -- ranking --------------------------------------------------------------------------------------

    def _ranked(self, reading: Reading) -> tuple[Match, ...]:
        if not len(reading.rows):
            return ()
        shares = chances(logits(self._sparse, self._dense, reading))
        best: Longs = (-shares).argsort(kind="stable")[:_RERANKED]
        sure = reading.coverage**_COVERAGE if self._parts.coverage else 1.0
        near = shares[best]  # a faint label is not worth the look at its phrasings
        if self._parts.nearest and (told := max(1, np.count_nonzero(near > _FAINT))):
            near[:told] = self._nearest(reading, best[:told])
        scores = [sure * score for score in np.sqrt(shares[best] * near).tolist()]
        ranked = sorted(zip(scores, best.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
        return tuple(Match(self._labels[label], min(1.0, score)) for score, label in ranked)

    def _nearest(self, reading: Reading, labels: Longs) -> Floats:
        """For each label the likeness of its nearest phrasing."""
        picked = [self._close_in_meaning(reading, label) for label in labels.tolist()]
        likeness = self._likeness(reading, np.concatenate(picked))
        starts = list(accumulate(map(len, picked[:-1]), initial=0))
        nearest: Floats = np.maximum.reduceat(likeness, starts)
        return nearest

    def _close_in_meaning(self, reading: Reading, label: int) -> Longs:
        """A label's phrasings that are closest in meaning; all of them where meanings are unknown."""
        start, end = self._spans[label : label + 2].tolist()
        if end - start <= _NEAREST or not self.knows_words:
            return np.arange(start, end)
        close: Longs = (self._meanings[start:end] @ reading.meaning).argpartition(-_NEAREST)[-_NEAREST:] + start
        return close

    def _likeness(self, reading: Reading, rows: Longs) -> Floats:
        """Likeness in 0..1 of the reading to each of the phrasings."""
        query = np.zeros(len(self._features.index), np.float32)  # one of its own: many threads ask at once
        query[reading.rows] = reading.weights
        starts = self._offsets[rows]
        lengths = self._offsets[rows + 1] - starts
        ends = lengths.cumsum()
        bounds = ends - lengths
        flat = (starts - bounds).repeat(lengths) + np.arange(ends[-1])
        letters = np.add.reduceat(query[self._rows[flat]] * self._weights[flat], bounds) / _FULL
        if not self.knows_words:
            return _bounded(letters)
        meaning = _bounded(self._meanings[rows] @ reading.meaning)
        return _bounded(_LEXICAL_SHARE * letters + (1 - _LEXICAL_SHARE) * meaning)

    def _keep(self, readings: Sequence[Reading]) -> None:
        """Keep the phrasings' own readings, to tell how near the nearest one is."""
        self._offsets = np.concatenate([[0], np.cumsum([len(reading.rows) for reading in readings])]).astype(np.int64)
        self._rows = np.concatenate([reading.rows for reading in readings]).astype(np.int32)
        self._weights = np.concatenate([reading.weights for reading in readings])
        self._meanings = np.array([reading.meaning for reading in readings], np.float32)


def _bounded(values: Floats | NDArray[np.float64]) -> Floats:
    """The values, held in 0..1."""
    bounded: Floats = np.minimum(np.maximum(values, 0), 1)
    return bounded


def _readable(phrasings: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The labels with those of their phrasings that hold a word at all."""
    owned = {label: [text for text in texts if tokens(text)] for label, texts in phrasings.items()}
    return {label: texts for label, texts in owned.items() if texts}


_FULL = float((BLOCK_WEIGHTS**2).sum())
