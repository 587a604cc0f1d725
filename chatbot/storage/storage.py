"""Everything that is stored: one database and what each part of it is asked for."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from ..booking import CLOSED_KEPT
from .database import Database
from .feedback import Feedback
from .outbox import Outbox
from .requests import Requests
from .unanswered import Unanswered


class Storage(Database):
    """What the service keeps."""

    def __init__(self, url: str, *, lock: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        super().__init__(url, lock=lock)
        self.requests = Requests(self)
        self.outbox = Outbox(self)
        self.feedback = Feedback(self)
        self.unanswered = Unanswered(self)

    def purge(self, now: float, *, unanswered_days: int, closed_kept: float = CLOSED_KEPT) -> int:
        """Remove everything that is past its time (seconds; days for questions); returns how many requests went.

        Raises StorageDown.
        """
        self.unanswered.purge(now, days=unanswered_days)
        return self.requests.purge(now, closed_kept=closed_kept)
