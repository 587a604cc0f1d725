"""The database: the same behaviour on SQLite and on a real PostgreSQL, in good days and bad."""

import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from chatbot.booking import DAY as A_DAY
from chatbot.booking import Destination, Draft, NotAllowed, State, accept, consent_to
from chatbot.storage import KeyInFlight, KeyReused, New, Storage, StorageDown
from chatbot.storage.database import HEAD, MIGRATIONS
from chatbot.storage.tables import deliveries, feedback, idempotency, metadata

from .postgres import Postgres

DAY = date(2027, 1, 2)
NOW = 1_900_000_000.0
REVISIONS = sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
CLINIC = (Destination("email", "desk@clinic.example"), "msg_clinic")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.emptied()


@pytest.fixture
def storage(url: str) -> Iterator[Storage]:
    storage = Storage(url)
    storage.migrate()
    yield storage
    storage.close()


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(f"sqlite:///{tmp_path / 'test.sqlite'}")
    yield storage
    storage.close()


def rows(url: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(feedback))]


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def request(number: int = 0, *, name: str = "Ada", at: float = NOW, contact: str = "") -> New:
    draft = Draft(name=name, email=f"ada{number}@example.org", consent=True, consent_version="1")
    return New(
        request=accept(draft, consent=consent_to("I agree.", version="1"), region=None),
        reference=f"REF-{number:04}",
        token_hash=f"token {number}",
        contact_key=contact or f"{number:064x}",
        partner="default",
        key_hash=f"key {number}",
        body_hash="body",
        at=at,
    )


def announced(storage: Storage, reference: str) -> list[str]:
    return [delivery.message_id for delivery in storage.outbox.of(reference)]


# -- tables ------------------------------------------------------------------------------------------


def test_thumbs_are_counted_by_day_and_entry(storage: Storage, url: str) -> None:
    for helpful in (True, True, False):
        storage.feedback.count("is-it-safe", helpful=helpful, day=DAY)
    assert rows(url) == [(DAY, "is-it-safe", 2, 1)]


def test_migrating_twice_changes_nothing(storage: Storage, url: str) -> None:
    storage.feedback.count("is-it-safe", helpful=True, day=DAY)
    storage.migrate()
    assert len(rows(url)) == 1


def test_the_named_head_is_the_newest_migration() -> None:
    assert REVISIONS[-1] == HEAD


def test_migrations_make_exactly_the_tables_that_the_code_uses(storage: Storage) -> None:
    with storage.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_migration_goes_down_and_up_again(storage: Storage, url: str) -> None:
    for revision in [*reversed(REVISIONS[:-1]), "base"]:
        storage.migrate(revision)
        assert storage.revision() == (None if revision == "base" else revision)
    assert tables(url) == set()
    for revision in REVISIONS:
        storage.migrate(revision)
    assert tables(url) == set(metadata.tables)


def test_going_back_keeps_what_older_migrations_made(storage: Storage, url: str) -> None:
    storage.feedback.count("is-it-safe", helpful=True, day=DAY)
    storage.migrate("0001")
    storage.migrate()
    assert len(rows(url)) == 1


def test_a_migration_that_does_not_exist_is_said_so(storage: Storage) -> None:
    with pytest.raises(StorageDown, match="no migration 0000x"):
        storage.migrate("0000x")


def test_missing_tables_are_made_at_first_use(url: str) -> None:
    storage = Storage(url)
    storage.check()
    storage.close()


def test_tables_of_a_newer_release_serve_during_a_rolling_deploy(storage: Storage, url: str) -> None:
    with storage.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    older = Storage(url)
    older.check()
    older.requests.accept(request(), [CLINIC])
    older.close()


def make_tables(url: str) -> None:
    storage = Storage(url)
    storage.check()
    storage.close()


def test_many_machines_that_start_at_once_make_the_tables_once(postgres: Postgres) -> None:
    url = postgres.emptied()
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(make_tables, [url] * 4))
    assert tables(url) == set(metadata.tables)


# -- a request ---------------------------------------------------------------------------------------


def test_a_request_and_its_outbox_are_one_transaction(storage: Storage) -> None:
    doubled = [CLINIC, CLINIC]  # the second breaks the outbox's own rule after the request was written
    with pytest.raises(StorageDown):
        storage.requests.accept(request(), doubled)
    assert storage.requests.all() == []
    with storage.reading() as connection:
        assert connection.execute(sa.select(idempotency)).all() == []


