"""Suggesting whole questions while a visitor types: each key saved counts."""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from .dumps import dumped, opened
from .model import Entry, Kind, Match
from .text import tokens

Floats = NDArray[np.float64]
Ints = NDArray[np.int64] | NDArray[np.int32]
Judge = Callable[[str], Sequence[Match]]
"""Asks the matcher which labels a text may mean, best first."""

FORMAT = 1
"""Raised whenever a dumped index of before could not be loaded or would suggest differently."""

_LONGEST = 200  # letters read; by then every question is told
_SMOOTH = 2.0  # phrasings that every label is taken to have beside its own, spread as usual
_PAIR = 0.7  # what two words in a row tell, beside what each of them tells
_START = 1.0  # what the text as a whole tells, where phrasings begin so
_EVEN = 0.5  # below 1, because words that come together tell less than their sum
_ANSWERS_FIRST, _EXAMPLES_FIRST = 1.0, 1.0
_OFF_SUBJECT_FROM = 0.2
_JUDGED_FROM, _UNLIKELY = 2, 0.25  # whole words from which the matcher may say that a text fits nothing
_READABLE = 0.8  # of the letters; fewer mean another script
_SHORTEST_REPAIRED, _LONG = 3, 7  # a long word may hold two slips


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry offered while typing."""

    entry: str
    question: str


class Typeahead:
    """Suggests entries by all the ways their questions are asked; nothing of what is typed is kept.

    `first` are entries to offer before others; a label of the index that is no entry is off the subject.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry],
        index: "Index",
        *,
        first: Collection[str] = (),
        judge: Judge = lambda text: (),
    ) -> None:
        self._entries = entries
        self._judge = judge
        self._labels = index.labels
        self._words, self._pairs, self._texts = index.words, index.pairs, index.texts
        self._off = np.array([label not in entries for label in self._labels])
        self._prior = np.array([_prior(entries.get(label), first) for label in self._labels])

    def suggest(self, text: str, *, limit: int = 5) -> tuple[Suggestion, ...]:
        """The questions that what was typed so far most likely becomes; none where it fits nothing."""
        words = self._read(text[:_LONGEST])
        if words is None or self._fits_nothing(words):
            return ()
        shares = self._shares(words)
        if shares[self._off].sum() > _OFF_SUBJECT_FROM:
            return ()
        return tuple(Suggestion(entry.id, entry.question) for entry in self._best(shares, limit))

    def _read(self, text: str) -> list[str] | None:
        """The typed words as starts of the base's words, whole ones with a space at their end; None for nonsense."""
        typed = tokens(text)
        ended = not text[-1:].isalnum()
        if sum(map(len, typed)) < _READABLE * sum(map(str.isalnum, text)):
            return None
        starts = [f"{word} " if ended or place < len(typed) - 1 else word for place, word in enumerate(typed)]
        known = [start for start in map(self._words.repaired, starts) if start]
        return known if 2 * len(known) >= len(starts) else None

    def _shares(self, words: Sequence[str]) -> Floats:
        """How likely each label is, 0..1, by its phrasings that hold such words and pairs of words."""
        told = self._prior.copy()
        for word in words:
            told += self._words.gain(word)
        for pair in _pairs(words):
            told += _PAIR * self._pairs.gain(pair)
        if words:
            told += _START * self._texts.gain("".join(words))
        weights: Floats = np.exp(_EVEN * (told - told.max()))
        shares: Floats = weights / weights.sum()
        return shares

    def _fits_nothing(self, words: Sequence[str]) -> bool:
        """Whether the matcher sees that nothing can come of the words so far, but for the one in the making."""
        whole = [word.rstrip() for word in words if word.endswith(" ") or self._words.ends(word)]
        best = next(iter(self._judge(" ".join(whole))), None) if len(whole) >= _JUDGED_FROM else None
        return best is not None and (best.label not in self._entries or best.score < _UNLIKELY)

    def _best(self, shares: Floats, limit: int) -> list[Entry]:
        """The likeliest entries, one for each thing they lead to."""
        leading: dict[str, Entry] = {}
        for place in np.argsort(-shares, kind="stable"):
            if entry := self._entries.get(self._labels[place]):
                leading.setdefault(_leads_to(entry), entry)
        return list(leading.values())[:limit]


