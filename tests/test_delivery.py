"""Carrying requests to the clinic: webhooks, mail, hostile receivers, retries."""

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier

from chatbot.booking import Destination, Draft, Payload, accept, consent_to
from chatbot.delivery import Drain, Email, Mailbox, NotDelivered, Webhook
from chatbot.delivery.addresses import Forbidden, is_public, resolve
from chatbot.storage import DEAD, DUE, SENT, Delivery, New, Storage

from .receiver import SECRET, Hook, MailServer

CONSENT = consent_to("I agree.", version="1")
START = 1_900_000_000.0


class Clock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(f"sqlite:///{tmp_path / 'test.sqlite'}")
    storage.migrate()
    yield storage
    storage.close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def mail() -> Iterator[MailServer]:
    mail = MailServer()
    yield mail
    mail.close()


def store(storage: Storage, *destinations: Destination, number: int = 0, at: float = START) -> str:
    draft = Draft(name="Ada", email=f"ada{number}@example.org", note="a note", consent=True, consent_version="1")
    new = New(
        request=accept(draft, consent=CONSENT, region=None),
        reference=f"REF-{number:04}",
        token_hash=f"token {number}",
        contact_key=f"{number:064x}",
        partner="default",
        key_hash=f"key {number}",
        body_hash="body",
        at=at,
    )
    named = [(destination, f"msg_{number}_{place}") for place, destination in enumerate(destinations)]
    return storage.accept(new, named).reference


def to(url: str, *, payload: Payload = Payload.THIN) -> Destination:
    return Destination("webhook", url, payload)


def drain(storage: Storage, clock: Clock, **channels: object) -> Drain:
    faults: list[Exception] = []
    made = Drain(storage, channels, report=faults.append, clock=clock)  # type: ignore[arg-type]
    return made


def webhook(*, patience: float = 1.0) -> Webhook:
    return Webhook(SECRET, private_hosts=["127.0.0.1"], patience=patience)


def only(storage: Storage, reference: str) -> Delivery:
    (delivery,) = storage.deliveries_of(reference)
    return delivery


# -- webhooks ----------------------------------------------------------------------------------------


def test_a_webhook_is_signed_so_that_the_standards_own_library_verifies_it(hook: Hook, storage: Storage) -> None:
    clock = Clock()
    clock.now = time.time()  # the verifier looks at the real clock
    reference = store(storage, to(f"{hook.url}/fine"), at=clock.now)
    drain(storage, clock, webhook=webhook()).run_once()
    _, headers, body = hook.seen.requests[0]
    Verifier(SECRET).verify(json.dumps(body, separators=(",", ":")), headers)
    assert body["data"] == {"reference": reference}
    assert only(storage, reference).state == SENT


def test_the_full_payload_is_sent_where_asked_for(hook: Hook, storage: Storage) -> None:
    store(storage, to(f"{hook.url}/fine", payload=Payload.FULL))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert hook.seen.requests[0][2]["data"]["note"] == "a note"  # type: ignore[index]


