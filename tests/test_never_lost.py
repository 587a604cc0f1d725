"""An acknowledged request is never lost and never doubled; `python -m tests.chaos` shows the same at length."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from chatbot.booking import Desk, Destination, Draft, consent_to
from chatbot.reception import Reception
from chatbot.storage import Storage
from chatbot.storage.tables import consultations, deliveries

from .chaos import run
from .postgres import Postgres

CONSENT = consent_to("I agree.", version="1")


def reception(url: str) -> Reception:
    desks = {"default": Desk((Destination("webhook", "https://clinic.example/hook"),))}
    return Reception(Storage(url), desks, secret="s" * 32, consent=CONSENT, receipts=False)


def ask(url: str, times: int) -> list[str]:
    """Send the same request with the same key, again and again."""
    mine, draft = reception(url), Draft(name="Ada", email="ada@example.org", consent=True, consent_version="1")
    return [
        mine.request(draft, partner="default", region=None, key="the-same-key", at=1.9e9).reference
        for _ in range(times)
    ]


def assert_one_row_and_one_notice(url: str) -> None:
    storage = Storage(url)
    storage.migrate()
    storage.close()
    with ProcessPoolExecutor(8) as pool:
        references = {one for found in pool.map(ask, [url] * 8, [25] * 8) for one in found}
    with storage.reading() as connection:
        counted = [
            connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in (consultations, deliveries)
        ]
    storage.close()
    assert (len(references), counted) == (1, [1, 1])


def test_the_same_key_two_hundred_times_from_eight_processes_is_one_row_on_sqlite(tmp_path: Path) -> None:
    assert_one_row_and_one_notice(f"sqlite:///{tmp_path / 'test.sqlite'}")


def test_the_same_key_two_hundred_times_from_eight_processes_is_one_row_on_postgresql(postgres: Postgres) -> None:
    assert_one_row_and_one_notice(postgres.emptied())


def test_nothing_is_lost_while_workers_and_deliverers_are_killed(tmp_path: Path) -> None:
    tally = run(tmp_path, f"sqlite:///{tmp_path / 'chaos.sqlite'}", seconds=6)
    assert tally.acknowledged > 0
    assert tally.kills > 5
    assert tally.lost == 0
