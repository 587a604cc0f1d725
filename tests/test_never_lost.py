"""An acknowledged request is never lost and never doubled; `python -m tests.chaos` shows the same at length."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from chatbot.booking import Desk, Destination, Draft, consent_to
from chatbot.delivery import Drain, Webhook
from chatbot.reception import Reception
from chatbot.storage import Storage
from chatbot.storage.tables import consultations, deliveries

from .chaos import run
from .postgres import Postgres
from .receiver import SECRET, Hook

CONSENT = consent_to("I agree.", version="1")


def reception(url: str, hook: str) -> Reception:
    desks = {"default": Desk((Destination("webhook", hook),))}
    return Reception(Storage(url), desks, secret="s" * 32, consent=CONSENT, receipts=False)


def ask(url: str, times: int, hook: str) -> list[str]:
    """Send the same request with the same key, again and again."""
    mine, draft = reception(url, hook), Draft(name="Ada", email="ada@example.org", consent=True, consent_version="1")
    return [
        mine.request(draft, partner="default", region=None, key="the-same-key", at=time.time()).reference
        for _ in range(times)
    ]


def deliver(url: str) -> int:
    """Deliver whatever is due, beside others who do the same."""
    channels = {"webhook": Webhook(SECRET, private_hosts=["127.0.0.1"])}
    storage = Storage(url)
    drain = Drain(storage, channels, report=lambda fault: None)
    tried = sum(iter(drain.run_once, 0))
    storage.close()
    return tried


def assert_one_row_and_one_notice(url: str) -> None:
    storage, hook = Storage(url), Hook()
    storage.migrate()
    with ProcessPoolExecutor(8) as pool:
        work = [url] * 8, [25] * 8, [f"{hook.url}/fine"] * 8
        references = {one for found in pool.map(ask, *work) for one in found}
        tried = sum(pool.map(deliver, [url] * 8))
    with storage.reading() as connection:
        counted = [
            connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in (consultations, deliveries)
        ]
    storage.close()
    hook.close()
    assert (len(references), counted, tried, len(hook.seen.requests)) == (1, [1, 1], 1, 1)


def test_the_same_key_two_hundred_times_from_eight_processes_is_one_row_on_sqlite(tmp_path: Path) -> None:
    assert_one_row_and_one_notice(f"sqlite:///{tmp_path / 'test.sqlite'}")


def test_the_same_key_two_hundred_times_from_eight_processes_is_one_row_on_postgresql(postgres: Postgres) -> None:
    assert_one_row_and_one_notice(postgres.emptied())


@pytest.mark.parametrize("way", ["stop", "freeze"])
def test_a_database_stopped_in_the_middle_of_a_conversation_costs_no_chat_and_no_request(
    make_client: Callable[..., FlaskClient], postgres: Postgres, way: str
) -> None:
    client = make_client(database_url=postgres.emptied(), rate_limit="off")
    version = client.get("/api/v1/consultations/form").get_json()["consent_version"]
    body = {"name": "Ada", "email": "ada@example.org", "consent": True, "consent_version": version}
    form = {**body, "note": "my long note", "step": "review", "consent": "on"}

    def chat() -> str:
        return str(client.post("/api/v1/chat", json={"message": "is it safe?"}).get_json()["kind"])

    def book() -> int:
        return client.post("/api/v1/consultations", json=body, headers={"Idempotency-Key": "a-key-here"}).status_code

    page = client.post("/consultation", data=form).text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    time.sleep(2.1)  # what a person needs
    assert chat() == "answer"
    getattr(postgres, way)()
    try:
        refused = client.post("/consultation", data={**form, "form_token": token, "step": "send"})
        assert (refused.status_code, "my long note" in refused.text) == (503, True)
        assert "could not be sent" in refused.text
        assert (book(), chat()) == (503, "answer")
    finally:
        postgres.start() if way == "stop" else postgres.thaw()
    assert "Request received" in client.post("/consultation", data={**form, "form_token": token, "step": "send"}).text
    assert book() == 201


def test_what_a_booking_needs_is_loaded_without_a_database_to_connect_to() -> None:
    reception("postgresql+psycopg://127.0.0.1:1/none", "https://clinic.example/hook").load()
    assert {"sqlalchemy", "psycopg", "email_validator", "phonenumbers"} <= sys.modules.keys()


def test_nothing_is_lost_while_workers_and_deliverers_are_killed(tmp_path: Path) -> None:
    tally = run(tmp_path, f"sqlite:///{tmp_path / 'chaos.sqlite'}", seconds=6)
    assert tally.acknowledged > 0
    assert tally.kills > 5
    assert tally.lost == 0
