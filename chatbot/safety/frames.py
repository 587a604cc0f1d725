"""Telling danger from talk of danger: hides negation, the past, lasting troubles, questions and figures of speech."""

from bisect import bisect_left
from dataclasses import dataclass, fields

from chatbot.safety.patterns import Patterns
from chatbot.safety.reading import PAUSE, STOP
from chatbot.safety.rules import Frame, Frames, Sign
from chatbot.safety.search import Message, Span

_NEGATION_REACH = 14
_INFORMATION_REACH = 30
NAMES = tuple(field.name for field in fields(Frames))


def name_of(frame: str) -> str:
    """The name under which a frame's patterns are kept."""
    return f"frame {frame}"


@dataclass(frozen=True, slots=True)
class Setting:
    """Which words of one message stand in which frame."""

    negated: frozenset[int]
    past: frozenset[int]
    lasting: frozenset[int]
    information: frozenset[int]
    eligibility: frozenset[int]
    figures: frozenset[int]

    def takes_away(self, sign: Sign, span: Span) -> bool:
        """Whether one of the sign's frames, or a figure of speech, covers the span."""
        start, end, _ = span
        if not self.figures.isdisjoint(range(start, end)):
            return True
        covers = {
            Frame.NEGATED: not self.negated.isdisjoint(range(start, end)),
            Frame.PAST: start in self.past,
            Frame.LASTING: start in self.lasting or end - 1 in self.lasting,
            Frame.INFORMATION: start in self.information,
            Frame.ELIGIBILITY: start in self.eligibility,
        }
        return any(covers[frame] for frame in sign.cancelled_by)


class Framer:
    """Reads the setting of a message from the frame patterns found in it."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns

    def setting(self, message: Message, signs: list[Span]) -> Setting:
        """Work out every frame; `signs` are the places of all signs found."""
        clauses = self._clauses(message)
        return Setting(
            negated=self._negated(message, signs),
            past=self._past(message, clauses),
            lasting=self._in_clause(message, clauses, "lasting"),
            information=self._information(message),
            eligibility=self._whole(message, "eligibility"),
            figures=self._covered(message, "figures"),
        )

    def _spans(self, message: Message, frame: str) -> list[Span]:
        return self._patterns.spans(message, name_of(frame))

    def _starts(self, message: Message, frame: str) -> frozenset[int]:
        return frozenset(start for start, _, _ in self._spans(message, frame))

    def _covered(self, message: Message, frame: str) -> frozenset[int]:
        return frozenset(at for start, end, _ in self._spans(message, frame) for at in range(start, end))

    def _clauses(self, message: Message) -> list[int]:
        breaks = self._starts(message, "clause_words")
        clause, clauses = 0, []
        broken = True
        for at, reading in enumerate(message.words):
            breaks_here = at in breaks or reading[0] in (STOP, PAUSE)
            clause += breaks_here and not broken
            broken = breaks_here
            clauses.append(clause)
        return clauses

    # -- negation ----------------------------------------------------------------------------------

    def _negated(self, message: Message, signs: list[Span]) -> frozenset[int]:
        own = {at for _, _, negs in signs for at in negs}
        free = sorted(message.negators - own - self._covered(message, "not_negating"))
        if not free:
            return frozenset()
        carries = self._covered(message, "negation_carries")
        speakers = self._starts(message, "speakers")
        symptoms = frozenset(at for start, end, _ in signs for at in range(start, end))
        return frozenset(at for negator in free for at in _reach(message, negator, carries, speakers, symptoms))

    # -- time --------------------------------------------------------------------------------------

    def _past(self, message: Message, clauses: list[int]) -> frozenset[int]:
        marked = {clauses[start] for start, _, _ in self._spans(message, "past")}
        if not marked:
            return frozenset()
        now = self._now(message, clauses)
        verbs = {clauses[at] for at in self._starts(message, "past_verbs")}
        verbs -= {clauses[at] for at in self._starts(message, "present_verbs")}
        beside = {near for clause in marked for near in (clause - 1, clause + 1)} & verbs
        over = (marked | beside) - now
        return frozenset(at for at, clause in enumerate(clauses) if clause in over)

    def _now(self, message: Message, clauses: list[int]) -> set[int]:
        """The clauses about now; "better now" and its like speak of the past."""
        return {clauses[at] for at in self._starts(message, "now") - self._covered(message, "past")}

    def _in_clause(self, message: Message, clauses: list[int], frame: str) -> frozenset[int]:
        marked = {clauses[start] for start, _, _ in self._spans(message, frame)}
        if not marked:
            return frozenset()
        marked -= self._now(message, clauses)
        return frozenset(at for at, clause in enumerate(clauses) if clause in marked)

    # -- questions ---------------------------------------------------------------------------------

    def _information(self, message: Message) -> frozenset[int]:
        openers = self._spans(message, "information")
        asked = [(start, self._statement_after(message, start, end)) for start, end, _ in openers]
        return frozenset(at for start, end in asked for at in range(start, end))

    def _whole(self, message: Message, frame: str) -> frozenset[int]:
        return frozenset(range(len(message.words))) if self._spans(message, frame) else frozenset()

    def _statement_after(self, message: Message, start: int, end: int) -> int:
        """Where a question ends: at the next full stop, or where the visitor begins to tell."""
        conditions = self._covered(message, "conditions")
        tells = sorted(
            at
            for at in self._starts(message, "statements")
            if at >= end and not conditions.intersection((at - 1, at - 2))
        )
        reach = min(len(message.words), start + _INFORMATION_REACH)
        stop = next((at for at in range(end, reach) if message.words[at][0] == STOP), reach)
        told = bisect_left(tells, end)
        return min(stop, tells[told]) if told < len(tells) else stop


def _reach(
    message: Message,
    negator: int,
    carries: frozenset[int],
    speakers: frozenset[int],
    symptoms: frozenset[int],
) -> list[int]:
    """The words a "no" or "not" takes with it: what it denies, and the list that goes on from there."""
    reached: list[int] = []
    if message.words[negator + 1 : negator + 2] == [(PAUSE,)]:
        return reached
    for at in range(negator + 1, min(len(message.words), negator + _NEGATION_REACH)):
        ends = message.words[at][0] == STOP or (at in speakers and at not in carries)
        if ends or not (at in symptoms or at in carries or message.fillers[at]):
            break
        reached.append(at)
    return reached
