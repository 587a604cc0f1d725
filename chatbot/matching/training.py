"""Fitting the vote: softmax regression over all phrasings, by stochastic gradient descent in numpy."""

from collections.abc import Callable, Sequence

import numpy as np

from .features import Ints, Reading
from .words import Floats

EPOCHS = 14
_RATE = 0.3
_DECAY = 0.75
_SMALL = 1e-3
_SHARPNESS = 3.0

Progress = Callable[[str], None]


def fit(
    readings: Sequence[Reading], labels: Ints, *, label_count: int, feature_count: int, progress: Progress
) -> tuple[Floats, Floats]:
    """Weights of features (feature_count x label_count) and of meaning (dimensions x label_count).

    Deterministic: the order of the phrasings is drawn from a fixed seed.
    """
    width = readings[0].meaning.shape[0]
    sparse = np.zeros((feature_count, label_count), np.float32)
    dense = np.zeros((width, label_count), np.float32)
    balance = _balance(labels, label_count)
    order = np.random.default_rng(7)
    for epoch in range(EPOCHS):
        rate = _RATE * _DECAY**epoch
        for row in order.permutation(len(readings)):
            _step(sparse, dense, readings[row], int(labels[row]), rate * balance[labels[row]])
        progress(f"fitting the vote: pass {epoch + 1} of {EPOCHS}")
    return sparse, dense


def _step(sparse: Floats, dense: Floats, reading: Reading, label: int, rate: float) -> None:
    error = chances(logits(sparse, dense, reading))
    error[label] -= 1.0
    moved = np.flatnonzero(np.abs(error) > _SMALL)
    change = (rate * error[moved]).astype(np.float32)
    sparse[np.ix_(reading.rows, moved)] -= np.multiply.outer(reading.weights, change)
    dense[:, moved] -= np.multiply.outer(reading.meaning, change)


def logits(sparse: Floats, dense: Floats, reading: Reading) -> Floats:
    """How strongly each label is voted for."""
    letters = reading.weights @ sparse[reading.rows].astype(np.float32, copy=False)
    votes: Floats = letters + reading.meaning @ dense.astype(np.float32, copy=False)
    return votes


def chances(votes: Floats) -> Floats:
    """Votes as shares that add up to 1."""
    powers = np.exp(_SHARPNESS * (votes - votes.max()))
    shares: Floats = powers / powers.sum()
    return shares


def _balance(labels: Ints, label_count: int) -> Floats:
    """More weight for labels with fewer phrasings, gently."""
    sizes = np.bincount(labels, minlength=label_count).astype(np.float32)
    weights: Floats = np.sqrt(sizes.mean() / np.maximum(sizes, 1)).clip(0.5, 2.0)
    return weights
