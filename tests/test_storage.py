"""The database."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from chatbot.storage import Storage, StorageDown
from chatbot.storage.database import HEAD, MIGRATIONS
from chatbot.storage.tables import feedback, metadata

DAY = date(2027, 1, 2)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture
def storage(url: str) -> Iterator[Storage]:
    storage = Storage(url)
    storage.migrate()
    yield storage
    storage.close()


def rows(url: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.select(feedback))]
    engine.dispose()
    return found


def test_thumbs_are_counted_by_day_and_entry(storage: Storage, url: str) -> None:
    for helpful in (True, True, False):
        storage.count_feedback("is-it-safe", helpful=helpful, day=DAY)
    assert rows(url) == [(DAY, "is-it-safe", 2, 1)]


def test_migrating_twice_changes_nothing(storage: Storage, url: str) -> None:
    storage.count_feedback("is-it-safe", helpful=True, day=DAY)
    storage.migrate()
    assert len(rows(url)) == 1


def test_the_named_head_is_the_newest_migration() -> None:
    newest = max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert newest == HEAD


def test_migrations_make_exactly_the_tables(storage: Storage, url: str) -> None:
    engine = sa.create_engine(url)
    made = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    assert made == set(metadata.tables)


def test_each_migration_can_be_undone(storage: Storage, url: str) -> None:
    storage.migrate("base")
    engine = sa.create_engine(url)
    left = sa.inspect(engine).get_table_names()
    engine.dispose()
    assert left == ["alembic_version"]


def test_missing_tables_are_made_at_first_use(url: str) -> None:
    storage = Storage(url)
    storage.check()
    storage.close()


def test_a_database_out_of_reach_raises_one_kind_of_error(tmp_path: Path) -> None:
    storage = Storage(f"sqlite:///{tmp_path}/missing/folder/x.sqlite")
    with pytest.raises(StorageDown):
        storage.count_feedback("is-it-safe", helpful=True, day=DAY)
