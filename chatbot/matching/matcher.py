"""Which label an utterance means: the face of the room."""

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..model import Match
from ..text import tokens
from .features import Features, Ints, Reading
from .spelling import Repairer
from .training import Progress, chances, fit, logits
from .vocabulary import Vocabulary
from .words import Floats, WordTable, shipped

FORMAT = 1
"""Raised whenever a dumped matcher of before could not be loaded or would answer differently."""

_RERANKED = 6
_LEXICAL_SHARE = 0.6
_COVERAGE = 0.8  # how strongly words that the base does not know lower a score


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an utterance matched as it did."""

    read_as: tuple[str, ...]
    top: tuple[Match, ...]
    nearest: tuple[str, ...]
    counted: tuple[tuple[str, float], ...]


class Matcher:
    """Fits labelled phrasings and matches utterances to their labels; the same input gives the same result."""

    def __init__(
        self,
        phrasings: Mapping[str, Iterable[str]],
        *,
        vocabulary: Vocabulary | None = None,
        words: WordTable | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._start(vocabulary or Vocabulary(), shipped() if words is None else words)
        pairs = [(label, text) for label, texts in phrasings.items() for text in texts]
        self._labels = list(phrasings)
        self._texts = [text for _, text in pairs]
        self._owners = np.array([self._labels.index(label) for label, _ in pairs], np.int32)
        read = [self._aliased(tokens(text)) for text in self._texts]
        self._known = Counter(word for words_of in read for word in words_of)
        self._repairer = Repairer(self._known, self._words.index)
        self._features = Features.of(zip((label for label, _ in pairs), read, strict=True), self._words)
        readings = [self._features.read(words_of) for words_of in read]
        self._sparse, self._dense = fit(
            readings,
            self._owners,
            label_count=len(self._labels),
            feature_count=len(self._features.index),
            progress=progress or (lambda line: None),
        )
        self._keep(readings)
        self._sparse, self._dense = self._sparse.astype(np.float16), self._dense.astype(np.float16)

    @property
    def knows_words(self) -> bool:
        """Whether the table of word meanings is there."""
        return self._words.width > 0

    def match(self, text: str, limit: int = 3) -> tuple[Match, ...]:
        """The labels that the text may mean, best first; scores in 0..1."""
        return self._ranked(self._read(text))[:limit]

    def explain(self, text: str) -> Explanation:
        """What was read, the best labels, and for the first of them what counted."""
        reading = self._read(text)
        top = self._ranked(reading)[:5]
        if not top:
            return Explanation(tuple(self._repaired(text)), (), (), ())
        label = self._labels.index(top[0].label)
        mine = self._by_label[self._spans[label] : self._spans[label + 1]]
        order = mine[np.argsort(-self._likeness(reading, mine), kind="stable")]
        gains = reading.weights * self._sparse[reading.rows, label].astype(np.float32)
        names = list(self._features.index)
        best = sorted(zip(gains.tolist(), reading.rows.tolist(), strict=True), reverse=True)[:8]
        return Explanation(
            read_as=tuple(self._repaired(text)),
            top=top,
            nearest=tuple(self._texts[row] for row in order[:3]),
            counted=tuple((names[row][1:], round(gain, 3)) for gain, row in best),
        )

    def dump(self) -> bytes:
        """Everything `load` needs, as bytes without code in them."""
        texts = {
            "labels": self._labels,
            "texts": self._texts,
            "features": list(self._features.index),
            "known": dict(self._known),
            "aliases": dict(self._vocabulary.aliases),
        }
        file = io.BytesIO()
        np.savez(
            file,
            json=np.frombuffer(json.dumps(texts).encode(), np.uint8),
            idf=self._features.idf,
            block=self._features.block,
            sparse=self._sparse.astype(np.float16),
            dense=self._dense.astype(np.float16),
            owners=self._owners,
            offsets=self._offsets,
            rows=self._rows,
            weights=self._weights.astype(np.float16),
            meanings=self._meanings.astype(np.float16),
        )
        return file.getvalue()

    @classmethod
    def load(cls, dumped: bytes, *, words: WordTable | None = None) -> "Matcher":
        """The matcher that was dumped.

        Raises ValueError or KeyError when the bytes are not a whole one.
        """
        made = cls.__new__(cls)
        try:
            with np.load(io.BytesIO(dumped), allow_pickle=False) as arrays:
                made._restore(arrays, shipped() if words is None else words)
        except (OSError, BadZipFile) as error:
            raise ValueError("not a dumped matcher") from error
        return made

    def _restore(self, arrays: Mapping[str, Any], words: WordTable) -> None:
        texts = json.loads(arrays["json"].tobytes())
        self._start(Vocabulary(texts["aliases"]), words)
        self._labels, self._texts = texts["labels"], texts["texts"]
        self._known = Counter(texts["known"])
        self._repairer = Repairer(self._known, self._words.index)
        index = {name: row for row, name in enumerate(texts["features"])}
        self._features = Features(index, arrays["idf"], arrays["block"], self._words)
        self._sparse, self._dense = arrays["sparse"], arrays["dense"]
        self._owners, self._offsets, self._rows = arrays["owners"], arrays["offsets"], arrays["rows"]
        self._weights, self._meanings = arrays["weights"], arrays["meanings"].astype(np.float32)
        self._index()

    # -- reading --------------------------------------------------------------------------------------

    def _read(self, text: str) -> Reading:
        return self._features.read(self._repaired(text))

    def _repaired(self, text: str) -> list[str]:
        return self._aliased(self._repairer.repair(self._aliased(tokens(text))))

    def _aliased(self, found: Sequence[str]) -> list[str]:
        """Words with the vocabulary's aliases put in, the longest first."""
        words, place = [], 0
        while place < len(found):
            length = min(self._longest_alias, len(found) - place)
            while length and " ".join(found[place : place + length]) not in self._aliases:
                length -= 1
            if length:
                words += self._aliases[" ".join(found[place : place + length])]
            else:
                words.append(found[place].replace("'", ""))
            place += length or 1
        return words

    def _start(self, vocabulary: Vocabulary, words: WordTable) -> None:
        self._vocabulary = vocabulary
        self._aliases = {alias: normal.split() for alias, normal in vocabulary.aliases.items()}
        self._longest_alias = max((len(alias.split()) for alias in self._aliases), default=0)
        self._words = words

    # -- ranking --------------------------------------------------------------------------------------

    def _ranked(self, reading: Reading) -> tuple[Match, ...]:
        if not len(reading.rows):
            return ()
        shares = chances(logits(self._sparse, self._dense, reading))
        best = np.argsort(-shares, kind="stable")[:_RERANKED]
        nearest = [self._nearest(reading, int(label)) for label in best]
        sure = reading.coverage**_COVERAGE
        scores = [sure * float(np.sqrt(shares[label] * near)) for label, near in zip(best, nearest, strict=True)]
        ranked = sorted(zip(scores, best.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
        return tuple(Match(self._labels[label], min(1.0, score)) for score, label in ranked)

    def _nearest(self, reading: Reading, label: int) -> float:
        start, end = self._spans[label], self._spans[label + 1]
        return float(self._likeness(reading, self._by_label[start:end]).max(initial=0.0))

    def _likeness(self, reading: Reading, rows: Ints) -> Floats:
        """Likeness in 0..1 of the reading to each of the phrasings."""
        query = self._scratch
        query[reading.rows] = reading.weights
        starts, ends = self._offsets[rows], self._offsets[rows + 1]
        flat = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
        products = query[self._rows[flat]] * self._weights[flat]
        bounds = np.concatenate([[0], np.cumsum(ends - starts)[:-1]])
        letters = (np.add.reduceat(products, bounds) / _FULL).astype(np.float32)
        query[reading.rows] = 0.0
        if not self.knows_words:
            return np.clip(letters, 0, 1)
        meaning = np.clip(self._meanings[rows] @ reading.meaning, 0, 1)
        likeness: Floats = np.clip(_LEXICAL_SHARE * letters + (1 - _LEXICAL_SHARE) * meaning, 0, 1)
        return likeness

    def _keep(self, readings: Sequence[Reading]) -> None:
        """Keep the phrasings' own readings, to tell how near the nearest one is."""
        self._offsets = np.concatenate([[0], np.cumsum([len(reading.rows) for reading in readings])]).astype(np.int64)
        self._rows = np.concatenate([reading.rows for reading in readings]).astype(np.int32)
        self._weights = np.concatenate([reading.weights for reading in readings]).astype(np.float16)
        meanings = np.array([reading.meaning for reading in readings], np.float16)
        self._meanings = meanings.astype(np.float32)
        self._index()

    def _index(self) -> None:
        self._by_label = np.argsort(self._owners, kind="stable").astype(np.int32)
        sizes = np.bincount(self._owners, minlength=len(self._labels))
        self._spans = np.concatenate([[0], np.cumsum(sizes)])
        self._scratch = np.zeros(len(self._features.index), np.float32)


_FULL = 1.0**2 + 0.7**2 + 0.8**2
