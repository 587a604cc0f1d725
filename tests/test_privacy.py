"""Contact details and notes reach the database and the chosen destinations, and nothing else, whatever breaks."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from chatbot.booking import Draft
from chatbot.building import build_drain
from chatbot.cli import main
from chatbot.config import Settings
from chatbot.delivery import Drain
from chatbot.storage import Delivery
from chatbot.web import create_app, logs

from .conftest import KNOWLEDGE
from .receiver import SECRET, Hook, MailServer

CANARY = "zebracanary"
FILLED = {
    "name": f"{CANARY} name",
    "email": f"{CANARY}@example.org",
    "interpreter": f"{CANARY} language",
    "note": f"{CANARY} note",
    "summary": f"{CANARY} questions",
    "consent": True,
}


@dataclass
class Site:
    """A clinic with every channel, and a way to read all that was written anywhere but in the database."""

    client: FlaskClient
    hook: Hook
    mail: MailServer
    settings: Settings

    def ask(self, key: str, **changed: object) -> int:
        body = {**FILLED, "consent_version": "2026-11-23", **changed}
        return self.client.post(
            "/api/v1/consultations", json=body, headers={"Idempotency-Key": key, "Referer": "https://partner.example/"}
        ).status_code

    def deliver(self) -> None:
        parts = self.client.application.extensions["parts"]
        drain = build_drain(self.settings, parts.assistant.base, parts.storage, report=logs.report)
        while drain.run_once():
            pass


def ways(hook: Hook) -> str:
    to = [
        "{channel: email, target: desk@clinic.example}",
        "{channel: email, target: refused@clinic.example, payload: full}",
        f"{{channel: webhook, target: '{hook.url}/fine', payload: contact}}",
        f"{{channel: webhook, target: '{hook.url}/broken', payload: full}}",
        "{channel: webhook, target: 'https://localhost/inside', payload: full}",
    ]
    return f"name: Clinic\nways:\n  - {{mode: form, url: /consultation, deliver: [{', '.join(to)}]}}\n"


@pytest.fixture
def site(tmp_path: Path, compiled_dir: Path) -> Iterator[Site]:
    hook, mail = Hook(), MailServer()
    folder, instance = tmp_path / "knowledge", tmp_path / "instance"
    shutil.copytree(KNOWLEDGE, folder)
    (folder / "partners" / "default.yaml").write_text(ways(hook))
    shutil.copytree(compiled_dir, instance, ignore=shutil.ignore_patterns("*.sqlite*"))
    settings = Settings(
        instance_dir=instance,
        knowledge_dir=folder,
        deliver_in_workers=False,
        rate_limit="10/minute",
        webhook_secret=SECRET,
        webhook_private_hosts=("127.0.0.1",),
        smtp_host="127.0.0.1",
        smtp_port=mail.port,
        smtp_security="none",
        smtp_sender="Clinic <no-reply@clinic.example>",
    )
    yield Site(create_app(settings).test_client(), hook, mail, settings)
    hook.close()
    mail.close()


class Broken:
    """A part with a fault of ours that holds all that it was given."""

    one_server = False

    def send(self, delivery: Delivery, *, at: float) -> None:
        raise RuntimeError(str(delivery))

    def request(self, draft: Draft, **named: object) -> None:
        raise RuntimeError(str(draft)) from ValueError(draft.note)


def our_own_faults(site: Site) -> list[int]:
    """A channel and a reception that break over what a visitor wrote."""
    app = site.client.application
    whole = app.extensions["parts"]
    broken: Any = Broken()
    channels = {"email": broken, "receipt": broken, "webhook": broken}
    Drain(whole.storage, channels, report=logs.report, clock=lambda: time.time() + 10).run_once()
    app.extensions["parts"] = replace(whole, reception=broken)
    statuses = [site.ask("key-broken")]
    app.extensions["parts"] = whole
    return statuses


def everything_goes_wrong(site: Site) -> list[int]:
    """Each flow, with the canary in every field; the statuses in their order."""
    down = site.settings.instance_dir / "chatbot.sqlite"
    statuses = [
        site.ask("key-fine-1"),
        site.ask("key-fine-1", note=f"{CANARY} other"),
        site.ask("key-fine-2", surprise=f"{CANARY} unknown", **{f"{CANARY}_field": 1}),
        site.ask("key-fine-3", email=f"{CANARY}@", phone=f"{CANARY}", zone=f"{CANARY}/zone"),
        site.ask("key-fine-4", note=f"{CANARY} I want to kill myself", email="b@example.org"),
        site.client.post("/consultation", data={**FILLED, "step": "review", "email": f"{CANARY}@@"}).status_code,
        site.client.post("/api/v1/consultations/status", json={"token": CANARY}).status_code,
    ]
    statuses += our_own_faults(site)
    site.deliver()
    site.client.application.extensions["parts"].storage.close()
    kept = down.rename(down.with_name("aside"))
    down.mkdir()
    statuses.append(site.ask("key-fine-5"))
    down.rmdir()
    kept.rename(down)
    statuses += [site.ask(f"key-more-{number}", email=f"{CANARY}{number}@example.org") for number in range(6)]
    return statuses


def test_nothing_a_visitor_writes_reaches_a_log_an_address_a_header_or_a_metric(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.set_up()  # it writes where this test reads
    with time_machine.travel(time.time() // 60 * 60 + 1, tick=True):  # one window of the limit
        statuses = everything_goes_wrong(site)
    assert statuses == [201, 422, 422, 422, 201, 422, 404, 500, 503, 201, 429, 429, 429, 429, 429]
    shown = site.client.get("/metrics").text + site.client.get("/readyz").text
    written = "".join(capfd.readouterr())
    assert written.count('"error": "RuntimeError"') >= 2
    assert CANARY not in written
    assert CANARY not in shown
    assert all(CANARY not in path + json.dumps(headers) for path, headers, _ in site.hook.seen.requests)


def test_each_destination_gets_what_it_may_have_and_no_more(site: Site) -> None:
    assert site.ask("key-fine-1") == 201
    site.deliver()
    bodies = {path: json.dumps(body) for path, _, body in site.hook.seen.requests}
    assert (f"{CANARY} name" in bodies["/fine"], f"{CANARY} note" in bodies["/fine"]) == (True, False)
    assert f"{CANARY} note" in bodies["/broken"]
    letters = {letter.rcpt_tos[0]: (letter.content or b"").decode() for letter in site.mail.letters.envelopes}
    assert letters.keys() == {"desk@clinic.example", f"{CANARY}@example.org"}
    assert CANARY not in letters["desk@clinic.example"]
    receipt = letters[f"{CANARY}@example.org"]
    assert f"{CANARY} n" not in receipt
    assert "/status#" in receipt
    assert "Nobody watches" in receipt


def test_what_went_wrong_is_noted_without_a_word_of_the_visitor(
    site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    site.ask("key-fine-1")
    site.deliver()
    storage = site.client.application.extensions["parts"].storage
    (stored,) = storage.requests.all()
    errors = {delivery.error for delivery in storage.outbox.of(stored.reference)}
    assert errors == {"", "recipient refused (550)", "answered 500", "the address is not public"}
    for name, value in (("INSTANCE_DIR", site.settings.instance_dir), ("KNOWLEDGE_DIR", site.settings.knowledge_dir)):
        monkeypatch.setenv(f"CHATBOT_{name}", str(value))
    capfd.readouterr()
    for arguments in (["list"], ["list", "--dead"], ["set-state", stored.reference, "seen"], ["retry", "--all"]):
        main(["consultations", *arguments])
    assert CANARY not in "".join(capfd.readouterr())


def test_a_chat_alone_stores_and_sends_nothing(site: Site) -> None:
    for message in (f"{CANARY} is it safe?", "how do I book?"):
        site.client.post("/api/v1/chat", json={"message": message})
    site.client.get("/consultation")
    site.deliver()
    assert site.client.application.extensions["parts"].storage.requests.all() == []
    left = b"".join(path.read_bytes() for path in site.settings.instance_dir.glob("chatbot.sqlite*"))
    assert CANARY.encode() not in left
    assert (site.hook.seen.requests, site.mail.letters.envelopes) == ([], [])
