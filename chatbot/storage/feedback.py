"""Thumbs up and down, counted by entry and day."""

from datetime import date
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from .database import Database
from .tables import feedback


class Feedback:
    """The counts in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, entry: str, *, helpful: bool, day: date) -> None:
        """Add one to an entry's count of the day.

        Raises StorageDown.
        """
        column = "helpful" if helpful else "unhelpful"
        dialect: Any = sqlite if self._database.on_sqlite else postgresql
        added = dialect.insert(feedback).values(day=day, entry=entry, **{column: 1})
        counted = added.on_conflict_do_update(index_elements=["day", "entry"], set_={column: feedback.c[column] + 1})
        with self._database.writing() as connection:
            connection.execute(counted)
