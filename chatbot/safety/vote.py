"""The vote of the listed messages: hides how words and signs are weighed against each other, and how that is learnt.

Softmax regression over what stands in a message: words, word pairs, and the signs and frames that the rules found
there. It is fitted by plain stochastic gradient descent (Adagrad), in a fixed order, on messages that editors listed.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.dumps import dumped, opened

Evidence = Mapping[str, float]
"""What stands in a message, each thing with its weight."""
Floats = NDArray[np.float32]

FORMAT = 3
"""Raised whenever a dumped vote of before could not be loaded or would answer differently."""
HARMLESS = ""
_LEAST = 2  # a thing has to stand in so many messages to count
_PASSES = 2
_ROUNDS = 4  # before each, further lines that are mistaken are added, those that still are a second time
_SOME = 4  # further lines are much alike: every fourth is learnt from the start, ...
_UNSURE = 0.1  # ... and of the others those that look as dangerous as this, ...
_MISTAKEN = 4.0  # ... which then count so many times
_SURE = 0.02  # a line whose label lacks less than this teaches nothing
_DROPPED = 0.5  # of what stands in a message is left out each time, so that no single word is relied on ...
_MORE = np.float32((1 - _DROPPED) ** -0.5)  # ... and the rest counts for so much more
_RATE = 0.15
_SHRINK = 2e-6
_CALM = 6.0  # what every message has for being harmless: danger has to be said
_LENGTHS = (8.0, 80.0)  # below, a message counts as this long; above, more words are more evidence


Line = tuple[str, float, Evidence]
"""A message to learn from: its label, how much it counts, and what stands in it."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the vote says of a message: the share of danger in 0..1, and that of each of its labels."""

    danger: float
    shares: Mapping[str, float]

    @property
    def likeliest(self) -> list[str]:
        """The labels of danger, that with the largest share first."""
        return sorted(self.shares, key=lambda label: (-self.shares[label], label))


@dataclass(frozen=True, slots=True)
class _Line:
    """A message to learn from, in numbers."""

    label: int
    importance: float
    rows: NDArray[np.int32]
    weights: Floats


class Vote:
    """Knows how much each thing that can stand in a message speaks for each label."""

    def __init__(self, labels: Sequence[str], names: Sequence[str], weights: Floats) -> None:
        self._labels = tuple(labels)
        self._harmless = self._labels.index(HARMLESS)
        self._names = tuple(names)
        self._rows = {name: row for row, name in enumerate(names)}
        self._weights = weights
        self._calm = np.where(np.arange(len(self._labels)) == self._harmless, np.float32(_CALM), np.float32(0))

    @classmethod
    def fit(cls, told: Sequence[Line], further: Sequence[Line] = ()) -> "Vote":
        """Learn from (label, importance, evidence) lines, and of the further harmless ones from those that need it.

        The same lines give the same vote.
        """
        first = [*told, *further[::_SOME]]
        labels = sorted({HARMLESS, *(label for label, _, _ in first)})
        times = Counter(name for _, _, evidence in first for name in evidence)
        names = sorted(name for name, count in times.items() if count >= _LEAST)
        vote = cls(labels, names, np.zeros((len(names), len(labels)), np.float32))
        learner = _Learner(vote._weights, vote._calm)
        more = [vote._line(line) for line in further]
        lines = [*(vote._line(line) for line in told), *more[::_SOME]]
        others = [replace(one, importance=one.importance * _MISTAKEN) for one in more]
        learner.learn(lines, _PASSES)
        for _ in range(_ROUNDS):
            lines += [one for one in others if vote._shares(one.rows, one.weights)[one.label] < 1 - _UNSURE]
            learner.learn(lines, _PASSES)
        return vote

    def opinion(self, evidence: Evidence) -> Opinion:
        """What the listed messages make of this evidence."""
        shares = dict(zip(self._labels, self._shares(*self._read(evidence)).tolist(), strict=True))
        return Opinion(1.0 - shares.pop(HARMLESS), shares)

    def counted(self, evidence: Evidence, label: str) -> tuple[str, ...]:
        """What spoke most for the label, strongest first."""
        rows, weights = self._read(evidence)
        gains = weights * (self._weights[rows, self._labels.index(label)] - self._weights[rows, self._harmless])
        return tuple(self._names[rows[at]] for at in np.argsort(-gains, kind="stable")[:6] if gains[at] > 0)

    def _read(self, evidence: Evidence) -> tuple[NDArray[np.int32], Floats]:
        known = {row: weight for name, weight in evidence.items() if (row := self._rows.get(name)) is not None}
        rows = np.array(list(known), np.int32)
        weights = np.array(list(known.values()), np.float32)
        length = min(max(sum([weight * weight for weight in evidence.values()]), _LENGTHS[0]), _LENGTHS[1])
        return rows, (weights * (2.0 / length**0.5)).astype(np.float32)

    def _line(self, line: Line) -> _Line:
        label, importance, evidence = line
        return _Line(self._labels.index(label), importance, *self._read(evidence))

    def _shares(self, rows: NDArray[np.int32], weights: Floats) -> Floats:
        return _shared(weights @ self._weights[rows] + self._calm)

    # -- keeping -----------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Everything `load` needs, as bytes without code in them."""
        texts = json.dumps({"labels": self._labels, "names": self._names}).encode()
        return dumped(json=np.frombuffer(texts, np.uint8), weights=self._weights.astype(np.float16))

    @classmethod
    def load(cls, kept: bytes) -> "Vote":
        """The vote that was dumped.

        Raises ValueError or KeyError when the bytes are not a whole one.
        """
        with opened(kept) as arrays:
            texts: Any = json.loads(arrays["json"].tobytes())
            return cls(texts["labels"], texts["names"], arrays["weights"].astype(np.float32))


class _Learner:
    """Changes weights in place, each the slower the more it was changed (Adagrad)."""

    def __init__(self, weights: Floats, calm: Floats) -> None:
        self._weights = weights
        self._calm = calm
        self._slopes = np.full_like(weights, 0.02)
        self._order = np.random.default_rng(7)

    def learn(self, lines: Sequence[_Line], passes: int) -> None:
        """Go through the lines in a new order each time."""
        for _ in range(passes):
            for at in self._order.permutation(len(lines)):
                self._see(lines[at])

    def _see(self, line: _Line) -> None:
        kept = self._order.random(len(line.rows), np.float32) >= _DROPPED
        rows, weights = line.rows[kept], (line.weights[kept] * _MORE).astype(np.float32)
        here = self._weights[rows]
        error = _shared(weights @ here + self._calm)
        error[line.label] -= 1.0
        if error[line.label] > -_SURE:
            return
        slope = np.multiply.outer(weights, line.importance * error) + _SHRINK * here
        slopes = self._slopes[rows] + slope * slope
        self._slopes[rows] = slopes
        self._weights[rows] = here - _RATE * slope / np.sqrt(slopes)


def _shared(votes: Floats) -> Floats:
    powers = np.exp(votes - votes.max())
    shares: Floats = powers / powers.sum()
    return shares
