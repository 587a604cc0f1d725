"""Questions that got no answer, redacted, by day."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, insert, select

from .database import Database
from .tables import unanswered


class Unanswered:
    """The questions in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, text: str, *, day: date) -> None:
        """Keep one redacted question.

        Raises StorageDown.
        """
        with self._database.writing() as connection:
            connection.execute(insert(unanswered).values(day=day, text=text))

    def texts(self) -> list[str]:
        """All that is kept.

        Raises StorageDown.
        """
        with self._database.reading() as connection:
            return list(connection.execute(select(unanswered.c.text)).scalars())

    def purge(self, now: float, *, days: int) -> int:
        """Remove the questions that are older than so many days; returns how many went.

        Raises StorageDown.
        """
        first_kept = datetime.fromtimestamp(now, UTC).date() - timedelta(days=days)
        with self._database.writing() as connection:
            gone = connection.execute(delete(unanswered).where(unanswered.c.day < first_kept)).rowcount
        if gone:
            self._database.empty_log()
        return gone
