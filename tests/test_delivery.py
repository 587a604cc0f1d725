"""Carrying requests to the clinic: webhooks, mail, hostile receivers, retries."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from chatbot.booking import Destination, Draft, Payload, accept, consent_to
from chatbot.delivery import Drain, Email, GivenUp, Mailbox, NotDelivered, Webhook
from chatbot.delivery import email as email_module
from chatbot.delivery import webhook as webhook_module
from chatbot.delivery.addresses import Forbidden, is_public, resolve
from chatbot.storage import DEAD, DUE, SENT, Delivery, New, Storage

from .receiver import SECRET, Hook, MailServer, SlowMailServer, certified, free_port

CONSENT = consent_to("I agree.", version="1")
START = 1_900_000_000.0
SCHEDULE = [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
reported: list[Exception] = []
"""What the drains of one test reported."""


@pytest.fixture(autouse=True)
def _nothing_reported_yet() -> None:
    reported.clear()


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
    return storage.requests.accept(new, named).reference


def to(url: str, *, payload: Payload = Payload.THIN) -> Destination:
    return Destination("webhook", url, payload)


def drain(storage: Storage, clock: Callable[[], float], **channels: object) -> Drain:
    made = Drain(storage, channels, report=reported.append, clock=clock)  # type: ignore[arg-type]
    return made


def webhook(*, patience: float = 1.0, context: ssl.SSLContext | None = None) -> Webhook:
    return Webhook(SECRET, private_hosts=["127.0.0.1"], patience=patience, context=context)


def only(storage: Storage, reference: str) -> Delivery:
    (delivery,) = storage.outbox.of(reference)
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


def test_of_an_answer_of_a_gigabyte_four_kilobytes_are_read(hook: Hook, storage: Storage) -> None:
    reference = store(storage, to(f"{hook.url}/flood"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert only(storage, reference).state == SENT
    assert webhook_module.MOST_READ == 4096
    assert hook.seen.poured < 1 << 24  # what the kernel's own buffers took


def test_a_redirect_is_not_followed(hook: Hook, storage: Storage) -> None:
    store(storage, to(f"{hook.url}/redirect"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert [path for path, *_ in hook.seen.requests] == ["/redirect"]


def test_one_try_may_take_fifteen_seconds() -> None:
    assert (webhook_module.PATIENCE, email_module.PATIENCE) == (15, 15)


@pytest.mark.parametrize("habit", ["fine", "drip", "hang"])
def test_a_receiver_with_tls_is_held_to_the_same_time(tmp_path: Path, storage: Storage, habit: str) -> None:
    server, trusting = certified(tmp_path)
    hook = Hook(context=server)
    reference = store(storage, to(f"{hook.url}/{habit}"))
    began = time.monotonic()
    drain(storage, Clock(), webhook=webhook(patience=0.5, context=trusting)).run_once()
    hook.close()
    assert time.monotonic() - began < 10
    assert only(storage, reference).error == ("" if habit == "fine" else "took too long")


def test_a_receiver_that_is_gone_gets_nothing_more(hook: Hook, storage: Storage) -> None:
    first, second = (store(storage, to(f"{hook.url}/gone"), number=number) for number in (1, 2))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert {only(storage, first).state, only(storage, second).state} == {DEAD}
    assert len(hook.seen.requests) == 1


def waits_until_dead(storage: Storage, reference: str, channel: Webhook) -> list[float]:
    """Deliver in frozen time, always at the moment that is due, until it is given up; the waits between."""
    clock, waited = Clock(), []
    while (delivery := only(storage, reference)).state == DUE:
        waited.append(delivery.next_at - clock.now)
        clock.now = delivery.next_at
        assert drain(storage, clock, webhook=channel).run_once() == 1
    assert only(storage, reference).state == DEAD
    return waited


@pytest.mark.parametrize("habit", ["hang", "drip", "redirect", "broken", "busy-nonsense"])
def test_the_schedule_is_kept_exactly_and_then_the_delivery_is_dead(hook: Hook, storage: Storage, habit: str) -> None:
    reference = store(storage, to(f"{hook.url}/{habit}"))
    assert waits_until_dead(storage, reference, webhook(patience=0.1)) == SCHEDULE
    assert len(hook.seen.requests) == 10
    assert len(set(hook.seen.ids())) == 1
    assert [type(fault) for fault in reported] == [GivenUp]


def test_the_schedule_is_kept_for_a_receiver_that_does_not_listen(storage: Storage) -> None:
    reference = store(storage, to(f"http://127.0.0.1:{free_port()}/"))
    assert waits_until_dead(storage, reference, webhook()) == SCHEDULE


def test_the_schedule_is_kept_for_an_expired_certificate(tmp_path: Path, storage: Storage) -> None:
    server, trusting = certified(tmp_path, until="20200102000000Z")
    hook = Hook(context=server)
    reference = store(storage, to(f"{hook.url}/fine"))
    assert waits_until_dead(storage, reference, webhook(context=trusting)) == SCHEDULE
    hook.close()
    assert (only(storage, reference).error, hook.seen.requests) == ("SSLError", [])


def test_nothing_is_tried_before_its_time(hook: Hook, storage: Storage) -> None:
    store(storage, to(f"{hook.url}/broken"))
    clock = Clock()
    drain(storage, clock, webhook=webhook()).run_once()
    clock.now += 4.9
    assert drain(storage, clock, webhook=webhook()).run_once() == 0


@pytest.mark.parametrize(("habit", "wait"), [("busy", 1000), ("busy-until", 200), ("busy-nonsense", 5), ("broken", 5)])
def test_a_wish_to_wait_longer_is_granted_and_nonsense_is_not(
    hook: Hook, storage: Storage, habit: str, wait: float
) -> None:
    reference = store(storage, to(f"{hook.url}/{habit}"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert only(storage, reference).next_at == START + wait


def seconds_until_sent(storage: Storage, running: Drain, url: str) -> float:
    """Let a drain run until it is stuck where it can be, then see how long another request's delivery takes."""
    stop = threading.Event()
    thread = threading.Thread(target=running.run, args=(stop,))
    thread.start()
    time.sleep(1)
    reference, began = store(storage, to(url), number=99), time.monotonic()
    while only(storage, reference).state != SENT and time.monotonic() - began < 10:
        time.sleep(0.02)
    took = time.monotonic() - began
    stop.set()
    thread.join()
    return took


