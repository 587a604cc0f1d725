"""The nouns of the product: frozen values that every other room shares, and nothing that acts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

Texts = Mapping[str, str]


class Kind(StrEnum):
    """What a reply is, or what an entry leads to."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    NOT_COVERED = "not_covered"
    PERSONAL = "personal"
    HANDOFF = "handoff"
    SMALLTALK = "smalltalk"
    EMERGENCY = "emergency"
    CRISIS = "crisis"
    URGENT = "urgent"
    UNKNOWN = "unknown"


OFF_SUBJECT = "unknown"
"""The label of messages that fit nothing: the only one that is not an entry's id."""

ENTRY_KINDS = (Kind.ANSWER, Kind.NOT_COVERED, Kind.PERSONAL, Kind.HANDOFF, Kind.SMALLTALK)
DANGER_KINDS = (Kind.EMERGENCY, Kind.CRISIS, Kind.URGENT)


class Level(StrEnum):
    """How fast a red flag needs help, most pressing first."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    URGENT_NOW = "urgent_now"
    URGENT_TODAY = "urgent_today"

    @property
    def kind(self) -> Kind:
        """The reply kind that answers this level."""
        return _KIND_OF_LEVEL[self]


_KIND_OF_LEVEL = {
    Level.EMERGENCY: Kind.EMERGENCY,
    Level.URGENT_NOW: Kind.EMERGENCY,
    Level.CRISIS: Kind.CRISIS,
    Level.URGENT_TODAY: Kind.URGENT,
}


# -- the knowledge ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Article:
    """The one article that everything is drawn from."""

    title: str
    author: str
    role: str
    clinic: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing the article says, in our words; `at` is paragraph.sentence."""

    id: str
    at: str
    says: str


@dataclass(frozen=True, slots=True)
class Review:
    """Who stands behind a text, and until when."""

    status: str
    by: str
    reviewed: date | None
    due: date


@dataclass(frozen=True, slots=True)
class Entry:
    """A question of the knowledge base with its answer."""

    id: str
    topic: str
    kind: Kind
    questions: tuple[str, ...]
    answer: str
    claims: tuple[str, ...]
    see_also: tuple[str, ...]
    review: Review
    facts: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """The canonical question, shown to visitors."""
        return self.questions[0]

    @property
    def subject(self) -> str:
        """What it is about, whether the article covers it or not: the heading it stands under."""
        return self.topic.removeprefix("not-covered-")


@dataclass(frozen=True, slots=True)
class Contact:
    """A number to call or to text, with the link that does it."""

    label: str
    number: str
    url: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country's emergency and crisis numbers; an empty `crisis` means none is verified."""

    code: str
    name: str
    emergency: tuple[Contact, ...]
    crisis: tuple[Contact, ...]
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach the clinic: phone, email, link or form; an empty label takes the language's own.

    For a link, `preset` names the booking page's maker and `page` is its address.
    """

    mode: str
    label: str
    url: str
    preset: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """A site that embeds the widget, and what it may change."""

    slug: str
    name: str
    origins: tuple[str, ...]
    country: str | None
    notice: str | None
    ways: tuple[Way, ...]
    accent: str | None = None


@dataclass(frozen=True, slots=True)
class Canned:
    """The reviewed texts that are not entries; the fields are the keys of language.yaml `canned`."""

    unknown: str
    clarify: str
    unavailable: str
    emergency_line: str
    draft_notice: str
    handoff: str


@dataclass(frozen=True, slots=True)
class Bands:
    """When a match is answered: with a score of `clarify`, and a lead of `answer` over what would be answered else.

    With less of a lead the visitor is asked back; with less of a score nothing was understood.
    """

    answer: float
    clarify: float


@dataclass(frozen=True, slots=True)
class FollowUps:
    """Short things people say after a reply, as plain lower-case words.

    `accept` takes up the offer and leads to the entry `accepts`; `more` asks on; `other` means not this one;
    `picks` name the first, second, third choice; `openers` begin a question that leans on the one before.
    """

    accept: tuple[str, ...]
    accepts: str
    more: tuple[str, ...]
    other: tuple[str, ...]
    picks: tuple[tuple[str, ...], ...]
    openers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """All a dialogue may say in one language."""

    claims: Mapping[str, Claim]
    entries: Mapping[str, Entry]
    canned: Canned
    ways: Texts
    examples: tuple[str, ...]
    follow_ups: FollowUps
    bands: Bands


# -- one turn --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """A label that an utterance may mean; `score` is in 0..1, higher is surer."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A sign of danger that the guard recognised, with the signs that fired."""

    group: str
    level: Level
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the guard makes of an utterance.

    `signs` are ids of signs seen, kept for the next turn; `safety_net` is one reviewed line that
    stands beside an ordinary reply.
    """

    red_flag: RedFlag | None = None
    signs: tuple[str, ...] = ()
    safety_net: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """All that is known of the conversation so far: ids only, never text.

    `choices` were offered; `others` are entries that may have been meant instead of `entry`.
    """

    entry: str | None = None
    kind: Kind | None = None
    choices: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry the visitor can pick with one press."""

    entry: str
    question: str
    kind: Kind
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Handoff:
    """The invitation to a consultation and the ways to it."""

    text: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything a visitor is shown for one utterance, and the context it leaves."""

    kind: Kind
    text: str
    entry: str | None = None
    question: str | None = None
    sources: tuple[Claim, ...] = ()
    choices: tuple[Choice, ...] = ()
    contacts: tuple[Contact, ...] = ()
    handoff: Handoff | None = None
    notice: str | None = None
    context: Context = field(default_factory=Context)
