"""The database: hides SQL and which database it is."""

from .database import HEAD, MIGRATIONS, StorageDown
from .storage import DEAD, DUE, SENT, Delivery, KeyInFlight, KeyReused, New, Storage, Stored

__all__ = [
    "DEAD",
    "DUE",
    "HEAD",
    "MIGRATIONS",
    "SENT",
    "Delivery",
    "KeyInFlight",
    "KeyReused",
    "New",
    "Storage",
    "StorageDown",
    "Stored",
]