def test_no_hostile_receiver_delays_another(hook: Hook, storage: Storage) -> None:
    for number, habit in enumerate(("hang", "drip", "flood", "redirect", "gone", "busy", "broken") * 4):
        store(storage, to(f"{hook.url}/{habit}"), number=number)
    running = drain(storage, lambda: START, webhook=webhook(patience=4.0))
    assert seconds_until_sent(storage, running, f"{hook.url}/fine") < 2.5


def test_a_mail_server_that_hangs_delays_no_webhook(hook: Hook, mail: MailServer, storage: Storage) -> None:
    for number in range(20):
        store(storage, Destination("email", f"hang@clinic{number}.example"), number=number)
    running = drain(storage, lambda: START, webhook=webhook(), email=email(mail, patience=4.0))
    assert seconds_until_sent(storage, running, f"{hook.url}/fine") < 2.5


def test_a_receiver_that_hangs_delays_no_other(hook: Hook, storage: Storage) -> None:
    for number in range(12):
        store(storage, to(f"{hook.url}/hang"), number=number)
    fine = store(storage, to(f"{hook.url}/fine"), number=99)
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert only(storage, fine).state == SENT


def test_a_leased_delivery_is_nobody_elses_until_the_lease_ends(hook: Hook, storage: Storage) -> None:
    store(storage, to(f"{hook.url}/fine"))
    assert len(storage.outbox.claim(at=START, lease=60)) == 1
    assert storage.outbox.claim(at=START + 59, lease=60) == []
    assert len(storage.outbox.claim(at=START + 61, lease=60)) == 1


def test_a_given_up_delivery_can_be_set_going_again(hook: Hook, storage: Storage) -> None:
    reference = store(storage, to(f"{hook.url}/gone"))
    drain(storage, Clock(), webhook=webhook()).run_once()
    assert storage.outbox.retry(reference, at=START) == 1
    assert only(storage, reference).state == DUE


def test_a_deliverer_whose_lease_ran_out_cannot_undo_anothers_success(storage: Storage) -> None:
    reference = store(storage, to("https://clinic.example/hook"))
    (slow,) = storage.outbox.claim(at=START, lease=60)
    (quick,) = storage.outbox.claim(at=START + 61, lease=60)
    storage.outbox.sent(quick)
    storage.outbox.failed(slow, error="took too long", next_at=START + 70)
    assert only(storage, reference).state == SENT


# -- addresses ---------------------------------------------------------------------------------------

INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::", "fe80::1%eth0", "nonsense", "",
    "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::ffff:0:7f00:1", "::ffff:100.64.0.1", "fec0::1",
    "192.88.99.1", "100.127.255.255", "fd00:ec2::254", "2001:db8::1", "::a9fe:a9fe", "0x7f.0.0.1", "127.0.0.1:80",
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


