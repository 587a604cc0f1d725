"""The shapes of the HTTP contract: what comes in, what goes out, and so the OpenAPI document."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from ..booking import State, unprintable
from ..model import Choice, Claim, Contact, Handoff, Kind, Reply, Way
from ..typeahead import Suggestion


def _not_blank(text: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise ValueError("is empty; write a question")
    return text


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


Name = Annotated[str, StringConstraints(max_length=200)]
Hint = Annotated[str | None, BeforeValidator(_text_or_none)]
"""A field that only helps: of a wrong type it counts as left out, so that it never costs a visitor the reply."""


class Incoming(BaseModel):
    """A request body; fields that the contract does not know are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ChatRequest(Incoming):
    """One turn: a typed message or a picked choice, exactly one of them."""

    message: Annotated[str, AfterValidator(_not_blank)] | None = Field(None, description="What the visitor typed.")
    choice: Name | None = Field(None, description="An entry id from a reply's choices.")
    conversation: Hint = Field(None, description="The opaque token of the reply before.")
    partner: Hint = Field(None, description="The partner's slug; unknown means the default.")
    language: Hint = Field("en", description="A language tag; unknown means the default.")
    country: Hint = Field(None, description="Two letters, for the emergency numbers.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.message is None) == (self.choice is None):
            raise ValueError("send either message or choice, exactly one of them")
        return self


class SuggestRequest(Incoming):
    """What stands in the input field so far."""

    text: str = Field(description="Up to 4,000 characters; of a longer one only danger is told.")
    language: Hint = "en"
    partner: Hint = None
    country: Hint = None


class FeedbackRequest(Incoming):
    """A thumb up or down for one answer."""

    entry: Name
    helpful: Annotated[bool, Field(strict=True)]
    conversation: Hint = None


class Outgoing(BaseModel):
    """A reply body; every field is always there."""

    model_config = ConfigDict(frozen=True)


class SourceOut(Outgoing):
    claim: str
    at: str
    says: str

    @classmethod
    def of(cls, claim: Claim) -> Self:
        return cls(claim=claim.id, at=claim.at, says=claim.says)


class ChoiceOut(Outgoing):
    entry: str
    question: str
    kind: Kind
    claims: tuple[str, ...]

    @classmethod
    def of(cls, choice: Choice) -> Self:
        return cls(entry=choice.entry, question=choice.question, kind=choice.kind, claims=choice.claims)


class ContactOut(Outgoing):
    label: str
    number: str
    url: str

    @classmethod
    def of(cls, contact: Contact) -> Self:
        return cls(label=contact.label, number=contact.number, url=contact.url)


class WayOut(Outgoing):
    mode: Literal["phone", "email", "link", "form"]
    label: str
    url: str

    @classmethod
    def of(cls, way: Way) -> Self:
        return cls.model_validate({"mode": way.mode, "label": way.label, "url": way.url})


class HandoffOut(Outgoing):
    text: str
    ways: tuple[WayOut, ...]

    @classmethod
    def of(cls, handoff: Handoff) -> Self:
        return cls(text=handoff.text, ways=tuple(map(WayOut.of, handoff.ways)))


class ReplyOut(Outgoing):
    """A reply, field by field as the contract has it."""

    kind: Kind
    entry: str | None
    question: str | None
    text: str
    sources: tuple[SourceOut, ...]
    choices: tuple[ChoiceOut, ...]
    contacts: tuple[ContactOut, ...]
    handoff: HandoffOut | None
    notice: str | None
    conversation: str
    language: str
    knowledge: str

    @classmethod
    def of(cls, reply: Reply, *, conversation: str, language: str, knowledge: str) -> Self:
        """Copy exactly the fields of the contract."""
        return cls(
            kind=reply.kind,
            entry=reply.entry,
            question=reply.question,
            text=reply.text,
            sources=tuple(map(SourceOut.of, reply.sources)),
            choices=tuple(map(ChoiceOut.of, reply.choices)),
            contacts=tuple(map(ContactOut.of, reply.contacts)),
            handoff=HandoffOut.of(reply.handoff) if reply.handoff else None,
            notice=reply.notice,
            conversation=conversation,
            language=language,
            knowledge=knowledge,
        )


class SuggestionOut(Outgoing):
    entry: str
    question: str

    @classmethod
    def of(cls, suggestion: Suggestion) -> Self:
        return cls(entry=suggestion.entry, question=suggestion.question)


class SuggestOut(Outgoing):
    suggestions: tuple[SuggestionOut, ...]
    alert: ReplyOut | None


class FeedbackOut(Outgoing):
    counted: bool


class ArticleOut(Outgoing):
    title: str
    author: str
    role: str
    link: str | None


class AboutOut(Outgoing):
    article: ArticleOut
    clinic: str
    automated: Literal[True] = True
    says: str
    languages: tuple[str, ...]
    knowledge: str


class FieldProblem(Outgoing):
    field: str
    message: str


class ProblemOut(Outgoing):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    alert: ReplyOut | None = Field(None, description="An emergency card, when what was refused shows danger.")
    ways: tuple[WayOut, ...] = Field((), description="Other ways to reach the clinic, when this one is shut.")


class Strict(Incoming):
    """A request body in which an unknown field is a mistake, and which holds no control characters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_line(text: str) -> str:
    if unprintable(text):
        raise ValueError("has a line break or a control character in it; remove it")
    return text


def _some_lines(text: str) -> str:
    if unprintable(text, lines=True):
        raise ValueError("has a control character in it; remove it")
    return text


Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
Lines = Annotated[str, StringConstraints(max_length=5_000), AfterValidator(_some_lines)]


class TimeIn(Strict):
    day: Line
    part: Line


class ConsultationRequest(Strict):
    """A request for a free consultation; a name, a way to answer, and consent are all it needs."""

    name: Line = Field(description="A name to use, up to 120 characters.")
    email: Line = Field("", description="An e-mail address; this or a phone number.")
    phone: Line = Field("", description="A phone number, best with its country code; this or an e-mail address.")
    for_someone_else: Annotated[bool, Field(strict=True)] = Field(False, description="Asked for someone cared for.")
    may_ask: Annotated[bool, Field(strict=True)] = Field(False, description="Asking for them is allowed; needed then.")
    voicemail: Annotated[bool, Field(strict=True)] = Field(False, description="A voicemail may be left.")
    times: tuple[TimeIn, ...] = Field((), max_length=21, description="Preferred weekdays and parts of day.")
    zone: Line = Field("", description="The IANA time zone of these times.")
    interpreter: Line = Field("", description="A language or interpreter wished for.")
    note: Lines = Field("", description="A note, up to 1,000 characters.")
    summary: Lines = Field("", description="The questions asked, as the visitor saw and agreed to send them.")
    consent: Annotated[bool, Field(strict=True)] = Field(description="The consent text was agreed to.")
    consent_version: Line = Field(description="The version of the text, from GET /api/v1/consultations/form.")
    partner: Line = Field("", description="The partner's slug; unknown means the default.")
    language: Line = "en"
    country: Line = Field("", description="Two letters; also reads phone numbers without a country code.")


class ConsultationOut(Outgoing):
    """A stored request; `alert` shows an emergency card when the note shows danger."""

    reference: str
    state: State
    says: str
    status_url: str
    reply_within: str | None
    alert: ReplyOut | None = None


class TokenRequest(Strict):
    """The token from the end of a status link."""

    token: Line


class StatusOut(Outgoing):
    """Where a request stands."""

    reference: str
    state: State
    says: str
    reply_within: str | None
    can_cancel: bool


class TimeChoiceOut(Outgoing):
    day: str
    part: str
    label: str


class FieldOut(Outgoing):
    """One field of the form. `send_summary` is the tick without which `summary` is not to be sent."""

    name: str
    type: str = "text"
    label: str
    help: str = ""
    autocomplete: str = "off"
    more: bool = False
    choices: tuple[TimeChoiceOut, ...] = ()


class FitsOut(Outgoing):
    """A request that could be accepted; `alert` shows an emergency card when its note shows danger."""

    fits: Literal[True] = True
    alert: ReplyOut | None = None


class ConsultationFormOut(Outgoing):
    """What a program needs to show the form."""

    open: bool
    consent: str
    consent_version: str
    days: tuple[str, ...]
    parts: tuple[str, ...]
    fields: tuple[FieldOut, ...] = ()
    words: dict[str, str] = {}
