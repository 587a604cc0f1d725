"""The vote of the listed messages: hides how words and signs are weighed against each other, and how that is learnt.

Softmax regression over what stands in a message: words, word pairs, and the signs and frames that the rules found
there. It is fitted by plain stochastic gradient descent (Adagrad), in a fixed order, on messages that editors listed.
"""

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Evidence = Mapping[str, float]
"""What stands in a message, each thing with its weight."""
Floats = NDArray[np.float32]

FORMAT = 1
"""Raised whenever a dumped vote of before could not be loaded or would answer differently."""
HARMLESS = ""
ALWAYS = ""
"""Stands in every message, so that one without telling words is as harmless as most are."""
_LEAST = 2  # a thing has to stand in so many messages to count
PASSES = 12
_DROPPED = 0.3  # of what stands in a message is left out each time, so that no single word is relied on ...
_MORE = (1 - _DROPPED) ** -0.5  # ... and the rest counts for so much more
_RATE = 0.5
_SHRINK = 2e-6
_LENGTHS = (20.0, 45.0)  # below, a message counts as this long; above, more words are more evidence


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the vote says of a message: the share of danger in 0..1, and that of each of its labels, largest first."""

    danger: float
    shares: Mapping[str, float]


class Vote:
    """Knows how much each thing that can stand in a message speaks for each label."""

    def __init__(self, labels: Sequence[str], names: Sequence[str], weights: Floats) -> None:
        self._labels = tuple(labels)
        self._harmless = self._labels.index(HARMLESS)
        self._names = tuple(names)
        self._rows = {name: row for row, name in enumerate(names)}
        self._weights = weights

    @classmethod
    def fit(cls, told: Sequence[tuple[str, float, Evidence]], *, passes: int = PASSES) -> "Vote":
        """Learn from (label, importance, evidence) lines; the same lines give the same vote."""
        labels = sorted({HARMLESS, *(label for label, _, _ in told)})
        times = Counter(name for _, _, evidence in told for name in evidence)
        names = sorted(name for name, count in times.items() if count >= _LEAST)
        vote = cls(labels, names, np.zeros((len(names), len(labels)), np.float32))
        lines = [(labels.index(label), importance, vote._read(evidence)) for label, importance, evidence in told]
        vote._learn(lines, passes)
        return vote

    def opinion(self, evidence: Evidence) -> Opinion:
        """What the listed messages make of this evidence."""
        shares = self._shares(*self._read(evidence)).tolist()
        harmless = shares[self._harmless]
        ranked = sorted(zip(shares, self._labels, strict=True), key=lambda pair: (-pair[0], pair[1]))
        return Opinion(1.0 - harmless, {label: share for share, label in ranked if label != HARMLESS})

    def counted(self, evidence: Evidence, label: str) -> tuple[str, ...]:
        """What spoke most for the label, strongest first."""
        rows, weights = self._read(evidence)
        gains = weights * (self._weights[rows, self._labels.index(label)] - self._weights[rows, self._harmless])
        return tuple(self._names[rows[at]] for at in np.argsort(-gains, kind="stable")[:6] if gains[at] > 0)

    def _read(self, evidence: Evidence) -> tuple[NDArray[np.int32], Floats]:
        known = [(row, weight) for name, weight in evidence.items() if (row := self._rows.get(name)) is not None]
        rows = np.array([row for row, _ in known], np.int32)
        weights = np.array([weight for _, weight in known], np.float32)
        length = min(max(sum(weight * weight for weight in evidence.values()), _LENGTHS[0]), _LENGTHS[1])
        return rows, (weights * (2.0 / length**0.5)).astype(np.float32)

    def _shares(self, rows: NDArray[np.int32], weights: Floats) -> Floats:
        votes = weights @ self._weights[rows]
        powers = np.exp(votes - votes.max())
        shares: Floats = powers / powers.sum()
        return shares

    def _learn(self, told: Sequence[tuple[int, float, tuple[NDArray[np.int32], Floats]]], passes: int) -> None:
        slopes = np.full_like(self._weights, 0.02)
        order = np.random.default_rng(7)
        always = self._rows.get(ALWAYS, -1)
        for _ in range(passes):
            for at in order.permutation(len(told)):
                label, importance, (rows, weights) = told[at]
                stays = rows == always
                kept = (order.random(len(rows)) >= _DROPPED) | stays
                rows, weights = rows[kept], np.where(stays, weights, weights * _MORE)[kept]
                error = self._shares(rows, weights)
                error[label] -= 1.0
                here = self._weights[rows]
                slope = np.multiply.outer(weights, importance * error) + _SHRINK * here
                slopes[rows] += slope * slope
                self._weights[rows] = here - _RATE * slope / np.sqrt(slopes[rows])

    # -- keeping -----------------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Everything `load` needs, as bytes without code in them."""
        texts = json.dumps({"labels": self._labels, "names": self._names}).encode()
        file = io.BytesIO()
        np.savez(file, json=np.frombuffer(texts, np.uint8), weights=self._weights.astype(np.float16))
        return file.getvalue()

    @classmethod
    def load(cls, dumped: bytes) -> "Vote":
        """The vote that was dumped.

        Raises ValueError or KeyError when the bytes are not a whole one.
        """
        try:
            with np.load(io.BytesIO(dumped), allow_pickle=False) as arrays:
                texts: Any = json.loads(arrays["json"].tobytes())
                return cls(texts["labels"], texts["names"], arrays["weights"].astype(np.float32))
        except (OSError, BadZipFile) as error:
            raise ValueError("not a dumped vote") from error
