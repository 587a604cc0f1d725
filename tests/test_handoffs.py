"""Which ways to the clinic work, and what stops the start."""

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient

from chatbot.config import ConfigError
from chatbot.handoffs import booking_page
from chatbot.knowledge import KnowledgeError
from chatbot.model import Way

from .conftest import KNOWLEDGE
from .receiver import SECRET

Make = Callable[..., FlaskClient]
PRODUCTION = {"environment": "production", "secret_key": "s" * 40, "serve_drafts": True}
SMTP = {"smtp_host": "127.0.0.1", "smtp_sender": "Clinic <no-reply@clinic.example>"}


@pytest.fixture
def with_ways(tmp_path: Path, make_client: Make) -> Callable[..., FlaskClient]:
    """An app whose default partner has these ways."""

    def make(*ways: str, **settings: object) -> FlaskClient:
        folder = tmp_path / "knowledge"
        shutil.copytree(KNOWLEDGE, folder, dirs_exist_ok=True)
        for partner in (folder / "partners").glob("*.yaml"):
            partner.unlink()
        lines = "\n".join(f"  - {{{way}}}" for way in ways)
        (folder / "partners" / "default.yaml").write_text(f"name: Clinic\nways:\n{lines}\n")
        return make_client(knowledge_dir=folder, **settings)

    return make


def modes(client: FlaskClient) -> list[str]:
    reply = client.post("/api/v1/chat", json={"message": "how do I book?"}).get_json()
    return [way["mode"] for way in reply["handoff"]["ways"]]


def booking_part(client: FlaskClient) -> dict[str, object]:
    part: dict[str, object] = client.get("/readyz").get_json()["parts"]["booking"]
    return part


FORM = "mode: form, url: /consultation"
PHONE = "mode: phone, url: 'tel:+1-212-555-0100'"
EMAIL = "mode: email, url: 'mailto:desk@clinic.example'"
LINK = "mode: link, preset: calcom, url: 'https://cal.com/clinic/first'"
TO_EMAIL = f"{FORM}, deliver: [{{channel: email, target: desk@clinic.example}}]"
TO_HOOK = f"{FORM}, deliver: [{{channel: webhook, target: 'https://clinic.example/hook'}}]"
READER = f"{FORM}, reader: Reception desk, reply_within: two working days"


# -- what is shown -----------------------------------------------------------------------------------


def test_in_development_the_form_works_with_nothing_configured(with_ways: Make) -> None:
    assert modes(with_ways(FORM)) == ["form"]


@pytest.mark.parametrize(("form", "settings"), [(TO_EMAIL, SMTP), (TO_HOOK, {"webhook_secret": SECRET}), (READER, {})])
def test_in_production_the_form_is_shown_where_somebody_is_sure_to_see_a_request(
    with_ways: Make, form: str, settings: dict[str, object]
) -> None:
    client = with_ways(form, PHONE, **PRODUCTION, **settings)
    assert modes(client) == ["form", "phone"]
    assert booking_part(client) == {"ok": True, "detail": "default: form, phone"}


def test_in_production_a_form_that_nobody_reads_gives_way_to_phone_and_email(with_ways: Make) -> None:
    client = with_ways(FORM, PHONE, EMAIL, **PRODUCTION)
    assert modes(client) == ["phone", "email"]
    part = booking_part(client)
    assert part["ok"] is True
    assert "the form is not shown" in str(part["detail"])
    page = client.get("/consultation").text
    assert "tel:+1-212-555-0100" in page
    assert "data-consultation" not in page


def test_a_clinic_without_any_way_is_named_by_readyz(with_ways: Make) -> None:
    client = with_ways(FORM, **PRODUCTION)
    assert booking_part(client)["ok"] is False
    assert "NO WAY TO THE CLINIC" in str(booking_part(client)["detail"])


