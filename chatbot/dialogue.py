"""From one utterance to one reply: the only place where policy lives."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from .interpretation import Interpretation, Interpreter, Matcher
from .model import (
    OFF_SUBJECT,
    Assessment,
    Choice,
    Contact,
    Content,
    Context,
    Country,
    Entry,
    Handoff,
    Kind,
    Level,
    Match,
    RedFlag,
    Reply,
    Way,
)

MOST_CHOICES = 3
_MOVES_ON = (Kind.ANSWER, Kind.NOT_COVERED, Kind.PERSONAL, Kind.HANDOFF)
_ALIKE = (Kind.PERSONAL, Kind.HANDOFF)
"""Kinds whose replies come to the same: asking back between two of them would be a press for nothing."""


class Guard(Protocol):
    """What the dialogue needs of the safety gate."""

    def assess(self, text: str, *, earlier: Collection[str] = ()) -> Assessment: ...

    def card(self, red_flag: RedFlag, country: Country | None) -> tuple[str, tuple[Contact, ...]]: ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """What the partner's file and the visitor's own choice decide about a reply."""

    country: Country | None = None
    ways: tuple[Way, ...] = ()
    notice: str | None = None


class Dialogue:
    """Replies in one language; the same utterance in the same context gets the same reply."""

    def __init__(self, content: Content, guard: Guard, matcher: Matcher) -> None:
        self._content = content
        self._guard = guard
        self._interpreter = Interpreter(matcher, content.entries, content.follow_ups)

    def reply(self, utterance: str, *, context: Context, visitor: Visitor) -> Reply:
        """Answer an utterance; danger is looked for before anything else."""
        assessment = self._guard.assess(utterance, earlier=context.signs)
        if assessment.red_flag:
            return self._danger(assessment.red_flag, assessment, visitor)
        reply = self._ordinary(utterance, context, visitor)
        if context.kind is Kind.CRISIS and reply.kind not in _MOVES_ON:
            return self._still_in_crisis(context, visitor)
        return self._beside(reply, assessment)

    def choose(self, entry: str, *, context: Context, visitor: Visitor) -> Reply:
        """Answer a picked choice exactly; an id that is not in the base gets the unknown reply."""
        chosen = self._content.entries.get(entry)
        if chosen is None:
            return self._unknown(visitor)
        others = tuple(id for id in context.choices if id != entry)
        return self._entry_reply(chosen, visitor, others=others, offered=chosen.see_also)

    def alert(self, text: str, *, visitor: Visitor) -> Reply | None:
        """The danger reply for a text that is not a question, or None."""
        assessment = self._guard.assess(text)
        return self._danger(assessment.red_flag, assessment, visitor) if assessment.red_flag else None

    def unavailable(self, *, visitor: Visitor) -> Reply:
        """The reply when the parts behind the guard are broken."""
        canned = self._content.canned
        return Reply(Kind.UNKNOWN, canned.unavailable, notice=canned.emergency_line, handoff=self._handoff(visitor))

    # -- danger ---------------------------------------------------------------------------------------

    def _danger(self, red_flag: RedFlag, assessment: Assessment, visitor: Visitor) -> Reply:
        text, contacts = self._guard.card(red_flag, visitor.country)
        context = Context(kind=red_flag.level.kind, facets=(red_flag.group,), signs=assessment.signs)
        return Reply(red_flag.level.kind, text, contacts=contacts, notice=visitor.notice, context=context)

    def _still_in_crisis(self, context: Context, visitor: Visitor) -> Reply:
        group = context.facets[0] if context.facets else ""
        text, contacts = self._guard.card(RedFlag(group, Level.CRISIS, ()), visitor.country)
        return Reply(Kind.CRISIS, text, contacts=contacts, notice=visitor.notice, context=context)

    def _beside(self, reply: Reply, assessment: Assessment) -> Reply:
        """Add the safety net and the signs to an ordinary reply."""
        return replace(
            reply,
            notice=_lines(assessment.safety_net, reply.notice),
            context=replace(reply.context, signs=assessment.signs),
        )

    # -- ordinary -------------------------------------------------------------------------------------

    def _ordinary(self, utterance: str, context: Context, visitor: Visitor) -> Reply:
        meant = self._interpreter.interpret(utterance, context)
        if meant.chosen:
            return self.choose(meant.chosen, context=context, visitor=visitor)
        best, bands = (meant.matches[0] if meant.matches else None), self._content.bands
        if best is None or best.score < bands.clarify or best.label == OFF_SUBJECT:
            return self._unknown(visitor, offered=self._understood(meant))
        labels = tuple(match.label for match in meant.matches if match.label != OFF_SUBJECT)
        if self._lead(meant.matches) < bands.answer:
            return self._clarify(labels[:MOST_CHOICES], visitor)
        entry = self._content.entries[best.label]
        return self._entry_reply(entry, visitor, others=labels[1:2], offered=self._offered(entry, meant))

    def _offered(self, entry: Entry, meant: Interpretation) -> tuple[str, ...]:
        """What to offer below an entry: first what was asked too or is as likely, last what else was understood."""
        best, lead = meant.matches[0].score, self._content.bands.answer
        close = [match.label for match in meant.matches[1:] if best - match.score < lead]
        asked = [meant.second] if meant.second else close
        return tuple(
            dict.fromkeys([*asked[:1], *entry.see_also[: MOST_CHOICES - 1], *self._understood(meant), *entry.see_also])
        )

    def _understood(self, meant: Interpretation) -> tuple[str, ...]:
        """The likeliest other entry than the first match, if it is likely enough to be named."""
        enough = self._content.bands.clarify
        others = (match for match in meant.matches[1:] if match.label != OFF_SUBJECT)
        return tuple(match.label for match in others if match.score >= enough)[:1]

    def _lead(self, matches: tuple[Match, ...]) -> float:
        """How far the first match is ahead of the next one that says something else."""
        first, *others = matches
        said = self._says(first.label)
        return first.score - next((match.score for match in others if self._says(match.label) != said), 0.0)

    def _says(self, label: str) -> str:
        """What an entry comes to: the same where two begin with the same claim, both refuse or both lead to people."""
        entry = self._content.entries.get(label)
        if entry is None:
            return label
        return entry.claims[0] if entry.kind is Kind.ANSWER else str(entry.kind) if entry.kind in _ALIKE else label

    def _entry_reply(
        self, entry: Entry, visitor: Visitor, *, others: tuple[str, ...], offered: tuple[str, ...]
    ) -> Reply:
        choices = self._choices(offered)[:MOST_CHOICES]
        draft = self._content.canned.draft_notice if entry.review.status == "draft" else None
        return Reply(
            kind=entry.kind,
            text=entry.answer,
            entry=entry.id,
            question=entry.question,
            sources=tuple(self._content.claims[claim] for claim in entry.claims),
            choices=choices,
            handoff=self._handoff(visitor),
            notice=_lines(draft, visitor.notice),
            context=Context(entry.id, entry.kind, choices=tuple(choice.entry for choice in choices), others=others),
        )

    def _clarify(self, entries: Iterable[str], visitor: Visitor) -> Reply:
        choices = self._choices(entries)
        return Reply(
            kind=Kind.CLARIFY,
            text=self._content.canned.clarify,
            choices=choices,
            handoff=self._handoff(visitor),
            notice=visitor.notice,
            context=Context(kind=Kind.CLARIFY, choices=tuple(choice.entry for choice in choices)),
        )

    def _unknown(self, visitor: Visitor, *, offered: tuple[str, ...] = ()) -> Reply:
        choices = self._choices(dict.fromkeys([*offered, *self._content.examples]))[:MOST_CHOICES]
        return Reply(
            kind=Kind.UNKNOWN,
            text=self._content.canned.unknown,
            choices=choices,
            handoff=self._handoff(visitor),
            notice=_lines(self._content.canned.emergency_line, visitor.notice),
            context=Context(kind=Kind.UNKNOWN, choices=tuple(choice.entry for choice in choices)),
        )

    # -- parts ----------------------------------------------------------------------------------------

    def _choices(self, entries: Iterable[str]) -> tuple[Choice, ...]:
        found = (self._content.entries[id] for id in entries if id in self._content.entries)
        return tuple(Choice(entry.id, entry.question, entry.kind, entry.claims) for entry in found)

    def _handoff(self, visitor: Visitor) -> Handoff:
        named = (way if way.label else replace(way, label=self._content.ways[way.mode]) for way in visitor.ways)
        return Handoff(self._content.canned.handoff, tuple(named))


def _lines(*parts: str | None) -> str | None:
    return "\n".join(part for part in parts if part) or None
