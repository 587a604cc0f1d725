"""What stands in a message, as things to be weighed: hides word pairs, stems and how much each counts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot.safety.reading import PAUSE, START, STOP
from chatbot.safety.rules import Rule
from chatbot.safety.search import Span
from chatbot.text import stem

_SHORTEST = 3  # a sentence of fewer words is none
_MOST_CUTS = 4
_LONGEST = 30  # words; a longer sentence is read in stretches too, ...
_STRETCH = 20  # ... of so many words, ...
_BESIDE = 6  # ... and so many on each side of a sign


@dataclass(frozen=True, slots=True)
class Piece:
    """What the rules found in a message, or in one piece of a long one: each name with its places."""

    words: Sequence[tuple[str, ...]]
    own: int
    standing: Sequence[tuple[str, Span]] = ()
    cancelled: Sequence[tuple[str, Span]] = ()
    other: Sequence[tuple[str, Span]] = ()

    @property
    def seen(self) -> set[str]:
        """The signs that stand in the piece's own part."""
        return {name for name, span in self.standing if span[0] >= self.own}

    @property
    def mentioned(self) -> set[str]:
        """Every sign that was said, taken away or not."""
        return {name for name, _ in (*self.standing, *self.cancelled)}


Fired = Callable[[Collection[str]], Collection[Rule]]
"""Which rules hold for a set of signs."""


def whole(piece: Piece, fired: Fired) -> dict[str, float]:
    """The evidence of all of it."""
    return _within(piece, _stems(piece), 0, len(piece.words), fired)


def parts(piece: Piece, fired: Fired) -> Iterator[dict[str, float]]:
    """The evidence of each sentence, and of all before and after one ends: a question there excuses nothing here.

    What was dictated without marks is read in stretches that overlap, and around each sign.
    """
    cuts, stems = _cuts(piece), _stems(piece)
    inner = cuts[1:-1]
    ends = inner[:: 1 + len(inner) // _MOST_CUTS]
    spans = {*pairwise(cuts), *((0, end) for end in ends), *((end, cuts[-1]) for end in ends)}
    for start, end in pairwise(cuts):
        if end - start > _LONGEST:
            spans |= {*_stretches(start, end), *_around(piece, start, end)}
    return (_within(piece, stems, start, end, fired) for start, end in sorted(spans - {(0, cuts[-1])}))


def _stretches(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Overlapping runs of words over a sentence that is too long to be one."""
    yield from ((at, min(at + _STRETCH, end)) for at in range(start, end - _STRETCH // 2, _STRETCH // 2))


def _around(piece: Piece, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The few words around each sign in such a sentence."""
    for _, (first, last, *_) in piece.standing:
        if start <= first < end:
            yield max(start, first - _BESIDE), min(end, last + _BESIDE)


def _cuts(piece: Piece) -> list[int]:
    """The beginning, the end of each sentence, and the end."""
    ends = [at + 1 for at, reading in enumerate(piece.words) if reading[0] == STOP]
    return [0, *(end for end in ends if _SHORTEST < end < len(piece.words) - _SHORTEST), len(piece.words)]


def _within(piece: Piece, stems: Sequence[str], start: int, end: int, fired: Fired) -> dict[str, float]:
    found = dict.fromkeys(_inside(piece.other, "N", start, end), 0.5)
    found |= dict.fromkeys(_inside(piece.cancelled, "C", start, end), 1.0)
    found |= dict.fromkeys(_inside(piece.standing, "S", start, end), 1.0)
    if rules := fired([name[1:] for name in _inside(piece.standing, "S", max(start, piece.own), end)]):
        found["R"] = 1.5
        found |= dict.fromkeys((f"R{rule.level}" for rule in rules), 0.5)
    return found | _of_words([one for one in stems[start:end] if one])


def _inside(named: Iterable[tuple[str, Span]], mark: str, start: int, end: int) -> Iterator[str]:
    return (mark + name for name, span in named if start <= span[0] < end)


def _stems(piece: Piece) -> list[str]:
    """The stem of each word, empty for a mark."""
    return ["" if reading[0] in (START, STOP, PAUSE) else _stem(reading[0]) for reading in piece.words]


def _of_words(stems: Sequence[str]) -> dict[str, float]:
    found = {f"{one} .. {two}": 0.5 for one, two in zip(stems, stems[2:], strict=False)}
    found |= {f"{one} {two}": 0.7 for one, two in pairwise(stems)}
    return found | dict.fromkeys(stems, 1.0)


def _stem(word: str) -> str:
    """A word's stem; of a number, how many figures it has."""
    return "#" * len(word.partition(".")[0]) if word[0].isdigit() else stem(word)
