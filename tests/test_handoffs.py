"""Which ways to the clinic work, and what stops the start."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient

from chatbot.config import ConfigError, Settings
from chatbot.handoffs import booking_page, check, condition, working
from chatbot.knowledge import KnowledgeBase, load
from chatbot.knowledge.partners import read_partners
from chatbot.knowledge.sources import Sources
from chatbot.model import Way

from .conftest import KNOWLEDGE
from .receiver import SECRET

Make = Callable[..., FlaskClient]
Base = Callable[..., KnowledgeBase]
PRODUCTION = {"environment": "production", "secret_key": "s" * 40, "serve_drafts": True}
SMTP = {"smtp_host": "127.0.0.1", "smtp_sender": "Clinic <no-reply@clinic.example>"}


@pytest.fixture(scope="module")
def real() -> KnowledgeBase:
    return load(KNOWLEDGE)


def write_partner(folder: Path, ways: tuple[str, ...]) -> None:
    (folder / "partners").mkdir(parents=True, exist_ok=True)
    lines = "\n".join(f"  - {{{way}}}" for way in ways)
    (folder / "partners" / "default.yaml").write_text(f"name: Clinic\nways:\n{lines}\n")


@pytest.fixture
def base(real: KnowledgeBase, tmp_path: Path) -> Base:
    """The real base, whose only partner has these ways."""

    def make(*ways: str) -> KnowledgeBase:
        write_partner(tmp_path, ways)
        sources = Sources(tmp_path)
        partners, desks = read_partners(sources, real.countries)
        assert not sources.problems, sources.problems
        return replace(real, partners=partners, desks=desks)

    return make


def settings(**changed: object) -> Settings:
    return Settings.model_validate(changed)


def modes(base: KnowledgeBase, settings: Settings) -> list[str]:
    """How visitors are told to reach the clinic, once the start was allowed."""
    check(base, settings)
    return [way.mode for way in working(base.partners["default"], base, settings).ways]


def told(base: KnowledgeBase, settings: Settings) -> str:
    return str(condition(working(base.partners["default"], base, settings), base, settings))


@pytest.fixture
def with_ways(tmp_path: Path, make_client: Make) -> Make:
    """A whole app whose default partner has these ways."""

    def make(*ways: str, **changed: object) -> FlaskClient:
        folder = tmp_path / "knowledge"
        shutil.copytree(KNOWLEDGE, folder)
        shutil.rmtree(folder / "partners")
        write_partner(folder, ways)
        return make_client(knowledge_dir=folder, **changed)

    return make


FORM = "mode: form, url: /consultation"
PHONE = "mode: phone, url: 'tel:+1-212-555-0100'"
EMAIL = "mode: email, url: 'mailto:desk@clinic.example'"
LINK = "mode: link, preset: calcom, url: 'https://cal.com/clinic/first'"
TO_EMAIL = f"{FORM}, deliver: [{{channel: email, target: desk@clinic.example}}]"
TO_HOOK = f"{FORM}, deliver: [{{channel: webhook, target: 'https://clinic.example/hook'}}]"
READER = f"{FORM}, reader: Reception desk, reply_within: two working days"


# -- what is shown -----------------------------------------------------------------------------------


def test_in_development_the_form_works_with_nothing_configured(base: Base) -> None:
    assert modes(base(FORM), settings()) == ["form"]


@pytest.mark.parametrize(("form", "changed"), [(TO_EMAIL, SMTP), (TO_HOOK, {"webhook_secret": SECRET}), (READER, {})])
def test_in_production_the_form_is_shown_where_somebody_is_sure_to_see_a_request(
    base: Base, form: str, changed: dict[str, object]
) -> None:
    in_production = settings(**PRODUCTION, **changed)
    assert modes(base(form, PHONE), in_production) == ["form", "phone"]
    assert told(base(form, PHONE), in_production) == "default: form, phone"


def test_in_production_a_form_that_nobody_reads_gives_way_to_phone_and_email(with_ways: Make) -> None:
    client = with_ways(FORM, PHONE, EMAIL, **PRODUCTION)
    reply = client.post("/api/v1/chat", json={"message": "how do I book?"}).get_json()
    assert [way["mode"] for way in reply["handoff"]["ways"]] == ["phone", "email"]
    part = client.get("/readyz").get_json()["parts"]["booking"]
    assert (part["ok"], "the form is not shown" in part["detail"]) == (True, True)
    page = client.get("/consultation").text
    assert ("tel:+1-212-555-0100" in page, "data-consultation" in page) == (True, False)
    refused = client.post("/api/v1/consultations", json={}, headers={"Idempotency-Key": "a-key-here"})
    assert refused.status_code == 503
    assert [way["url"] for way in refused.get_json()["ways"]] == ["tel:+1-212-555-0100", "mailto:desk@clinic.example"]


def test_a_clinic_without_any_way_is_named(base: Base) -> None:
    assert "NO WAY TO THE CLINIC" in told(base(FORM), settings(**PRODUCTION))


# -- what stops the start ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "changed", "reason"),
    [
        (TO_EMAIL, {}, "CHATBOT_SMTP_HOST"),
        (TO_HOOK, {}, "CHATBOT_WEBHOOK_SECRET"),
        (TO_HOOK.replace("https:", "http:"), {"webhook_secret": SECRET}, "CHATBOT_WEBHOOK_PRIVATE_HOSTS"),
        (LINK.replace("cal.com/", "evil.example/"), {}, "no calcom host"),
        (LINK.replace("https://cal.com", "https://cal.com.evil.example"), {}, "no calcom host"),
        (LINK.replace("https://cal.com", "https://cal.com@evil.example"), {}, "no calcom host"),
        (LINK.replace("https://cal.com", "https://evil.example@cal.com"), {}, "no calcom host"),
        (LINK.replace("https://cal.com/", "https://evil.example\\@cal.com/"), {}, "no calcom host"),
        (LINK.replace("https://cal.com/", "https://cal.com:8443/"), {}, "no calcom host"),
        (LINK.replace("calcom", "page"), {}, "CHATBOT_BOOKING_HOSTS"),
        (f"{FORM}, reader: Reception desk", {}, "reply_within"),
    ],
)
def test_a_way_that_cannot_work_stops_the_start(base: Base, way: str, changed: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        check(base(way), settings(**changed))


def test_a_second_form_stops_the_start(base: Base) -> None:
    with pytest.raises(ConfigError, match="there is one form"):
        check(base(FORM, READER), settings())


def test_every_reason_is_named_at_once(base: Base) -> None:
    both = f"{FORM}, deliver: [{TO_EMAIL.partition('[')[2][:-1]}, {TO_HOOK.partition('[')[2]}"
    with pytest.raises(ConfigError, match=r"SMTP_HOST(.|\n)*WEBHOOK_SECRET(.|\n)*no calcom host"):
        check(base(both, LINK.replace("cal.com/", "evil.example/")), settings())


def test_the_app_does_not_start_with_a_way_that_cannot_work(with_ways: Make) -> None:
    with pytest.raises(ConfigError, match="CHATBOT_SMTP_HOST"):
        with_ways(TO_EMAIL)


@pytest.mark.parametrize(
    "way",
    [
        LINK.replace("https:", "http:"),
        LINK.replace("https:", "javascript:"),
        LINK.replace(", preset: calcom", ""),
        f"{PHONE}, deliver: [{{channel: email, target: desk@clinic.example}}]",
        f"{FORM}, deliver: [{{channel: fax, target: desk@clinic.example}}]",
        f"{FORM}, deliver: [{{channel: email, target: 'https://clinic.example'}}]",
        f"{FORM}, deliver: [{{channel: email, target: desk@clinic.example, payload: everything}}]",
        f"{FORM}, surprise: 1",
        "mode: phone, url: 'tel:call-me'",
        "mode: email, url: 'mailto:desk@clinic.example?bcc=x@evil.example'",
    ],
)
def test_a_way_of_the_wrong_shape_is_a_problem_of_its_file(tmp_path: Path, way: str) -> None:
    write_partner(tmp_path, (way,))
    sources = Sources(tmp_path)
    read_partners(sources, {})
    assert {problem.file for problem in sources.problems} == {"partners/default.yaml"}


# -- links to booking pages --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "url", "field"),
    [
        ("calcom", "https://cal.com/clinic/first", "metadata[ref]"),
        ("calendly", "https://calendly.com/clinic/first", "utm_content"),
        ("hubspot", "https://meetings.hubspot.com/clinic", "utm_content"),
    ],
)
def test_a_link_carries_one_opaque_reference_and_nothing_else(base: Base, preset: str, url: str, field: str) -> None:
    found = base(f"mode: link, preset: {preset}, url: '{url}'")
    check(found, settings())
    (way,) = working(found.partners["default"], found, settings()).ways
    assert way.url == "/go/default/0"
    leads_to = booking_page(way, reference="0123456789abcdef")
    assert leads_to.partition("?")[0] == url
    assert parse_qsl(urlsplit(leads_to).query) == [(field, "0123456789abcdef")]


def test_a_page_of_no_known_maker_gets_no_reference(base: Base) -> None:
    found = base("mode: link, preset: page, url: 'https://book.clinic.example/x'")
    check(found, settings(booking_hosts="book.clinic.example"))
    (way,) = working(found.partners["default"], found, settings()).ways
    assert booking_page(way, reference="ref") == "https://book.clinic.example/x"


def test_the_pages_own_query_is_kept_and_its_reference_replaced() -> None:
    way = Way("link", "", "/go/default/0", "calendly", "https://calendly.com/a?month=2027-01&utm_content=old#top")
    assert booking_page(way, reference="ref") == "https://calendly.com/a?month=2027-01&utm_content=ref#top"


def test_the_service_leads_on_by_the_links_place_alone_and_keeps_no_word_of_the_visitor(
    with_ways: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    client = with_ways(LINK)
    answer = client.get("/go/default/0?name=zebracanary&url=https://evil.example", headers={"Referer": "zebracanary"})
    assert answer.headers["Location"].startswith("https://cal.com/clinic/first?metadata%5Bref%5D=")
    assert client.get("/go/default/0").headers["Location"] != answer.headers["Location"]
    for path in ("/go/default/1", "/go/nobody/0", "/go/default/https://evil.example", "/go/default/-1"):
        assert (client.get(path).status_code, "Location" in client.get(path).headers) == (404, False)
    written = capfd.readouterr().err
    assert '"event": "booking link"' in written
    assert "zebracanary" not in written
    assert 'chatbot_booking_links_total{partner="default"} 2.0' in client.get("/metrics").text
