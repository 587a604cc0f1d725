"""How each knowledge file has to look: one class per file or per item, checked by pydantic."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("has a control character or a tab in it; remove it")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_printable)]
ENTRY_ID = r"[a-z0-9]+(-[a-z0-9]+)*"
COUNTRY_CODE = r"[A-Z]{2}"
EntryId = Annotated[str, StringConstraints(pattern=f"^{ENTRY_ID}$")]
CLAIM_ID = r"^[a-z_]+\.[a-z_]+$"
ClaimId = Annotated[str, StringConstraints(pattern=CLAIM_ID)]
CountryCode = Annotated[str, StringConstraints(pattern=f"^{COUNTRY_CODE}$")]
PLACE = r"^\d+\.\d+$"
FINGERPRINT = r"^[0-9a-f]{8}$"
CALL = r"^(tel|sms):[0-9+*#;=,?&a-z]+$"
ORIGIN = r"^https?://[a-z0-9.:-]+$"
COLOUR = r"^#[0-9a-f]{6}$"
IN_WORDS = {
    f"^{ENTRY_ID}$": "small letters and figures with hyphens, like best-time-to-treat",
    CLAIM_ID: "topic.claim in small letters, like timing.subacute; see claims.yaml",
    f"^{COUNTRY_CODE}$": "two capital letters, like US",
    PLACE: 'paragraph.sentence in quotes, like "4.2"',
    FINGERPRINT: "eight of the signs 0-9 and a-f, as `validate --article` prints them",
    CALL: "tel: or sms: and the number, like tel:911",
    ORIGIN: "http(s)://host without a path, like https://example.org",
    COLOUR: "# and six of the signs 0-9 and a-f, like #0b4f57",
}
"""What the patterns mean, for an editor who has to mend what does not fit."""
Share = Annotated[float, Field(ge=0, le=1)]


class Shape(BaseModel):
    """A mapping in which an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ArticleShape(Shape):
    title: Text
    author: Text
    role: Text
    clinic: Text
    link: HttpUrl | None = None
    runs: tuple[Annotated[str, StringConstraints(pattern=FINGERPRINT)], ...] = ()


class ClaimShape(Shape):
    at: Annotated[str, StringConstraints(pattern=PLACE)]
    says: Text


class ClaimsShape(Shape):
    claims: dict[ClaimId, ClaimShape]


class FactShape(Shape):
    text: Text
    source: Text
    reviewer: str
    date: date


class ContactShape(Shape):
    label: Text
    number: Text
    url: Annotated[str, StringConstraints(pattern=CALL)]


class CountryShape(Shape):
    name: Text
    emergency: Annotated[tuple[ContactShape, ...], Field(min_length=1)]
    crisis: tuple[ContactShape, ...] = ()
    source: Text
    verified_on: date


class DestinationShape(Shape):
    channel: Literal["email", "webhook"]
    target: Annotated[str, StringConstraints(pattern=r"^([^\s@?]+@[^\s@?]+|https?://\S+)$")]
    payload: Literal["thin", "contact", "full"] = "thin"

    @model_validator(mode="after")
    def _target_fits_channel(self) -> Self:
        if (self.channel == "email") == self.target.startswith("http"):
            raise ValueError("an email goes to an address with @, a webhook to an https address")
        return self


_WAY_URLS = {
    "phone": r"tel:\+?[0-9-]+",
    "email": r"mailto:[^\s?@]+@[^\s?@]+",
    "link": r"https://\S+",
    "form": r"/consultation",
}


class WayShape(Shape):
    mode: Literal["phone", "email", "link", "form"]
    url: Text
    label: str = ""
    preset: Literal["calcom", "calendly", "hubspot", "page"] | None = None
    deliver: tuple[DestinationShape, ...] = ()
    reader: Text | None = None
    reply_within: Text | None = None

    @model_validator(mode="after")
    def _fits_its_mode(self) -> Self:
        if not re.fullmatch(_WAY_URLS[self.mode], self.url):
            raise ValueError(
                f"the url of a way by {self.mode} does not look right: it has to fit {_WAY_URLS[self.mode]}"
            )
        if (self.mode == "link") != (self.preset is not None):
            raise ValueError("a link, and only a link, has a preset: calcom, calendly, hubspot or page")
        if self.mode != "form" and (self.deliver or self.reader or self.reply_within):
            raise ValueError("deliver, reader and reply_within belong to a way by form")
        return self


class PartnerShape(Shape):
    name: Text
    origins: tuple[Annotated[str, StringConstraints(pattern=ORIGIN)], ...] = ()
    country: CountryCode | None = None
    notice: Text | None = None
    accent: Annotated[str, StringConstraints(pattern=COLOUR)] | None = None
    ways: Annotated[tuple[WayShape, ...], Field(min_length=1)]


class ReviewShape(Shape):
    status: Literal["draft", "reviewed"]
    by: str
    reviewed: date | None
    due: date


class EntryShape(Shape):
    kind: Literal["answer", "not_covered", "personal", "handoff", "smalltalk"]
    questions: Annotated[tuple[Text, ...], Field(min_length=1)]
    answer: Text
    claims: Annotated[tuple[ClaimId, ...], Field(max_length=4)]
    facts: tuple[Text, ...] = ()
    see_also: tuple[EntryId, ...] = ()
    review: ReviewShape


class CannedShape(Shape):
    unknown: Text
    clarify: Text
    unavailable: Text
    emergency_line: Text
    draft_notice: Text
    handoff: Text


class FollowUpsShape(Shape):
    accept: tuple[Text, ...]
    accepts: EntryId
    more: tuple[Text, ...]
    other: tuple[Text, ...]
    picks: tuple[tuple[Text, ...], ...]
    openers: tuple[Text, ...]


class SectionShape(Shape):
    heading: str = ""
    when: Literal["always", "recording", "not_recording"] = "always"  # by CHATBOT_RECORD_UNANSWERED
    text: Text


class PageShape(Shape):
    title: Text
    sections: tuple[SectionShape, ...]


class LanguageShape(Shape):
    name: Text
    direction: Literal["ltr", "rtl"]
    canned: CannedShape
    ways: dict[Literal["phone", "email", "link", "form"], Text]
    examples: Annotated[tuple[EntryId, ...], Field(min_length=3, max_length=3)]
    follow_ups: FollowUpsShape
    pages: dict[Literal["privacy", "accessibility"], PageShape]


class BandsShape(Shape):
    answer: Share
    clarify: Share


class ThresholdsShape(Shape):
    bands: BandsShape
    fitted_on: Text
    curve: tuple[dict[str, Text], ...] = ()