def test_the_receipt_says_when_an_answer_comes(with_ways: Make) -> None:
    client = with_ways(READER)
    version = client.get("/api/v1/consultations/form").get_json()["consent_version"]
    body = {"name": "Ada", "email": "ada@example.org", "consent": True, "consent_version": version}
    answer = client.post("/api/v1/consultations", json=body, headers={"Idempotency-Key": "a-key-here"}).get_json()
    assert answer["reply_within"] == "two working days"


# -- what stops the start ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "settings", "reason"),
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
def test_a_way_that_cannot_work_stops_the_start(
    with_ways: Make, way: str, settings: dict[str, object], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        with_ways(way, **settings)


def test_a_second_form_stops_the_start(with_ways: Make) -> None:
    with pytest.raises(ConfigError, match="there is one form"):
        with_ways(FORM, READER)


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
def test_a_way_of_the_wrong_shape_stops_the_start(with_ways: Make, way: str) -> None:
    with pytest.raises(KnowledgeError, match=r"partners/default\.yaml"):
        with_ways(way)


def test_every_reason_is_named_at_once(with_ways: Make) -> None:
    both = f"{FORM}, deliver: [{TO_EMAIL.partition('[')[2][:-1]}, {TO_HOOK.partition('[')[2]}"
    with pytest.raises(ConfigError, match=r"SMTP_HOST(.|\n)*WEBHOOK_SECRET(.|\n)*no calcom host"):
        with_ways(both, LINK.replace("cal.com/", "evil.example/"))


# -- links to booking pages --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "url", "field"),
    [
        ("calcom", "https://cal.com/clinic/first", "metadata[ref]"),
        ("calendly", "https://calendly.com/clinic/first", "utm_content"),
        ("hubspot", "https://meetings.hubspot.com/clinic", "utm_content"),
    ],
)
def test_a_link_carries_one_opaque_reference_and_nothing_else(
    with_ways: Make, preset: str, url: str, field: str
) -> None:
    client = with_ways(f"mode: link, preset: {preset}, url: '{url}'")
    (way,) = client.post("/api/v1/chat", json={"message": "how do I book?"}).get_json()["handoff"]["ways"]
    response = client.get(f"{way['url']}?note=my-injury&url=https://evil.example")
    leads_to = response.headers["Location"]
    ((name, value),) = parse_qsl(urlsplit(leads_to).query)
    assert (leads_to.partition("?")[0], name, len(value)) == (url, field, 16)
    assert client.get(way["url"]).headers["Location"] != leads_to


def test_a_page_of_no_known_maker_gets_no_reference(with_ways: Make) -> None:
    client = with_ways(
        "mode: link, preset: page, url: 'https://book.clinic.example/x'", booking_hosts="book.clinic.example"
    )
    assert client.get("/go/default/0").headers["Location"] == "https://book.clinic.example/x"


def test_the_pages_own_query_is_kept_and_its_reference_replaced() -> None:
    way = Way("link", "", "/go/default/0", "calendly", "https://calendly.com/a?month=2027-01&utm_content=old#top")
    assert booking_page(way, reference="ref") == "https://calendly.com/a?month=2027-01&utm_content=ref#top"


@pytest.mark.parametrize(
    "path", ["/go/default/1", "/go/nobody/0", "/go/default/https://evil.example", "/go/default/-1"]
)
def test_there_is_no_open_redirect(with_ways: Make, path: str) -> None:
    response = with_ways(LINK).get(path)
    assert (response.status_code, "Location" in response.headers) == (404, False)


def test_a_followed_link_is_counted_and_noted_without_a_word_of_the_visitor(
    with_ways: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    client = with_ways(LINK)
    client.get("/go/default/0?name=zebracanary", headers={"Referer": "https://x.example/zebracanary"})
    written = capfd.readouterr().err
    assert '"event": "booking link", "partner": "default"' in written.replace('"logger": "chatbot", ', "")
    assert "zebracanary" not in written
    assert 'chatbot_booking_links_total{partner="default"} 1.0' in client.get("/metrics").text
