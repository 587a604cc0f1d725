"""Connecting: hides which database it is, its locks, and its faults behind one kind of error."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from .records import StorageDown

HEAD = "0002"
"""The newest migration; a test holds it against the folder."""

MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE = 3  # seconds to wait for a lock or a connection


class Database:
    """The database behind an SQLAlchemy address.

    It connects at first use, so that a chat never waits for it, and then makes missing tables under `lock`.
    """

    def __init__(self, url: str, *, lock: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._url = url
        self._lock = lock
        self._prepared = False
        self._engines: dict[int, Engine] = {}

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start; committed at the end.

        Raises StorageDown.
        """
        self._prepare()
        with self._faults(), self.engine.execution_options(writes=True).begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads.

        Raises StorageDown.
        """
        self._prepare()
        with self._faults(), self.engine.begin() as connection:
            yield connection

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to a revision: `head`, making what is missing, or `base`, removing all.

        Raises StorageDown.
        """
        with self._faults():
            with self.engine.begin() as connection:
                if revision == "head" and _revision(connection) == HEAD:
                    return
            _alembic(self._url, revision)

    def _prepare(self) -> None:
        if not self._prepared:
            with self._lock():
                self.migrate()
            self._prepared = True

    def check(self) -> None:
        """Raise StorageDown unless the database answers and has its tables."""
        with self.reading() as connection:
            if _revision(connection) != HEAD:
                raise StorageDown("the tables are not at the newest revision")

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @property
    def engine(self) -> Engine:
        """This process's engine, made at first use; a fork must not share its parent's connections."""
        pid = os.getpid()
        if pid not in self._engines:
            self._engines = {pid: self._made()}
        return self._engines[pid]

    def _made(self) -> Engine:
        if self._url.startswith("sqlite"):
            engine = create_engine(self._url)
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        options = f"-c lock_timeout={_PATIENCE}s -c statement_timeout={4 * _PATIENCE}s"
        patience = {"connect_timeout": _PATIENCE, "options": options}
        return create_engine(self._url, pool_pre_ping=True, pool_timeout=_PATIENCE, connect_args=patience)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            raise StorageDown(type(error).__name__) from error


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin as _begin_sqlite says
    waits = f"busy_timeout={_PATIENCE * 1000}"
    for pragma in (waits, "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    try:
        with connection.begin_nested():
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return None


def _alembic(url: str, revision: str) -> None:
    from alembic import command  # slow to import, needed only when tables are missing
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    move = command.downgrade if revision == "base" else command.upgrade
    move(config, revision)
