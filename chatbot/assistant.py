"""The use cases, with their parts put together: chat, suggest, feedback."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from .dialogue import Dialogue, Visitor
from .knowledge import DEFAULT_PARTNER, KnowledgeBase, Language
from .matching import Matcher
from .model import DANGER_KINDS, Context, Kind, Partner, Reply
from .storage import Storage
from .typeahead import Suggestion, Typeahead

LONGEST_MESSAGE = 4_000
DEFAULT_LANGUAGE = "en"

Allow = Callable[[], float | None]
"""Asks the rate limit: None when the request may pass, else the seconds to wait."""


class TooLong(Exception):
    """A text without a red flag is longer than LONGEST_MESSAGE; `field` holds it."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


class TooMany(Exception):
    """The visitor's address has used up its rate; `wait` is in seconds."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__(f"wait {wait:.0f} s")


@dataclass(frozen=True, slots=True)
class Voice:
    """One language's working parts."""

    language: Language
    dialogue: Dialogue
    typeahead: Typeahead
    matcher: Matcher
    has_vote: bool = True


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from and in which language; unknown values mean the default."""

    partner: str | None = None
    language: str | None = None
    country: str | None = None


class Assistant:
    """What the web and the command line can ask for."""

    def __init__(
        self,
        base: KnowledgeBase,
        voices: Mapping[str, Voice],
        storage: Storage,
        *,
        report: Callable[[Exception], None],
        record: Callable[[str], object] = lambda question: None,
    ) -> None:
        self.base = base
        self.voices = voices
        self._storage = storage
        self._report = report
        self._record = record

    def chat(self, message: str, *, context: Context, origin: Origin, allow: Allow) -> Reply:
        """Answer a message; a danger reply is never limited nor refused.

        Raises TooLong or TooMany.
        """
        dialogue, visitor = self.voice(origin).dialogue, self.visitor(origin)
        reply = self._safely(lambda: dialogue.reply(message, context=context, visitor=visitor), dialogue, visitor)
        if reply.kind in DANGER_KINDS:
            return reply
        if len(message) > LONGEST_MESSAGE:
            raise TooLong("message")
        _limit(allow)
        if _is_unanswered(reply, context):
            self._record(message)
        return reply

    def choose(self, entry: str, *, context: Context, origin: Origin, allow: Allow) -> Reply:
        """Answer a picked choice.

        Raises TooMany.
        """
        _limit(allow)
        return self.voice(origin).dialogue.choose(entry, context=context, visitor=self.visitor(origin))

    def suggest(self, text: str, *, origin: Origin, allow: Allow) -> tuple[tuple[Suggestion, ...], Reply | None]:
        """Questions that what was typed may become, or the alert and nothing beside it if it shows danger.

        Raises TooLong or TooMany, unless there is an alert.
        """
        voice, visitor = self.voice(origin), self.visitor(origin)
        alert = self._alert(text, voice.dialogue, visitor)
        if alert is not None:
            return (), alert
        if len(text) > LONGEST_MESSAGE:
            raise TooLong("text")
        _limit(allow)
        return voice.typeahead.suggest(text), None

    def feedback(self, entry: str, *, helpful: bool, day: date, allow: Allow) -> bool:
        """Count a visitor's thumb; False when the base has no such entry.

        Raises TooMany or StorageDown.
        """
        _limit(allow)
        if entry not in self.voices[DEFAULT_LANGUAGE].language.content.entries:
            return False
        self._storage.feedback.count(entry, helpful=helpful, day=day)
        return True

    def alert(self, text: str, *, origin: Origin) -> Reply | None:
        """The danger reply for a text that is not a question, such as a note, or None."""
        return self._alert(text, self.voice(origin).dialogue, self.visitor(origin))

    def limit(self, allow: Allow) -> None:
        """Count a request that is not a chat.

        Raises TooMany.
        """
        _limit(allow)

    @property
    def knows_words(self) -> bool:
        """Whether the matcher has its table of word meanings."""
        return self.voices[DEFAULT_LANGUAGE].matcher.knows_words

    @property
    def has_vote(self) -> bool:
        """Whether the safety gate has its vote beside the rules."""
        return self.voices[DEFAULT_LANGUAGE].has_vote

    def voice(self, origin: Origin) -> Voice:
        """The parts of the language asked for, or of the default one."""
        return self.voices.get(origin.language or DEFAULT_LANGUAGE) or self.voices[DEFAULT_LANGUAGE]

    def partner(self, origin: Origin) -> Partner:
        """The partner asked for, or the default one."""
        return self.base.partners.get(origin.partner or DEFAULT_PARTNER) or self.base.partners[DEFAULT_PARTNER]

    def visitor(self, origin: Origin) -> Visitor:
        """What the partner's file and the visitor's choice of country come to."""
        partner = self.partner(origin)
        countries = self.base.countries
        country = countries.get((origin.country or "").upper()) or countries.get(partner.country or "")
        return Visitor(country=country, ways=partner.ways, notice=partner.notice)

    def _alert(self, text: str, dialogue: Dialogue, visitor: Visitor) -> Reply | None:
        reply = self._safely(lambda: dialogue.alert(text, visitor=visitor) or _NOTHING, dialogue, visitor)
        return reply if reply.kind in DANGER_KINDS else None

    def _safely(self, answer: Callable[[], Reply], dialogue: Dialogue, visitor: Visitor) -> Reply:
        """Answer, or on any fault of ours say so with the emergency numbers."""
        try:
            return answer()
        except Exception as fault:  # whatever breaks, the visitor is answered
            self._report(fault)
            return dialogue.unavailable(visitor=visitor)


_NOTHING = Reply(Kind.UNKNOWN, "")


def _is_unanswered(reply: Reply, before: Context) -> bool:
    """Whether nothing was found for a message without any sign of danger, now or in the turn before."""
    in_danger = before.kind in DANGER_KINDS or before.signs or reply.context.signs
    return reply.kind is reply.context.kind is Kind.UNKNOWN and not in_danger


def _limit(allow: Allow) -> None:
    if (wait := allow()) is not None:
        raise TooMany(wait)
