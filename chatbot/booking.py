"""The rules of a consultation request: what it has to hold, how it may change, what it sets going."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from zoneinfo import available_timezones

LONGEST_NAME = 120
LONGEST_NOTE = 1_000
LONGEST_SUMMARY = 4_000
LONGEST_INTERPRETER = 60

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS = ("morning", "afternoon", "evening")

DAY = 24 * 3600.0
"""Seconds; a second request of the same contact within a day is linked to the first."""

# Standard Webhooks' recommended schedule, in seconds before each further try.
RETRIES = (0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)

CLOSED_KEPT = 90 * DAY
REQUESTS_KEPT = 365 * DAY
KEYS_KEPT = 30 * DAY

# Control characters of both sets, and what turns a line's direction around: terminals obey them, headers split.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_AREAS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


class State(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    SEEN = "seen"
    CONFIRMED = "confirmed"
    DONE = "done"
    CANCELLED = "cancelled"
    SPAM = "spam"
    EXPIRED = "expired"


CLOSED = (State.DONE, State.CANCELLED, State.SPAM, State.EXPIRED)
_MAY_BECOME: Mapping[State, tuple[State, ...]] = {
    State.REQUESTED: (State.SEEN, State.CONFIRMED, State.DONE, State.CANCELLED, State.SPAM, State.EXPIRED),
    State.SEEN: (State.CONFIRMED, State.DONE, State.CANCELLED, State.SPAM, State.EXPIRED),
    State.CONFIRMED: (State.DONE, State.CANCELLED, State.EXPIRED),
    State.SPAM: (State.REQUESTED,),
}


class Payload(StrEnum):
    """How much of a request a delivery carries."""

    THIN = "thin"
    CONTACT = "contact"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a new request is announced; `target` is an e-mail address or an https address."""

    channel: str
    target: str
    payload: Payload = Payload.THIN


@dataclass(frozen=True, slots=True)
class Desk:
    """Who at a clinic receives requests: destinations, or a named reader, and when an answer comes."""

    destinations: tuple[Destination, ...] = ()
    reader: str | None = None
    reply_within: str | None = None

    @property
    def attended(self) -> bool:
        """Whether somebody is sure to see a request."""
        return bool(self.destinations or (self.reader and self.reply_within))


@dataclass(frozen=True, slots=True)
class Time:
    """A preferred weekday and part of day."""

    day: str
    part: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What was agreed to: the text's version and its SHA-256, which proves later which words were shown."""

    version: str
    hash: str