@pytest.mark.parametrize(
    ("habit", "error"),
    [
        ("hang", "took too long"),
        ("drip", "took too long"),
        ("redirect", "answered 301"),
        ("busy", "answered 429"),
        ("broken", "answered 500"),
    ],
)
def test_a_hostile_receiver_is_a_failed_try(hook: Hook, storage: Storage, habit: str, error: str) -> None:
    reference = store(storage, to(f"{hook.url}/{habit}"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    delivery = only(storage, reference)
    assert (delivery.state, delivery.attempts, delivery.error) == (DUE, 1, error)


def test_a_flood_of_an_answer_is_not_read(hook: Hook, storage: Storage) -> None:
    reference = store(storage, to(f"{hook.url}/flood"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert only(storage, reference).state == SENT


def test_a_receiver_that_is_gone_gets_nothing_more(hook: Hook, storage: Storage) -> None:
    first, second = (store(storage, to(f"{hook.url}/gone"), number=number) for number in (1, 2))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert {only(storage, first).state, only(storage, second).state} == {DEAD}
    assert len(hook.seen.requests) == 1


def test_the_schedule_is_kept_exactly_and_then_the_delivery_is_dead(hook: Hook, storage: Storage) -> None:
    reference, clock = store(storage, to(f"{hook.url}/broken")), Clock()
    waited = []
    while (delivery := only(storage, reference)).state == DUE:
        waited.append(delivery.next_at - clock.now)
        clock.now = delivery.next_at
        assert drain(storage, clock, webhook=webhook()).run_once() == 1
    assert waited == [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert only(storage, reference).state == DEAD
    assert len(set(hook.seen.ids())) == 1


def test_nothing_is_tried_before_its_time(hook: Hook, storage: Storage) -> None:
    store(storage, to(f"{hook.url}/broken"))
    clock = Clock()
    drain(storage, clock, webhook=webhook()).run_once()
    clock.now += 4.9
    assert drain(storage, clock, webhook=webhook()).run_once() == 0


def test_retry_after_is_honoured(hook: Hook, storage: Storage) -> None:
    reference = store(storage, to(f"{hook.url}/busy"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert only(storage, reference).next_at == START + 1000


def test_a_receiver_that_hangs_delays_no_other(hook: Hook, storage: Storage) -> None:
    for number in range(12):
        store(storage, to(f"{hook.url}/hang"), number=number)
    fine = store(storage, to(f"{hook.url}/fine"), number=99)
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert only(storage, fine).state == SENT


def test_a_leased_delivery_is_nobody_elses_until_the_lease_ends(hook: Hook, storage: Storage) -> None:
    store(storage, to(f"{hook.url}/fine"))
    assert len(storage.claim(at=START, lease=60)) == 1
    assert storage.claim(at=START + 59, lease=60) == []
    assert len(storage.claim(at=START + 61, lease=60)) == 1


def test_a_given_up_delivery_can_be_set_going_again(hook: Hook, storage: Storage) -> None:
    reference = store(storage, to(f"{hook.url}/gone"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert storage.retry(reference, at=START) == 1
    assert only(storage, reference).state == DUE


def test_an_expired_certificate_is_refused(tmp_path: Path, storage: Storage) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    made += ["-subj", "/CN=127.0.0.1", "-days", "1"]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    hook = Hook(context=context)
    reference = store(storage, to(f"{hook.url}/fine"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    hook.close()
    assert (only(storage, reference).error, hook.seen.requests) == ("SSLError", [])


# -- addresses ---------------------------------------------------------------------------------------

INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::", "fe80::1%eth0", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_forbidden_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "::1", "::ffff:127.0.0.1"],
)
def test_every_spelling_of_loopback_is_forbidden(host: str) -> None:
    with pytest.raises(Forbidden):
        resolve(host, 80, private_allowed=False)


def test_no_packet_reaches_a_private_address(hook: Hook, storage: Storage) -> None:
    reference = store(storage, to(f"{hook.url}/fine".replace("http:", "https:")))
    drain(storage, Clock(), webhook=Webhook(SECRET)).run_once()
    assert only(storage, reference).error == "the address is not public"
    assert hook.seen.requests == []


def test_plain_http_is_refused_even_to_a_public_host() -> None:
    with pytest.raises(NotDelivered, match="not public"):
        Webhook(SECRET)._post("http://8.8.8.8/", "{}", {}, at=START)


def test_a_name_that_also_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("127.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(Forbidden):
        resolve("rebinding.example", 443, private_allowed=False)


def test_the_connection_goes_to_the_very_address_that_was_checked(
    hook: Hook, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers publicly once and privately ever after is asked only once."""
    asked: list[str] = []
    connected: list[object] = []

    def rebinding(host: str, port: int, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        asked.append(host)
        return [(2, 1, 6, "", ("8.8.8.8" if len(asked) == 1 else "127.0.0.1", port))]

    def refuse(address: object, *_: object, **__: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", refuse)
    reference = store(storage, to("https://rebinding.example/"))
    drain(storage, Clock(), webhook=Webhook(SECRET)).run_once()
    assert connected == [("8.8.8.8", 443)]
    assert only(storage, reference).state == DUE


# -- mail --------------------------------------------------------------------------------------------


def email(mail: MailServer, write: Callable[[Delivery], tuple[str, str]] = lambda d: ("New", "text")) -> Email:
    box = Mailbox(host="127.0.0.1", port=mail.port, security="none", sender="Clinic <no-reply@clinic.example>")
    return Email(box, write)


def test_a_real_mail_server_receives_the_notice(mail: MailServer, storage: Storage) -> None:
    reference = store(storage, Destination("email", "desk@clinic.example"))
    drain(storage, Clock(), email=email(mail)).run_once()
    (letter,) = mail.letters.envelopes
    assert letter.rcpt_tos == ["desk@clinic.example"]
    assert b"Message-ID: <msg_0_0@clinic.example>" in (letter.content or b"")
    assert only(storage, reference).state == SENT


def test_a_line_break_never_reaches_a_mail_header(mail: MailServer, storage: Storage) -> None:
    reference = store(storage, Destination("email", "desk@clinic.example"))
    bad = email(mail, lambda delivery: ("New\r\nBcc: evil@example.org", "text"))
    drain(storage, Clock(), email=bad).run_once()
    assert mail.letters.envelopes == []
    assert only(storage, reference).error == "ValueError"


def test_a_refused_recipient_is_a_failed_try(mail: MailServer, storage: Storage) -> None:
    reference = store(storage, Destination("email", "refused@clinic.example"))
    drain(storage, Clock(), email=email(mail)).run_once()
    assert only(storage, reference).error == "recipient refused (550)"


def test_a_mail_server_that_is_down_is_a_failed_try(mail: MailServer, storage: Storage) -> None:
    reference = store(storage, Destination("email", "desk@clinic.example"))
    channel = email(mail)
    mail.close()
    drain(storage, Clock(), email=channel).run_once()
    assert only(storage, reference).error == "ConnectionRefusedError"
    mail.__init__()  # type: ignore[misc]  # so that the fixture can close it
