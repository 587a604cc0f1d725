"""The table of common English words and word pairs with a vector each: hides the file and its packing."""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_FILE = Path(__file__).parent / "words.npz"


class WordTable:
    """Words, most common first, then word pairs, each with a vector whose length says how much it tells.

    `digest` names the file that the table came from.
    """

    def __init__(self, words: Iterable[str], vectors: Floats, *, digest: str = "") -> None:
        self.index = {word: row for row, word in enumerate(words)}
        self._vectors = vectors
        self.digest = digest

    @property
    def width(self) -> int:
        """The number of dimensions; 0 for an empty table."""
        return int(self._vectors.shape[1])

    def vector(self, words: Sequence[str]) -> Floats:
        """The unit vector of a run of words and the pairs in it; zero when none is known."""
        named = (*words, *(f"{one} {two}" for one, two in pairwise(words)))
        rows = [row for name in named if (row := self.index.get(name)) is not None]
        total = self._vectors[rows].sum(axis=0, dtype=np.float32) if rows else np.zeros(self.width, np.float32)
        length = float(np.sqrt(total @ total))
        return total / length if length else total

    def without_meanings(self) -> "WordTable":
        """The words alone."""
        return WordTable(self.index, np.zeros((len(self.index), 0), np.float32))


EMPTY = WordTable((), np.zeros((0, 0), np.float32))


@cache
def shipped() -> WordTable:
    """The table that ships with the package; an empty one when its file is not there."""
    if not _FILE.exists():
        return EMPTY
    with np.load(_FILE) as packed:
        words = packed["words"].tobytes().decode().split("\n")
        vectors = packed["vectors"].astype(np.float32) * packed["scale"].astype(np.float32)
    return WordTable(words, vectors, digest=sha256(_FILE.read_bytes()).hexdigest()[:16])
