"""What is stored and what can go wrong, as plain values: loads no SQL."""

from dataclasses import dataclass

from ..booking import Destination, Request, State

DUE, SENT, DEAD = "due", "sent", "dead"
ONE_SERVER = "one server"
"""Stands for the target of every delivery that goes through the same server, as all mails do."""


class KeyReused(Exception):
    """The idempotency key came with another body before."""


class KeyInFlight(Exception):
    """A request with the same key is being stored at this moment."""


@dataclass(frozen=True, slots=True)
class New:
    """A request with everything that is decided before it is stored; times are epoch seconds."""

    request: Request
    reference: str
    token_hash: str
    contact_key: str
    partner: str
    key_hash: str
    body_hash: str
    at: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A request as it is kept."""

    id: int
    reference: str
    state: State
    partner: str
    created_at: float
    changed_at: float
    linked_to: str | None
    request: Request


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one destination."""

    id: int
    message_id: str
    destination: Destination
    attempts: int
    state: str
    next_at: float
    error: str
    consultation: Stored


class StorageDown(Exception):
    """The database cannot be reached or refuses; what was asked has not happened."""
