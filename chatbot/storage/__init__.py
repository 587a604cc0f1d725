"""The database: hides SQL and which database it is; SQL is loaded at first use, so that a chat never waits for it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .records import DEAD, DUE, ONE_SERVER, SENT, Delivery, KeyInFlight, KeyReused, New, StorageDown, Stored

__all__ = [
    "DEAD", "DUE", "ONE_SERVER", "SENT", "Delivery", "KeyInFlight", "KeyReused", "New", "Storage", "StorageDown",
    "Stored",
]  # fmt: skip

if TYPE_CHECKING:
    from .storage import Storage
else:

    class Storage:
        """Stands for the real one until something is asked of it."""

        def __init__(self, url: str, *, lock: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
            self._opens = (url, lock)

        @cached_property
        def _real(self) -> Any:
            from .storage import Storage as Real

            url, lock = self._opens
            return Real(url, lock=lock)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)
