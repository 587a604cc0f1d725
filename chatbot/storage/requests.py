"""Consultation requests: kept once per key, moved on, and removed with all that hangs on them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ..booking import CLOSED, CLOSED_KEPT, DAY, KEYS_KEPT, REQUESTS_KEPT, Destination, State, change
from .database import LONG, Database
from .outbox import announce, withdraw
from .records import KeyInFlight, KeyReused, New, StorageDown, Stored
from .rows import columns, stored_in
from .tables import consultations, idempotency


class Requests:
    """The requests in a database; each verb is one transaction, with what it announces in the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(self, new: New, destinations: Iterable[tuple[Destination, str]]) -> Stored:
        """Store a request, its deliveries (destination, message id) and its key in one transaction.

        The same key again returns the request that is there. A second open request of one contact within a
        day is linked to the first and sets no delivery going.
        Raises KeyReused, KeyInFlight or StorageDown.
        """
        try:
            with self._database.writing() as connection:
                known = _by_key(connection, new.key_hash, new.body_hash)
                return known or self._insert(connection, new, destinations)
        except StorageDown as down:
            if isinstance(down.__cause__, IntegrityError):  # another worker stored this key first
                return self._again(new)
            if _is_lock_timeout(down.__cause__):
                raise KeyInFlight from down
            raise

    def by_key(self, key_hash: str, *, body_hash: str) -> Stored | None:
        """The request that was stored with this key.

        Raises KeyReused when it came with another body, or StorageDown.
        """
        with self._database.reading() as connection:
            return _by_key(connection, key_hash, body_hash)

    def _again(self, new: New) -> Stored:
        known = self.by_key(new.key_hash, body_hash=new.body_hash)
        if known is None:
            raise StorageDown("the request could not be stored")
        return known

    def _insert(self, connection: Connection, new: New, destinations: Iterable[tuple[Destination, str]]) -> Stored:
        self._one_of_a_contact_at_a_time(connection, new)
        first = self._open_request(connection, new)
        added = insert(consultations).values(columns(new, linked_to=first)).returning(consultations)
        stored = stored_in(connection.execute(added).one())
        connection.execute(
            insert(idempotency).values(
                key_hash=new.key_hash, body_hash=new.body_hash, consultation_id=stored.id, created_at=new.at
            )
        )
        if first is None:
            announce(connection, stored.id, destinations, at=new.at)
        return stored

    def _one_of_a_contact_at_a_time(self, connection: Connection, new: New) -> None:
        """Hold back another request of the same contact until this one is stored; SQLite does so anyway."""
        if not self._database.on_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(int(new.contact_key[:15], 16))))

    def _open_request(self, connection: Connection, new: New) -> str | None:
        return connection.execute(
            select(consultations.c.reference)
            .where(
                consultations.c.contact_key == new.contact_key,
                consultations.c.state.not_in(CLOSED),
                consultations.c.created_at > new.at - DAY,
                consultations.c.linked_to.is_(None),
            )
            .order_by(consultations.c.id)
            .limit(1)
        ).scalar()

    # -- reading and changing -------------------------------------------------------------------------

    def by_token(self, token_hash: str) -> Stored | None:
        """The request whose status link this is.

        Raises StorageDown.
        """
        return self._one(consultations.c.token_hash == token_hash)

    def by_reference(self, reference: str) -> Stored | None:
        """The request with this reference.

        Raises StorageDown.
        """
        return self._one(consultations.c.reference == reference)

    def all(self, *, state: State | None = None) -> list[Stored]:
        """All requests, or those in one state, oldest first.

        Raises StorageDown.
        """
        query = select(consultations).order_by(consultations.c.id)
        if state:
            query = query.where(consultations.c.state == state)
        with self._database.reading(patience=LONG) as connection:
            return [stored_in(row) for row in connection.execute(query)]

    def set_state(self, reference: str, to: State, *, at: float) -> Stored | None:
        """Move a request on; None when there is none.

        Raises NotAllowed or StorageDown.
        """
        with self._database.writing() as connection:
            return _moved(connection, reference, to, at=at)

    def cancel(self, reference: str, destinations: Iterable[tuple[Destination, str]], *, at: float) -> Stored | None:
        """Cancel a request; None when there is none.

        A later request of the same contact that was linked to it was never announced: it is now, and stands alone.
        Raises NotAllowed or StorageDown.
        """
        with self._database.writing() as connection:
            cancelled = _moved(connection, reference, State.CANCELLED, at=at)
            _announce_next(connection, reference, destinations, at=at)
            return cancelled

    def erase(self, reference: str) -> bool:
        """Remove a request with everything that hangs on it, from the file's free pages too.

        Raises StorageDown.
        """
        return self._remove(consultations.c.reference == reference) > 0

    def purge(self, now: float, *, closed_kept: float = CLOSED_KEPT) -> int:
        """Remove what is past its time; returns how many requests went.

        Raises StorageDown.
        """
        closed = and_(consultations.c.state.in_(CLOSED), consultations.c.changed_at < now - closed_kept)
        gone = self._remove(or_(closed, consultations.c.created_at < now - REQUESTS_KEPT))
        with self._database.writing() as connection:
            connection.execute(delete(idempotency).where(idempotency.c.created_at < now - KEYS_KEPT))
        return gone

    def _one(self, condition: Any) -> Stored | None:
        with self._database.reading() as connection:
            row = connection.execute(select(consultations).where(condition)).first()
        return stored_in(row) if row else None

    def _remove(self, condition: Any) -> int:
        with self._database.writing(patience=LONG) as connection:
            ids = [row.id for row in connection.execute(select(consultations.c.id).where(condition))]
            withdraw(connection, ids)
            connection.execute(delete(idempotency).where(idempotency.c.consultation_id.in_(ids)))
            connection.execute(delete(consultations).where(consultations.c.id.in_(ids)))
        self._database.empty_log()
        return len(ids)


# -- steps of a transaction --------------------------------------------------------------------------


def _by_key(connection: Connection, key_hash: str, body_hash: str) -> Stored | None:
    row = connection.execute(
        select(idempotency.c.body_hash, consultations)
        .join_from(idempotency, consultations)
        .where(idempotency.c.key_hash == key_hash)
    ).first()
    if row is None:
        return None
    if row.body_hash != body_hash:
        raise KeyReused
    return stored_in(row)


def _moved(connection: Connection, reference: str, to: State, *, at: float) -> Stored | None:
    query = select(consultations).where(consultations.c.reference == reference)
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        return None
    moved = change(State(row.state), to)
    connection.execute(update(consultations).where(consultations.c.id == row.id).values(state=moved, changed_at=at))
    return stored_in(connection.execute(query).one())


def _announce_next(
    connection: Connection, reference: str, destinations: Iterable[tuple[Destination, str]], *, at: float
) -> None:
    linked = and_(consultations.c.linked_to == reference, consultations.c.state.not_in(CLOSED))
    oldest = select(consultations).where(linked).order_by(consultations.c.id).limit(1)
    following = connection.execute(oldest).first()
    if following is None:
        return
    of_it = consultations.c.id == following.id
    connection.execute(update(consultations).where(linked).values(linked_to=following.reference))
    connection.execute(update(consultations).where(of_it).values(linked_to=None))
    announce(connection, following.id, destinations, at=at)


def _is_lock_timeout(cause: BaseException | None) -> bool:
    return "LockNotAvailable" in type(getattr(cause, "orig", None)).__name__
