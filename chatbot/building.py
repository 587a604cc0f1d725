"""Putting the parts together from settings, and making what is missing: key, tables, compiled base."""

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from . import compiled, handoffs, mails
from .assistant import Assistant, Voice
from .booking import Consent, Desk, consent_to
from .compiled import Progress, one_at_a_time
from .config import Settings
from .delivery import Channel, Drain, Email, Mailbox, Webhook
from .dialogue import Dialogue
from .knowledge import KnowledgeBase, Language, load
from .matching import Matcher
from .reception import RECEIPT, Reception
from .recording import Recorder
from .redaction import plain_words
from .safety import Guard
from .storage import Delivery, Storage
from .typeahead import Typeahead

log = logging.getLogger("chatbot")

Report = Callable[[Exception], None]


class GuardFailed(Exception):
    """The safety gate does not recognise its own examples; the service must not start."""


def build_assistant(settings: Settings, storage: Storage, *, report: Report) -> Assistant:
    """Load the base, test the guard, check the ways to the clinic, and load or fit the matchers.

    Raises KnowledgeError, GuardFailed or ConfigError.
    """
    base = load(settings.knowledge_dir)
    handoffs.check(base, settings)
    partners = {slug: handoffs.working(partner, base, settings) for slug, partner in base.partners.items()}
    voices = {tag: build_voice(language, settings) for tag, language in base.languages.items()}
    served = replace(base, partners=partners)
    if not settings.record_unanswered:
        return Assistant(served, voices, storage, report=report)
    recorder = Recorder(storage, plain_words(_asked(base)), today=_today, report=report)
    return Assistant(served, voices, storage, report=report, record=recorder.record)


def _asked(base: KnowledgeBase) -> Iterator[tuple[str, ...]]:
    """All the ways to ask each entry, in each language."""
    for language in base.languages.values():
        yield from (texts for label, texts in language.phrasings.items() if label in language.content.entries)


def _today() -> date:
    return datetime.now(UTC).date()


def build_voice(language: Language, settings: Settings, *, progress: Progress = lambda line: None) -> Voice:
    """One language's guard, matcher and dialogue.

    Raises GuardFailed.
    """
    guard = build_guard(language, settings, progress=progress)
    if failures := guard.self_test():
        raise GuardFailed("\n".join(["The safety gate fails its own examples:", *failures]))
    served, matcher = _served(language, settings), build_matcher(language, settings, progress=progress)
    content = served.content
    index = compiled.index(served.phrasings, folder=settings.instance_dir)
    typeahead = Typeahead(content.entries, index, first=content.examples, judge=matcher.match)
    return Voice(served, Dialogue(content, guard, matcher), typeahead, matcher, has_vote=guard.has_vote)


def build_matcher(language: Language, settings: Settings, *, progress: Progress = lambda line: None) -> Matcher:
    """The matcher of what is served."""
    served = _served(language, settings)
    return compiled.matcher(served.phrasings, served.vocabulary, folder=settings.instance_dir, progress=progress)


def build_guard(language: Language, settings: Settings, *, progress: Progress = lambda line: None) -> Guard:
    """The gate with its vote; on any fault of the vote's, the rules alone."""
    try:
        return compiled.guard(language.safety, language.phrasings, folder=settings.instance_dir, progress=progress)
    except Exception as fault:  # a full disk or a broken file must not take the rules away too
        log.error("the safety gate has no vote, its rules go on alone: %r", fault)
        return Guard(language.safety)


def build_reception(settings: Settings, base: KnowledgeBase, storage: Storage) -> Reception:
    """What takes consultation requests."""
    return Reception(
        storage, base.desks, secret=secret_of(settings), consent=_consent(base), receipts=bool(settings.smtp_host)
    )


def build_drain(settings: Settings, base: KnowledgeBase, storage: Storage, *, report: Report) -> Drain:
    """What delivers consultation requests."""
    return Drain(storage, _channels(settings, base, storage), report=report, unanswered_days=settings.unanswered_days)


def _channels(settings: Settings, base: KnowledgeBase, storage: Storage) -> Mapping[str, Channel]:
    """The channels that are configured, by name."""
    say, found = base.languages["en"].strings, dict[str, Channel]()
    if settings.webhook_secret:
        found["webhook"] = Webhook(settings.webhook_secret, private_hosts=settings.webhook_private_hosts)
    if settings.smtp_host:
        mailbox, reception = _mailbox(settings, settings.smtp_host), build_reception(settings, base, storage)

        def receipt(delivery: Delivery) -> mails.Mail:
            stored = delivery.consultation
            link = f"{settings.public_url}/status#{reception.token(stored.reference)}"
            return mails.receipt(delivery, say, desk=base.desks.get(stored.partner, Desk()), status_link=link)

        found["email"] = Email(mailbox, lambda delivery: mails.notice(delivery, say))
        found[RECEIPT] = Email(mailbox, receipt)
    return found


def _mailbox(settings: Settings, host: str) -> Mailbox:
    return Mailbox(
        host=host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.smtp_sender or "",
        username=settings.smtp_username,
        password=settings.smtp_password,
    )


def open_storage(settings: Settings) -> Storage:
    """The database that the settings name; it is touched, and its missing tables made, at first use."""
    default = f"sqlite:///{(settings.instance_dir / 'chatbot.sqlite').resolve()}"
    return Storage(settings.database_url or default, lock=lambda: one_at_a_time(settings.instance_dir))


def secret_of(settings: Settings) -> str:
    """The service's key: the one that is set, or one made once in the instance folder."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.instance_dir / "secret_key"
    with one_at_a_time(settings.instance_dir):
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
        return path.read_text()


def _consent(base: KnowledgeBase) -> Consent:
    say = base.languages["en"].strings
    return consent_to(say["booking.consent"], version=say["booking.consent.version"])


def _served(language: Language, settings: Settings) -> Language:
    return language if settings.drafts_served else _reviewed(language)


def _reviewed(language: Language) -> Language:
    """The language without entries that await review."""
    entries = {id: entry for id, entry in language.content.entries.items() if entry.review.status == "reviewed"}
    phrasings = {
        label: texts
        for label, texts in language.phrasings.items()
        if label in entries or label not in language.content.entries
    }
    return replace(language, content=replace(language.content, entries=entries), phrasings=phrasings)
