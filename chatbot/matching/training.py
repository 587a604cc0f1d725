"""The matcher's fit: softmax regression over all phrasings, by stochastic gradient descent in numpy."""

from collections.abc import Callable, Sequence

import numpy as np

from .features import Ints, Longs, Reading
from .words import Floats

_STEPS = 170_000  # about so many phrasings are looked at in all, the few of a small base more often
_FEWEST_PASSES, _MOST_PASSES = 6, 20
_STRIDE, _LAST_RATE = 1.3, 0.01  # the fewer the passes, the longer the first steps
_SMALL = 3e-3
_SHARPNESS = 3.0
_SETTLED = 0.05  # a phrasing this sure of its label is looked at in every third pass only
_REST = 3

Progress = Callable[[str], None]


def fit(
    readings: Sequence[Reading], labels: Ints, *, label_count: int, feature_count: int, progress: Progress
) -> tuple[Floats, Floats]:
    """Weights of features (feature_count x label_count) and of spread meanings (label_count x their size).

    Deterministic: the order of the phrasings is drawn from a fixed seed.
    """
    sparse = np.zeros((feature_count, label_count), np.float32)
    dense = np.zeros((label_count, len(readings[0].spread)), np.float32)
    balance = _balance(labels, label_count)
    unsure = np.ones(len(readings), np.float32)
    order = np.random.default_rng(7)
    passes = int(np.clip(_STEPS // len(readings), _FEWEST_PASSES, _MOST_PASSES))
    first = _STRIDE / passes**0.5
    for number in range(passes):
        rate = first * (_LAST_RATE / first) ** (number / (passes - 1))
        for row in _due(order.permutation(len(readings)), unsure, number):
            unsure[row] = _step(sparse, dense, readings[row], int(labels[row]), rate * balance[labels[row]])
        progress(f"fitting the matcher: pass {number + 1} of {passes}")
    return sparse, dense


def _due(rows: Longs, unsure: Floats, number: int) -> Longs:
    """The rows worth a look in this pass: the unsure ones, and a part of the others in turn."""
    due: Longs = rows[(unsure[rows] > _SETTLED) | (rows % _REST == number % _REST)]
    return due


def _step(sparse: Floats, dense: Floats, reading: Reading, label: int, rate: float) -> float:
    """Move the weights towards one phrasing's label; returns how unsure of it they were, in 0..1."""
    here = sparse[reading.rows]
    error = chances(reading.weights @ here + dense @ reading.spread)
    error[label] -= 1.0
    moved = (np.abs(error) > _SMALL).nonzero()[0]
    change = (rate * error[moved]).astype(np.float32)
    sparse[reading.rows[:, None], moved] = here[:, moved] - np.multiply.outer(reading.weights, change)
    dense[moved] -= np.multiply.outer(change, reading.spread)
    return -float(error[label])


def logits(sparse: Floats, dense: Floats, reading: Reading) -> Floats:
    """How strongly the weights speak for each label."""
    strengths: Floats = reading.weights @ sparse[reading.rows] + dense @ reading.spread
    return strengths


def chances(strengths: Floats) -> Floats:
    """Strengths as shares that add up to 1."""
    powers = np.exp(_SHARPNESS * (strengths - strengths.max()))
    shares: Floats = powers / powers.sum()
    return shares


def _balance(labels: Ints, label_count: int) -> Floats:
    """More weight for labels with fewer phrasings, gently."""
    sizes = np.bincount(labels, minlength=label_count).astype(np.float32)
    weights: Floats = np.sqrt(sizes.mean() / np.maximum(sizes, 1)).clip(0.5, 2.0)
    return weights