def test_a_key_with_another_body_is_refused(storage: Storage) -> None:
    storage.requests.accept(request(), [])
    with pytest.raises(KeyReused):
        storage.requests.by_key("key 0", body_hash="another")


def test_a_key_that_is_being_stored_now_is_in_flight(postgres: Postgres) -> None:
    storage = Storage(postgres.emptied())
    storage.migrate()
    stored, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        with storage.writing() as connection:
            storage.requests._insert(connection, request(), [])
            stored.set()
            go_on.wait(5)

    thread = threading.Thread(target=slowly)
    thread.start()
    stored.wait(5)
    with pytest.raises(KeyInFlight):
        storage.requests.accept(request(), [])
    go_on.set()
    thread.join()
    assert storage.requests.accept(request(), []).reference == "REF-0000"


def test_a_second_open_request_of_a_contact_is_linked_and_not_announced(storage: Storage) -> None:
    storage.requests.accept(request(1, contact="a" * 64), [(CLINIC[0], "msg_1")])
    second = storage.requests.accept(request(2, contact="a" * 64), [(CLINIC[0], "msg_2")])
    assert second.linked_to == "REF-0001"
    assert announced(storage, "REF-0002") == []


def test_a_linked_request_is_announced_when_the_first_is_cancelled(storage: Storage) -> None:
    """Or nobody at the clinic would ever hear of it."""
    for number in (1, 2, 3):
        storage.requests.accept(request(number, contact="a" * 64), [(CLINIC[0], f"msg_{number}")])
    storage.requests.cancel("REF-0001", [(CLINIC[0], "msg_later")], at=NOW + 1)
    assert announced(storage, "REF-0002") == ["msg_later"]
    assert [stored.linked_to for stored in storage.requests.all()] == [None, None, "REF-0002"]


def test_cancelling_twice_announces_nothing_twice(storage: Storage) -> None:
    storage.requests.accept(request(1), [])
    storage.requests.cancel("REF-0001", [], at=NOW)
    with pytest.raises(NotAllowed):
        storage.requests.cancel("REF-0001", [], at=NOW)


def test_all_dead_deliveries_can_be_set_going_at_once(storage: Storage) -> None:
    for number in (1, 2):
        storage.requests.accept(request(number), [(CLINIC[0], f"msg_{number}")])
        (delivery,) = storage.outbox.of(f"REF-{number:04}")
        storage.outbox.failed(delivery, error="answered 500", next_at=None)
    assert [delivery.error for delivery in storage.outbox.dead()] == ["answered 500"] * 2
    assert storage.outbox.retry(at=NOW) == 2
    assert storage.outbox.dead() == []


def test_the_longest_wait_for_a_delivery_is_known(storage: Storage) -> None:
    assert storage.outbox.oldest_due() is None
    storage.requests.accept(request(1, at=NOW - 60), [CLINIC])
    assert storage.outbox.oldest_due() == NOW - 60


# -- forgetting --------------------------------------------------------------------------------------


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("test.sqlite*"))


def fill(storage: Storage, *, canary: str) -> None:
    """Requests by the dozen, so that pages are split and freed."""
    for number in range(60):
        draft_name = f"{canary}{number}" + "x" * 60
        storage.requests.accept(
            request(number, name=draft_name), [(Destination("receipt", f"{canary}@b.org"), f"m{number}")]
        )


def test_what_is_purged_is_gone_from_the_files_bytes_and_the_log(on_sqlite: Storage, tmp_path: Path) -> None:
    fill(on_sqlite, canary="zebracanary")
    assert b"zebracanary" in bytes_of(tmp_path)
    assert (tmp_path / "test.sqlite-wal").stat().st_size > 0
    assert on_sqlite.requests.purge(NOW + 366 * A_DAY) == 60
    assert b"zebracanary" not in bytes_of(tmp_path)


def test_what_is_erased_is_gone_from_every_table(storage: Storage) -> None:
    fill(storage, canary="zebracanary")
    assert all(storage.requests.erase(f"REF-{number:04}") for number in range(60))
    with storage.reading() as connection:
        for table in metadata.sorted_tables:
            assert connection.execute(sa.select(table)).all() == []