@pytest.mark.parametrize(
    "url",
    [
        "https://8.8.8.8@127.0.0.1/", "https://user:word@[::1]/", "https://127.0.0.1#@8.8.8.8/", "https://[::ffff:a00:1]/",
        "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:7f00:1::]/", "https://169.254.169.254/latest/", "https://0/",
        "https://100.64.0.1/", "https://[fe80::1]/", "https://localhost./", "https://\uff11\uff12\uff17.0.0.1/",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_gets_past_the_guard(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The verdict falls before anything is connected, so nothing is ever sent there."""
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(NotDelivered, match=r"not public|LocationParseError|gaierror|UnicodeError"):
        Webhook(SECRET)._post(url, "{}", {}, at=START)


def test_a_silent_name_server_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(20))
    began = time.monotonic()
    with pytest.raises(NotDelivered):
        Webhook(SECRET, patience=0.2)._post("https://silent.example/", "{}", {}, at=START)
    assert time.monotonic() - began < 10


def test_a_public_address_that_does_not_answer_is_followed_by_the_next(
    hook: Hook, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(hook.url.rpartition(":")[2])
    found = [(2, 1, 6, "", ("127.0.0.2", port)), (2, 1, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: found if host == "two.example" else [found[1]])
    connect = socket.create_connection

    def first_is_down(address: tuple[str, int], timeout: float) -> socket.socket:
        if address[0] == "127.0.0.2":
            raise ConnectionRefusedError
        return connect(address, timeout)

    monkeypatch.setattr(socket, "create_connection", first_is_down)
    reference = store(storage, to(f"http://two.example:{port}/fine"))
    drain(storage, Clock(), webhook=Webhook(SECRET, private_hosts=["two.example"])).run_once()
    assert only(storage, reference).state == SENT


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


def email(
    mail: MailServer | SlowMailServer,
    write: Callable[[Delivery], tuple[str, str]] = lambda d: ("New", "text"),
    *,
    patience: float = 5.0,
    **box: Any,
) -> Email:
    settings: dict[str, Any] = {"security": "none", "sender": "Clinic <no-reply@clinic.example>", **box}
    return Email(Mailbox(host="127.0.0.1", port=mail.port, **settings), write, patience=patience)


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


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_over_tls_to_a_server_whose_certificate_is_trusted(
    tmp_path: Path, storage: Storage, security: str
) -> None:
    server, trusting = certified(tmp_path)
    mail = MailServer(security=security, context=server)
    reference = store(storage, Destination("email", "desk@clinic.example"))
    named = {"username": "clinic", "password": "secret"} if security == "starttls" else {}
    drain(storage, Clock(), email=email(mail, security=security, context=trusting, **named)).run_once()
    mail.close()
    assert only(storage, reference).state == SENT
    assert mail.letters.over_tls == [True]
    assert mail.letters.log_ins == ([(b"clinic", b"secret")] if named else [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_no_mail_goes_to_a_server_whose_certificate_is_not_trusted(
    tmp_path: Path, storage: Storage, security: str
) -> None:
    server, _ = certified(tmp_path)
    mail = MailServer(security=security, context=server)
    reference = store(storage, Destination("email", "desk@clinic.example"))
    drain(storage, Clock(), email=email(mail, security=security)).run_once()
    mail.close()
    assert (only(storage, reference).error, mail.letters.envelopes) == ("SSLCertVerificationError", [])


def test_no_mail_goes_in_the_clear_where_tls_was_asked_for(mail: MailServer, storage: Storage) -> None:
    reference = store(storage, Destination("email", "desk@clinic.example"))
    drain(storage, Clock(), email=email(mail, security="starttls")).run_once()
    assert (only(storage, reference).error, mail.letters.envelopes) == ("SMTPNotSupportedError", [])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("refused", "recipient refused (550)"),
        ("later", "recipient refused (450)"),
        ("full", "the server answered 452"),
        ("hang", "took too long"),
    ],
)
def test_a_mail_server_that_does_not_take_it_is_a_failed_try(
    mail: MailServer, storage: Storage, name: str, error: str
) -> None:
    reference = store(storage, Destination("email", f"{name}@clinic.example"))
    drain(storage, Clock(), email=email(mail, patience=0.5)).run_once()
    delivery = only(storage, reference)
    assert (delivery.state, delivery.error, delivery.next_at) == (DUE, error, START + 5)


def test_a_mail_that_may_have_arrived_is_sent_again_with_the_same_id(mail: MailServer, storage: Storage) -> None:
    reference, clock = store(storage, Destination("email", "vanish@clinic.example")), Clock()
    drain(storage, clock, email=email(mail)).run_once()
    assert only(storage, reference).error == "SMTPServerDisconnected"
    clock.now += 5
    drain(storage, clock, email=email(mail)).run_once()
    assert only(storage, reference).state == SENT
    ids = [
        line for one in mail.letters.envelopes for line in (one.content or b"").splitlines() if b"Message-ID" in line
    ]
    assert (len(ids), len(set(ids))) == (2, 1)


def test_a_mail_server_that_drips_is_given_up_in_time(storage: Storage) -> None:
    slow = SlowMailServer()
    reference = store(storage, Destination("email", "desk@clinic.example"))
    began = time.monotonic()
    drain(storage, Clock(), email=email(slow, patience=0.5)).run_once()
    slow.close()
    assert time.monotonic() - began < 10
    assert only(storage, reference).error == "took too long"


def test_a_mail_server_that_is_down_is_a_failed_try(mail: MailServer, storage: Storage) -> None:
    reference = store(storage, Destination("email", "desk@clinic.example"))
    mail.close()
    drain(storage, Clock(), email=email(mail)).run_once()
    assert only(storage, reference).error == "ConnectionRefusedError"
