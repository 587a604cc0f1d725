"""Random cosine features: hides how linear weights come to weigh likeness of meaning."""

import numpy as np

from .words import Floats

_SIZE = 768
_HEAVIEST, _LIGHTEST = 3.0, 1.5  # beside the letters' features, whose length is about 1.5 too
_LESS = 0.75  # the more phrasings a label has, by tens, the more its letters tell and the less meaning has to


class Cosines:
    """Spreads a meaning over cosines in random directions.

    The product of two spread meanings is close to exp(-|a - b|^2 / 2) times the squared weight, so that few phrasings
    tell more than they would by a straight product (Rahimi and Recht, "Random features for large-scale kernel
    machines", 2007).
    """

    def __init__(self, directions: Floats, weight: float) -> None:
        self.directions = directions
        self.weight = weight

    @classmethod
    def over(cls, width: int, *, phrasings_a_label: float) -> "Cosines":
        """The directions for meanings of so many dimensions, drawn from a fixed seed."""
        drawn = np.random.default_rng(11).normal(size=(width, _SIZE // 2 if width else 0))
        weight = np.clip(_HEAVIEST - _LESS * np.log10(phrasings_a_label), _LIGHTEST, _HEAVIEST)
        return cls(drawn.astype(np.float32), float(weight))

    def spread(self, meaning: Floats) -> Floats:
        """The features of one meaning; all zero for no meaning."""
        angles = meaning @ self.directions
        spread: Floats = np.concatenate([np.cos(angles), np.sin(angles)])
        spread *= self.weight / np.sqrt(max(len(angles), 1)) if meaning.any() else 0.0
        return spread