class Index:
    """What suggestions are counted from: how often each label's phrasings hold each word, pair and beginning."""

    def __init__(self, labels: Sequence[str], words: "Starts", pairs: "Starts", texts: "Starts") -> None:
        self.labels = tuple(labels)
        self.words, self.pairs, self.texts = words, pairs, texts

    @classmethod
    def of(cls, phrasings: Mapping[str, Iterable[str]]) -> "Index":
        """Count all phrasings of each label."""
        read = [(place, tokens(text)) for place, label in enumerate(phrasings) for text in phrasings[label]]
        sizes = np.bincount([place for place, _ in read], minlength=len(phrasings))
        return cls(
            tuple(phrasings),
            Starts.of(((place, word) for place, words in read for word in set(words)), sizes),
            Starts.of(((place, pair) for place, words in read for pair in set(_pairs(words))), sizes),
            Starts.of(((place, " ".join(words)) for place, words in read), sizes),
        )

    def dump(self) -> bytes:
        """Everything `load` needs, as bytes without code in them."""
        counted = (self.words, self.pairs, self.texts)
        return dumped(
            labels=_packed(json.dumps(self.labels)),
            sizes=self.words.sizes,
            ends=np.cumsum([len(one.texts) for one in counted]),
            texts=_packed("\n".join(text for one in counted for text in one.texts)),
            owners=np.concatenate([one.owners for one in counted]).astype(np.int32),
            times=np.concatenate([one.times for one in counted]).astype(np.int32),
        )

    @classmethod
    def load(cls, kept: bytes) -> "Index":
        """The index that was dumped.

        Raises ValueError or KeyError when the bytes are not a whole one.
        """
        with opened(kept) as arrays:
            texts = _unpacked(arrays["texts"]).split("\n")
            owners, times, sizes = arrays["owners"], arrays["times"], arrays["sizes"]
            spans = [slice(start, end) for start, end in pairwise([0, *arrays["ends"].tolist()])]
            words, pairs, whole = (Starts(texts[span], owners[span], times[span], sizes) for span in spans)
            return cls(json.loads(_unpacked(arrays["labels"])), words, pairs, whole)


class Starts:
    """How often each label's phrasings hold something that starts so: all of it sorted, and a slice summed."""

    def __init__(self, texts: Sequence[str], owners: Ints, times: Ints, sizes: Ints) -> None:
        self.texts = texts
        self.owners = owners.astype(np.int64)
        self.times = times.astype(np.float64)
        self.sizes = sizes

    @classmethod
    def of(cls, found: Iterable[tuple[int, str]], sizes: Ints) -> "Starts":
        """Count what was found under each label; `sizes` are the labels' phrasings."""
        counted = sorted((f"{text} ", owner, times) for (owner, text), times in Counter(found).items())
        texts, owners, times = zip(*counted, strict=True) if counted else ((), (), ())
        return cls(texts, np.array(owners, np.int64), np.array(times, np.int64), sizes)

    @cached_property
    def _by_letter(self) -> Mapping[str, Sequence[str]]:
        """All of it by its first letter, the most used first: of words equally near that one is taken."""
        used: Counter[str] = Counter()
        for text, times in zip(self.texts, self.times.tolist(), strict=True):
            used[text] += times
        found: dict[str, list[str]] = {}
        for text, _ in used.most_common():
            found.setdefault(text[0], []).append(text)
        return found

    def gain(self, start: str) -> Floats:
        """What seeing such a start tells for each label; nothing where it is unknown."""
        span = self._span(start)
        times: Floats = np.bincount(self.owners[span], self.times[span], len(self.sizes)).astype(np.float64)
        usual = float(times.sum() / self.sizes.sum())
        if not usual:
            return times
        gain: Floats = np.log((times / usual + _SMOOTH) / (self.sizes + _SMOOTH))
        return gain

    def holds(self, start: str) -> bool:
        """Whether anything starts so."""
        span = self._span(start)
        return bool(span.start < span.stop)

    def ends(self, start: str) -> bool:
        """Whether a start is a whole word, and the beginning of no other."""
        span = self._span(start)
        return bool(span.start < span.stop) and {self.texts[span.start], self.texts[span.stop - 1]} == {f"{start} "}

    def repaired(self, start: str) -> str | None:
        """The start itself where it is known, else the known one that a slip makes it of, else None."""
        if self.holds(start):
            return start
        word = start.rstrip()
        if len(word) < _SHORTEST_REPAIRED or not word.isalpha():
            return None
        slips = 1 if len(word) < _LONG else 2
        heads = (text[:cut] for text in self._beside(word) for cut in (len(start), len(start) + 1, len(start) - 1))
        near = self._beside(word) if start.endswith(" ") else heads
        found = process.extractOne(start, list(dict.fromkeys(near)), scorer=OSA.distance, score_cutoff=slips)
        return found[0] if found else None

    def _beside(self, word: str) -> Iterator[str]:
        """What begins with the same letter, or with the first two changed places."""
        yield from self._by_letter.get(word[0], ())
        yield from (text for text in self._by_letter.get(word[1], ()) if text[1] == word[0])

    def _span(self, start: str) -> slice:
        return slice(bisect_left(self.texts, start), bisect_left(self.texts, f"{start}\uffff"))


def _packed(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> str:
    return packed.tobytes().decode()


def _pairs(words: Sequence[str]) -> list[str]:
    """Each word with the one before; the first with the sign of a beginning."""
    return [f"{before.rstrip()} {word}" for before, word in pairwise(["^", *words])]


def _prior(entry: Entry | None, first: Collection[str]) -> float:
    if entry is None:
        return 0.0
    return _ANSWERS_FIRST * (entry.kind is Kind.ANSWER) + _EXAMPLES_FIRST * (entry.id in first)


def _leads_to(entry: Entry) -> str:
    """The claim that an answer rests on first, or else the entry itself."""
    return entry.claims[0] if entry.kind is Kind.ANSWER and entry.claims else entry.id
