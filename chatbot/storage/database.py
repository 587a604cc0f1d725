"""Connecting: hides which database it is, its locks, its silences, and its faults behind one kind of error."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError

from ..deadline import Deadline
from .records import StorageDown

HEAD = "0003"
"""The newest migration; a test holds it against the folder."""

MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE = 3.0  # seconds that a transaction may take, waiting included
_LOCK_PATIENCE = 2  # of them for a lock, or for a connection
_QUEUE_PATIENCE = 1.0
_AT_ONCE = 4  # threads of a process that may be in the database: the others stay free for the chat
LONG = 60.0
"""Seconds for staff's work on many requests."""


class Database:
    """The database behind an SQLAlchemy address.

    It connects at first use, so that a chat never waits for it, and then makes missing tables under `lock`.
    """

    def __init__(self, url: str, *, lock: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._url = url
        self._lock = lock
        self._prepared = False
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        self._engines: dict[int, Engine] = {}

    @contextmanager
    def writing(self, *, patience: float = _PATIENCE) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start; committed at the end.

        Raises StorageDown; where the connection broke during COMMIT itself, what was written may be there.
        """
        with self._transaction(patience, writes=True) as connection:
            yield connection

    @contextmanager
    def reading(self, *, patience: float = _PATIENCE) -> Iterator[Connection]:
        """One transaction that only reads.

        Raises StorageDown.
        """
        with self._transaction(patience, writes=False) as connection:
            yield connection

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to a revision: `head`, making what is missing, or an older one, removing what came later.

        Tables that a newer release has brought up already are left as they are: migrations only add.
        Raises StorageDown.
        """
        with self._faults():
            with self._connected(_PATIENCE) as connection, connection.begin():
                found = _revision(connection)
            if revision == "head" and _is_current(found):
                return
            _alembic(self._url, revision, found)

    def revision(self) -> str | None:
        """The newest migration that the tables have seen; None when there are no tables.

        Raises StorageDown.
        """
        with self._faults(), self._connected(_PATIENCE) as connection, connection.begin():
            return _revision(connection)

    @contextmanager
    def _transaction(self, patience: float, *, writes: bool) -> Iterator[Connection]:
        if not self._free.acquire(timeout=_QUEUE_PATIENCE):
            raise StorageDown("busy")
        try:
            self._prepare()
            with self._faults(), self._connected(patience, writes=writes) as connection, connection.begin():
                yield connection
        finally:
            self._free.release()

    @contextmanager
    def _connected(self, patience: float, *, writes: bool = False) -> Iterator[Connection]:
        """A connection that is cut when the server stays silent; SQLite has no server and its own patience."""
        with self.engine.execution_options(writes=writes).connect() as connection:
            if self.on_sqlite:
                yield connection
                return
            raw: Any = connection.connection.driver_connection
            with Deadline(patience) as deadline:
                deadline.watch(raw.pgconn.socket)
                yield connection

    def _prepare(self) -> None:
        """Make missing tables, at first use and after every fault, because the file may be a new one.

        A server is asked before the lock is taken, so that one that is down does not make all wait in a row.
        """
        if self._prepared:
            return
        if self.on_sqlite or not _is_current(self.revision()):
            with self._lock():
                self.migrate()
        self._prepared = True

    def check(self) -> None:
        """Raise StorageDown unless the database answers and has its tables."""
        with self.reading() as connection:
            if not _is_current(_revision(connection)):
                raise StorageDown("the tables are not at the newest revision")

    def empty_log(self) -> None:
        """Write SQLite's log back and cut it, so that what was erased is not left in it.

        Raises StorageDown when somebody reads for so long that it cannot be cut; the next purge cuts it.
        """
        if not self.on_sqlite:
            return
        with self._faults(), self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StorageDown("it is erased, but the database's log is in use and could not be cut: purge again")

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

    @property
    def on_sqlite(self) -> bool:
        """Whether it is SQLite: one file, and one that writes at a time."""
        return self._url.startswith("sqlite")

    def _made(self) -> Engine:
        if self.on_sqlite:
            engine = create_engine(self._url, hide_parameters=True)
            event.listen(engine, "do_connect", _make_private_file)
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "checkout", _still_the_same_file)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        options = f"-c lock_timeout={_LOCK_PATIENCE}s -c statement_timeout={LONG:.0f}s"
        patience = {"connect_timeout": _LOCK_PATIENCE, "options": options}
        # No pool: a connection kept over a restart or a silence of the server would have to be asked whether it
        # still lives, and that question has no time limit. A request is rare and connecting costs milliseconds.
        named: dict[str, Any] = {"hide_parameters": True, "connect_args": patience, "use_native_hstore": False}
        return create_engine(self._url, poolclass=NullPool, **named)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            self._prepared = False
            raise StorageDown(type(error).__name__) from error


def _make_private_file(_dialect: object, _record: object, arguments: list[Any], _named: object) -> None:
    path = str(arguments[0])
    if path and path != ":memory:":
        Path(path).touch(mode=0o600)  # contact details are nobody else's on this machine


def _set_up_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin as _begin_sqlite says
    waits = f"busy_timeout={_LOCK_PATIENCE * 1000}"
    for pragma in (waits, "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    record.info["file"] = _file_of(connection)


def _still_the_same_file(connection: Any, record: Any, _proxy: object) -> None:
    """Refuse a kept connection to a file that was moved away, as by restoring a backup: what it takes is lost."""
    if record.info["file"] != _file_of(connection):
        raise DisconnectionError


def _file_of(connection: Any) -> tuple[int, int] | None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    try:
        found = os.stat(path) if path else None
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    try:
        with connection.begin_nested():
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return None


def _is_current(revision: str | None) -> bool:
    """Whether tables at this revision serve: during a rolling deploy they may be newer than this code."""
    return revision is not None and revision >= HEAD


def _alembic(url: str, revision: str, found: str | None) -> None:
    from alembic import command  # slow to import, needed only when tables are missing
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    back = revision == "base" or (revision != "head" and revision < (found or ""))
    try:
        (command.downgrade if back else command.upgrade)(config, revision)
    except CommandError as error:
        raise StorageDown(f"there is no migration {revision}") from error
