"""Looking for patterns in one message: hides fillers, distances and the order of words.

Every step looks a bounded distance ahead, so the work grows with the length of the message and no faster.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatbot.safety.reading import PAUSE, STOP

_NEAR = 9  # words that may lie between the pieces of an `&` pattern
_MAX_FILLERS = 6
_PAUSE_COSTS = 2  # words of a gap that a comma uses up

End = tuple[int, tuple[int, ...]]
Span = tuple[int, int, tuple[int, ...]]
"""Start, end, and the negating words that belong to the pattern itself."""


@dataclass(frozen=True, slots=True)
class InARow:
    """Words that follow each other."""

    owner: int
    first: int
    rest: tuple[tuple[int, int], ...]  # (words that may lie between, atom)
    strict: bool  # fillers are not skipped
    needs: frozenset[int]


@dataclass(frozen=True, slots=True)
class Nearby:
    """Pieces that stand close together in one sentence, in any order."""

    owner: int
    atoms: tuple[int, ...]
    needs: frozenset[int]


Pattern = InARow | Nearby


@dataclass(slots=True)
class Message:
    """The words of a message and where each pattern was found in it."""

    words: list[tuple[str, ...]]
    fillers: list[bool]
    sentences: list[int]
    negators: frozenset[int]
    found: dict[int, dict[int, tuple[End, ...]]] = field(default_factory=dict)
    work: int = 0


def sentences(readings: Sequence[tuple[str, ...]]) -> list[int]:
    """The number of the sentence that each word stands in."""
    number, numbers = 0, []
    for reading in readings:
        numbers.append(number)
        number += reading[0] == STOP
    return numbers


def add(message: Message, atom: int, spans: Iterable[Span]) -> None:
    """Note where a part was found."""
    starts = message.found.setdefault(atom, {})
    for start, end, negs in spans:
        ends = starts.get(start, ())
        if all(end != known for known, _ in ends):
            starts[start] = (*ends, (end, negs))


def add_word(message: Message, atoms: Iterable[int], at: int) -> None:
    """Note one word for every part that it stands for."""
    here = ((at + 1, (at,) if at in message.negators else ()),)
    found = message.found
    for atom in atoms:
        if atom in found:
            found[atom][at] = here
        else:
            found[atom] = {at: here}


def search(pattern: Pattern, message: Message) -> list[Span]:
    """Every place of a pattern whose parts have all been found."""
    return _in_a_row(pattern, message) if isinstance(pattern, InARow) else _nearby(pattern, message)


def _in_a_row(pattern: InARow, message: Message) -> list[Span]:
    spans = spans_of(message, pattern.first)
    for gap, atom in pattern.rest:
        further: dict[tuple[int, int], tuple[int, ...]] = {}
        for start, at, negs in spans:
            for end, more in _next(message, atom, at=at, gap=gap, strict=pattern.strict):
                further.setdefault((start, end), (*negs, *more))
        if not further:
            return []
        spans = [(start, end, negs) for (start, end), negs in further.items()]
    return spans


def spans_of(message: Message, atom: int) -> list[Span]:
    """Where a part was found."""
    return [(start, end, negs) for start, ends in message.found[atom].items() for end, negs in ends]


def _next(message: Message, atom: int, *, at: int, gap: int, strict: bool) -> tuple[End, ...]:
    """The first place at or after `at` where the atom begins, over fillers and at most `gap` words."""
    starts, fillers = message.found[atom], message.fillers
    last = min(len(fillers), at + gap + _MAX_FILLERS)
    leap = gap > 0
    while at < last:
        message.work += 1
        if at in starts:
            return starts[at]
        if strict or not fillers[at]:
            if gap <= 0 or message.words[at][0] == STOP:
                break
            gap -= 1
        elif leap and message.words[at][0] == PAUSE:
            gap -= _PAUSE_COSTS
        at += 1
    return ()


def _nearby(pattern: Nearby, message: Message) -> list[Span]:
    spans = spans_of(message, pattern.atoms[0])
    for part in pattern.atoms[1:]:
        spans = [joined for span in spans for joined in _beside(message, part, span)]
    return spans


def _beside(message: Message, atom: int, span: Span) -> list[Span]:
    start, end, negs = span
    starts, sentences = message.found[atom], message.sentences
    for at in _outward(start, end, len(sentences)):
        message.work += 1
        if at in starts and sentences[at] == sentences[start]:
            other, more = starts[at][-1]
            if other <= start or at >= end:
                return [(min(start, at), max(end, other), (*negs, *more))]
    return []


def _outward(start: int, end: int, size: int) -> Iterable[int]:
    yield from range(end, min(size, end + _NEAR))
    yield from range(start - 1, max(-1, start - _NEAR), -1)
