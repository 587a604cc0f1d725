"""What an editor writes in knowledge/<language>/safety/*.yaml: hides nothing, names everything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chatbot.model import Contact, Level


class Frame(StrEnum):
    """A way of speaking that can take the danger out of a sign."""

    NEGATED = "negated"
    PAST = "past"
    LASTING = "lasting"
    INFORMATION = "information"
    ELIGIBILITY = "eligibility"


USUALLY = (Frame.NEGATED, Frame.PAST, Frame.LASTING, Frame.INFORMATION)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something a person says that points at danger.

    `says` are patterns (see knowledge/en/safety/README.md). `cancelled_by` are the frames that take
    it away; figures of speech always do. A sign with `carry` counts in the next turn too, one with
    `lasting` in every later one.
    """

    says: tuple[str, ...]
    cancelled_by: tuple[Frame, ...] = USUALLY
    carry: bool = False
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A red flag: which signs together mean which level, with the examples that prove it.

    Each item of `signs` is a sign, or several with `|` between them; `at_least` of the items have to
    be there, 0 means all. `unless` names signs that rule it out. `card` defaults to the group's.
    """

    id: str
    group: str
    level: Level
    signs: tuple[str, ...]
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]
    at_least: int = 0
    unless: tuple[str, ...] = ()
    card: str | None = None


@dataclass(frozen=True, slots=True)
class Examples:
    """Messages that one writer listed for a group of red flags, all at one level."""

    level: Level
    writer: int
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Harmless:
    """Messages that one writer listed as harmless, close as they sound."""

    writer: int
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frames:
    """The wordings that make and end each frame, and the words that hold sentences together."""

    fillers: tuple[str, ...]
    clause_words: tuple[str, ...]
    speakers: tuple[str, ...]
    negators: tuple[str, ...]
    not_negating: tuple[str, ...]
    negation_carries: tuple[str, ...]
    past: tuple[str, ...]
    past_verbs: tuple[str, ...]
    present_verbs: tuple[str, ...]
    lasting: tuple[str, ...]
    now: tuple[str, ...]
    information: tuple[str, ...]
    eligibility: tuple[str, ...]
    statements: tuple[str, ...]
    conditions: tuple[str, ...]
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A family of red flags; where several fire at one level, the group named first answers."""

    card: str


@dataclass(frozen=True, slots=True)
class Card:
    """A reviewed text with `{emergency}` and `{crisis}` for the numbers, and the facts it rests on."""

    text: str
    facts: tuple[str, ...]
    crisis_first: bool = False


@dataclass(frozen=True, slots=True)
class SafetyNet:
    """One line beside an ordinary reply, shown when one of `signs` was said but cancelled."""

    text: str
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownCountry:
    """What stands in for the numbers while no country is chosen."""

    emergency: str
    crisis: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """All of it: the union of every file of the folder."""

    words: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, Sign]
    rules: tuple[Rule, ...]
    frames: Frames
    misheard: Mapping[str, str]
    ordinary_words: tuple[str, ...]
    groups: Mapping[str, Group]
    cards: Mapping[str, Card]
    safety_nets: tuple[SafetyNet, ...]
    unknown_country: UnknownCountry
    must_pass: tuple[str, ...] = ()
    examples: Mapping[str, tuple[Examples, ...]] = field(default_factory=dict)
    harmless: tuple[Harmless, ...] = ()