def consent_to(text: str, *, version: str) -> Consent:
    """The consent to exactly this text."""
    return Consent(version, sha256(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Draft:
    """What a visitor filled in, unchecked."""

    name: str = ""
    email: str = ""
    phone: str = ""
    for_someone_else: bool = False
    may_ask: bool = False
    voicemail: bool = False
    times: tuple[Time, ...] = ()
    zone: str = ""
    interpreter: str = ""
    note: str = ""
    summary: str = ""
    consent: bool = False
    consent_version: str = ""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `problem` is a key of the language's strings."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request, contact details in their normal form."""

    name: str
    email: str
    phone: str
    for_someone_else: bool
    voicemail: bool
    times: tuple[Time, ...]
    zone: str
    interpreter: str
    note: str
    summary: str
    consent: Consent

    @property
    def contact(self) -> str:
        """One string per person, to link two requests of the same contact."""
        return f"{self.email.casefold()} {self.phone}"


class Refused(Exception):
    """The draft cannot be accepted; `errors` names every field."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        super().__init__(", ".join(error.field for error in errors))


class NotAllowed(Exception):
    """A request in this state cannot become that."""


def accept(draft: Draft, *, consent: Consent, region: str | None) -> Request:
    """Check a draft; `region` (two letters) reads phone numbers without a country code.

    Raises Refused with every field that has to be mended.
    """
    errors: list[FieldError] = []
    email, phone = _email(draft.email, errors), _phone(draft.phone, region, errors)
    if not draft.email.strip() and not draft.phone.strip():
        errors.append(FieldError("email", "booking.error.contact"))
    _check_lengths(draft, errors)
    _check_consent(draft, consent, errors)
    _check_times(draft, errors)
    if errors:
        raise Refused(tuple(errors))
    return Request(
        name=_line(draft.name),
        email=email,
        phone=phone,
        for_someone_else=draft.for_someone_else,
        voicemail=draft.voicemail,
        times=tuple(dict.fromkeys(draft.times)),
        zone=draft.zone,
        interpreter=_line(draft.interpreter),
        note=_lines(draft.note),
        summary=_lines(draft.summary),
        consent=consent,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()


def unprintable(text: str, *, lines: bool = False) -> bool:
    """Whether a text holds what no field may hold; with `lines`, line breaks and tabs are fine."""
    return bool((_CONTROL if lines else _NOT_IN_A_LINE).search(text))


def _email(given: str, errors: list[FieldError]) -> str:
    from email_validator import EmailNotValidError, validate_email  # slow to load, and a chat needs none of it

    if not given.strip():
        return ""
    try:
        found = validate_email(given.strip(), check_deliverability=False)
        return found.ascii_email or found.normalized  # every mail server takes the first
    except EmailNotValidError:
        errors.append(FieldError("email", "booking.error.email"))
        return ""


def _phone(given: str, region: str | None, errors: list[FieldError]) -> str:
    import phonenumbers

    if not given.strip():
        return ""
    try:
        parsed = phonenumbers.parse(given.strip(), region)
        if phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE:
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    errors.append(FieldError("phone", "booking.error.phone"))
    return ""


def _check_lengths(draft: Draft, errors: list[FieldError]) -> None:
    if not draft.name.strip():
        errors.append(FieldError("name", "booking.error.name"))
    limits = {
        "name": LONGEST_NAME,
        "note": LONGEST_NOTE,
        "summary": LONGEST_SUMMARY,
        "interpreter": LONGEST_INTERPRETER,
    }
    for field, limit in limits.items():
        if len(_lines(getattr(draft, field))) > limit:
            errors.append(FieldError(field, "booking.error.long"))
    for field in ("name", "email", "phone", "interpreter", "zone", "note", "summary"):
        if unprintable(getattr(draft, field), lines=field in ("note", "summary")):
            errors.append(FieldError(field, "booking.error.control"))


def _check_consent(draft: Draft, consent: Consent, errors: list[FieldError]) -> None:
    if not draft.consent:
        errors.append(FieldError("consent", "booking.error.consent"))
    elif draft.consent_version != consent.version:
        errors.append(FieldError("consent", "booking.error.consent_changed"))
    if draft.for_someone_else and not draft.may_ask:
        errors.append(FieldError("may_ask", "booking.error.may_ask"))


def _check_times(draft: Draft, errors: list[FieldError]) -> None:
    if any(time.day not in DAYS or time.part not in PARTS for time in draft.times):
        errors.append(FieldError("times", "booking.error.times"))
    if draft.zone and draft.zone not in _all_zones():
        errors.append(FieldError("zone", "booking.error.zone"))


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def zones() -> Mapping[str, tuple[str, ...]]:
    """The time zones to choose from, by part of the world."""
    named = sorted(zone for zone in _all_zones() if zone.startswith(_AREAS))
    return {area.rstrip("/"): tuple(zone for zone in named if zone.startswith(area)) for area in _AREAS}


def change(state: State, to: State) -> State:
    """Move a request on.

    Raises NotAllowed.
    """
    if to not in _MAY_BECOME.get(state, ()):
        raise NotAllowed(f"a request that is {state} cannot become {to}")
    return to


def opened(state: State) -> State:
    """What a request becomes when somebody at the clinic reads it."""
    return State.SEEN if state is State.REQUESTED else state


def cell(value: object) -> str:
    """A value for a table that no spreadsheet program reads as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def next_try(attempts: int) -> float | None:
    """Seconds to wait after so many failed tries; None when it is to be given up."""
    return RETRIES[attempts] if attempts < len(RETRIES) else None


def payload(request: Request, level: Payload, *, reference: str) -> dict[str, object]:
    """What a delivery says of a request: thin names nobody, contact says whom to call, full says all."""
    said: dict[str, object] = {"reference": reference}
    if level is Payload.THIN:
        return said
    said |= {
        "name": request.name,
        "email": request.email,
        "phone": request.phone,
        "voicemail": request.voicemail,
        "times": [f"{time.day} {time.part}" for time in request.times],
        "zone": request.zone,
        "interpreter": request.interpreter,
        "for_someone_else": request.for_someone_else,
    }
    if level is Payload.FULL:
        said |= {"note": request.note, "summary": request.summary}
    return said
