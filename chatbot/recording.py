"""Keeping questions that got no answer for the editors' report: hides that a reply never waits for the database."""

from collections.abc import Callable, Collection
from datetime import date
from threading import BoundedSemaphore, Thread

from .redaction import redact
from .storage import Storage

Today = Callable[[], date]
Report = Callable[[Exception], None]

_LONGEST = 300
_AT_ONCE = 4  # a database that hangs holds up so many writers; what comes meanwhile is not kept


class Recorder:
    """Redacts a question in the caller's thread and stores what is left in another; a fault is reported, no more."""

    def __init__(self, storage: Storage, known: Collection[str], *, today: Today, report: Report) -> None:
        self._storage = storage
        self._known = known
        self._today = today
        self._report = report
        self._free = BoundedSemaphore(_AT_ONCE)

    def record(self, question: str) -> Thread | None:
        """Keep a question, redacted; returns the thread that stores it, None when all are busy."""
        if not self._free.acquire(blocking=False):
            return None
        text = redact(question, self._known)[:_LONGEST]
        thread = Thread(target=self._store, args=(text,), name="unanswered", daemon=True)
        thread.start()
        return thread

    def _store(self, text: str) -> None:
        try:
            self._storage.unanswered.keep(text, day=self._today())
        except Exception as fault:  # the report is never worth more than a service that goes on
            self._report(fault)
        finally:
            self._free.release()
