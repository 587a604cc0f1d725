"""Which ways to the clinic work: checked at the start, not at the first patient."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .booking import Desk
from .config import ConfigError, Settings
from .knowledge import KnowledgeBase
from .model import Partner, Way

_PRESET_HOSTS = {
    "calcom": ("cal.com", "app.cal.com", "cal.eu"),
    "calendly": ("calendly.com",),
    "hubspot": tuple(f"meetings{where}.hubspot.com" for where in ("", "-eu1", "-na2", "-na3", "-ap1")),
}
_REFERENCE_FIELD = {"calcom": "metadata[ref]", "calendly": "utm_content", "hubspot": "utm_content"}


def check(base: KnowledgeBase, settings: Settings) -> None:
    """Raise ConfigError naming every partner whose ways cannot work as they are set up."""
    reasons = [reason for slug in base.partners for reason in _reasons(slug, base, settings)]
    if reasons:
        raise ConfigError("\n".join(reasons))


def _reasons(slug: str, base: KnowledgeBase, settings: Settings) -> list[str]:
    file, reasons = f"partners/{slug}.yaml", []
    channels = {destination.channel for destination in base.desks.get(slug, Desk()).destinations}
    if "email" in channels and not settings.smtp_host:
        reasons.append(f"{file}: the form delivers by e-mail, so CHATBOT_SMTP_HOST must be set")
    if "webhook" in channels and not settings.webhook_secret:
        reasons.append(f"{file}: the form delivers to a webhook, so CHATBOT_WEBHOOK_SECRET must be set")
    for destination in base.desks.get(slug, Desk()).destinations:
        host = urlsplit(destination.target).hostname
        if destination.target.startswith("http:") and host not in settings.webhook_private_hosts:
            reasons.append(f"{file}: a webhook needs https, or its host in CHATBOT_WEBHOOK_PRIVATE_HOSTS")
    for way in base.partners[slug].ways:
        # the whole place is compared, so that neither a name before an @ nor a backslash leads elsewhere
        if way.mode == "link" and urlsplit(way.url).netloc.lower() not in _allowed_hosts(way, settings):
            reasons.append(f"{file}: {urlsplit(way.url).netloc} is no {way.preset} host; see CHATBOT_BOOKING_HOSTS")
    desk = base.desks.get(slug, Desk())
    if bool(desk.reader) and not desk.reply_within:
        reasons.append(f"{file}: a form with a reader says with reply_within when an answer comes")
    if [way.mode for way in base.partners[slug].ways].count("form") > 1:
        reasons.append(f"{file}: there is one form; give its several destinations in one deliver list")
    return reasons


def _allowed_hosts(way: Way, settings: Settings) -> tuple[str, ...]:
    return _PRESET_HOSTS.get(way.preset or "", settings.booking_hosts)


def working(partner: Partner, base: KnowledgeBase, settings: Settings) -> Partner:
    """The partner with the ways that work here; a link goes through this service, which adds the reference."""
    ways: list[Way] = []
    for way in partner.ways:
        if way.mode == "form" and not form_works(partner.slug, base, settings):
            continue
        through_us = f"/go/{partner.slug}/{len(ways)}"
        ways.append(replace(way, url=through_us, page=way.url) if way.mode == "link" else way)
    return replace(partner, ways=tuple(ways))


def form_works(slug: str, base: KnowledgeBase, settings: Settings) -> bool:
    """Whether the request form may be shown: in production somebody has to be sure to see a request."""
    desk = base.desks.get(slug)
    return desk is not None and (settings.environment == "development" or desk.attended)


def booking_page(way: Way, *, reference: str) -> str:
    """The address of a booking page with one opaque reference and nothing else."""
    field = _REFERENCE_FIELD.get(way.preset or "")
    if field is None:
        return way.page or way.url
    parts = urlsplit(way.page or way.url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != field]
    return urlunsplit(parts._replace(query=urlencode([*kept, (field, reference)])))


@dataclass(frozen=True, slots=True)
class Condition:
    """How a partner's visitors reach the clinic, and why the form is not shown where it is not."""

    partner: str
    modes: tuple[str, ...]
    form_hidden: bool

    @property
    def reachable(self) -> bool:
        """Whether any way works."""
        return bool(self.modes)

    def __str__(self) -> str:
        ways = ", ".join(self.modes) or "NO WAY TO THE CLINIC"
        why = " (the form is not shown: it needs deliver, or a reader with reply_within)" if self.form_hidden else ""
        return f"{self.partner}: {ways}{why}"


def condition(partner: Partner, base: KnowledgeBase, settings: Settings) -> Condition:
    """What became of a partner's ways."""
    modes = tuple(way.mode for way in partner.ways)
    hidden = partner.slug in base.desks and not form_works(partner.slug, base, settings)
    return Condition(partner.slug, modes, hidden)