def test_a_log_that_cannot_be_cut_is_not_passed_over(on_sqlite: Storage, tmp_path: Path) -> None:
    fill(on_sqlite, canary="zebracanary")
    with closing(sqlite3.connect(tmp_path / "test.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM consultations").fetchone()
        with pytest.raises(StorageDown, match="purge again"):
            on_sqlite.requests.erase("REF-0001")
    on_sqlite.requests.purge(NOW)
    assert b"zebracanary1x" not in bytes_of(tmp_path)


@pytest.mark.parametrize("state", [State.REQUESTED, State.DONE])
def test_only_what_is_past_its_time_is_purged(storage: Storage, state: State) -> None:
    storage.requests.accept(request(1, at=NOW - 91 * A_DAY), [])
    if state is State.DONE:
        storage.requests.set_state("REF-0001", state, at=NOW - 91 * A_DAY)
    assert storage.requests.purge(NOW) == (1 if state is State.DONE else 0)


def test_keys_are_forgotten_before_the_request_is(storage: Storage) -> None:
    storage.requests.accept(request(1, at=NOW - 31 * A_DAY), [CLINIC])
    storage.requests.purge(NOW)
    with storage.reading() as connection:
        left = [len(connection.execute(sa.select(table)).all()) for table in (idempotency, deliveries)]
    assert left == [0, 1]


# -- bad days ----------------------------------------------------------------------------------------


def test_a_database_out_of_reach_raises_one_kind_of_error(tmp_path: Path) -> None:
    storage = Storage(f"sqlite:///{tmp_path}/missing/folder/x.sqlite")
    with pytest.raises(StorageDown):
        storage.feedback.count("is-it-safe", helpful=True, day=DAY)


def test_nobody_else_on_the_machine_may_read_the_file(on_sqlite: Storage, tmp_path: Path) -> None:
    on_sqlite.requests.accept(request(), [])
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("test.sqlite*")}
    assert modes == {0o600}


def test_a_file_that_was_moved_away_takes_no_request_with_it(on_sqlite: Storage, tmp_path: Path) -> None:
    on_sqlite.requests.accept(request(1), [])
    for path in tmp_path.glob("test.sqlite*"):
        path.rename(path.with_name(path.name.replace("test", "old")))
    for _ in range(2):  # the first to notice is refused, and the tables are made anew
        try:
            on_sqlite.requests.accept(request(2), [])
            break
        except StorageDown:
            continue
    assert [stored.reference for stored in on_sqlite.requests.all()] == ["REF-0002"]
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        assert old.execute("SELECT reference FROM consultations").fetchall() == [("REF-0001",)]


def test_a_locked_file_is_refused_in_time_and_works_again_by_itself(on_sqlite: Storage, tmp_path: Path) -> None:
    on_sqlite.requests.accept(request(1), [])
    with closing(sqlite3.connect(tmp_path / "test.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StorageDown):
            on_sqlite.requests.accept(request(2), [])
        assert time.monotonic() - began < 8
        holder.execute("ROLLBACK")
    assert on_sqlite.requests.accept(request(2), []).reference == "REF-0002"


def test_a_file_that_is_no_database_is_refused(on_sqlite: Storage, tmp_path: Path) -> None:
    (tmp_path / "test.sqlite").write_bytes(b"not a database " * 500)
    with pytest.raises(StorageDown):
        on_sqlite.requests.accept(request(), [])


@pytest.mark.parametrize("way", ["stop", "freeze"])
def test_a_server_that_is_gone_is_refused_in_time_and_works_again_by_itself(postgres: Postgres, way: str) -> None:
    storage = Storage(postgres.emptied())
    storage.requests.accept(request(1), [])
    getattr(postgres, way)()
    began = time.monotonic()
    try:
        with pytest.raises(StorageDown):
            storage.requests.accept(request(2), [])
        assert time.monotonic() - began < 8
    finally:
        postgres.start() if way == "stop" else postgres.thaw()
    assert storage.requests.accept(request(2), []).reference == "REF-0002"


def test_a_server_that_falls_silent_within_a_transaction_is_cut_off(postgres: Postgres) -> None:
    storage = Storage(postgres.emptied())
    storage.migrate()
    began = time.monotonic()
    with pytest.raises(StorageDown), storage.reading(patience=0.3) as connection:
        connection.execute(sa.text("SELECT pg_sleep(20)"))
    assert time.monotonic() - began < 8


def test_a_silent_database_holds_only_some_of_a_workers_threads(postgres: Postgres) -> None:
    storage = Storage(postgres.emptied())
    storage.migrate()

    def wait() -> str:
        try:
            with storage.reading(patience=2.5) as connection:
                connection.execute(sa.text("SELECT pg_sleep(5)"))
        except StorageDown as down:
            return str(down)
        return "answered"

    with ThreadPoolExecutor(8) as pool:
        said = [future.result() for future in [pool.submit(wait) for _ in range(8)]]
    assert said.count("busy") == 4
