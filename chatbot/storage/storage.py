"""Everything that is stored, as verbs; each is one transaction."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ..booking import CLOSED, DAY, Consent, Destination, Payload, Request, State, Time, change
from .database import LONG, Database
from .records import DEAD, DUE, ONE_SERVER, SENT, Delivery, KeyInFlight, KeyReused, New, StorageDown, Stored
from .tables import consultations, deliveries, feedback, idempotency, unanswered

_LOOKED_AT = 100


class Storage(Database):
    """What the service keeps."""

    # -- feedback -------------------------------------------------------------------------------------

    def count_feedback(self, entry: str, *, helpful: bool, day: date) -> None:
        """Add one to an entry's count of the day.

        Raises StorageDown.
        """
        column = "helpful" if helpful else "unhelpful"
        dialect: Any = sqlite if self.engine.dialect.name == "sqlite" else postgresql
        added = dialect.insert(feedback).values(day=day, entry=entry, **{column: 1})
        counted = added.on_conflict_do_update(index_elements=["day", "entry"], set_={column: feedback.c[column] + 1})
        with self.writing() as connection:
            connection.execute(counted)

    # -- unanswered -----------------------------------------------------------------------------------

    def keep_unanswered(self, text: str, *, day: date) -> None:
        """Keep one redacted question.

        Raises StorageDown.
        """
        with self.writing() as connection:
            connection.execute(insert(unanswered).values(day=day, text=text))

    def unanswered(self, *, since: date) -> list[str]:
        """The redacted questions of a day and later.

        Raises StorageDown.
        """
        with self.reading() as connection:
            return list(connection.execute(select(unanswered.c.text).where(unanswered.c.day >= since)).scalars())

    def forget_unanswered(self, *, before: date) -> int:
        """Remove the questions of earlier days; returns how many.

        Raises StorageDown.
        """
        with self.writing() as connection:
            gone = connection.execute(delete(unanswered).where(unanswered.c.day < before)).rowcount
        if gone:
            self._empty_wal()
        return gone

    # -- accepting ------------------------------------------------------------------------------------

    def accept(self, new: New, destinations: Iterable[tuple[Destination, str]]) -> Stored:
        """Store a request, its deliveries (destination, message id) and its key in one transaction.

        The same key again returns the request that is there. A second open request of one contact within a
        day is linked to the first and sets no delivery going.
        Raises KeyReused, KeyInFlight or StorageDown.
        """
        try:
            with self.writing() as connection:
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
        with self.reading() as connection:
            return _by_key(connection, key_hash, body_hash)

    def _again(self, new: New) -> Stored:
        known = self.by_key(new.key_hash, body_hash=new.body_hash)
        if known is None:
            raise StorageDown("the request could not be stored")
        return known

    def _insert(self, connection: Connection, new: New, destinations: Iterable[tuple[Destination, str]]) -> Stored:
        self._one_of_a_contact_at_a_time(connection, new)
        first = self._open_request(connection, new)
        added = insert(consultations).values(_columns(new, linked_to=first)).returning(consultations)
        stored = _stored(connection.execute(added).one())
        connection.execute(
            insert(idempotency).values(
                key_hash=new.key_hash, body_hash=new.body_hash, consultation_id=stored.id, created_at=new.at
            )
        )
        if first is None:
            _announce(connection, stored.id, destinations, at=new.at)
        return stored

    def _one_of_a_contact_at_a_time(self, connection: Connection, new: New) -> None:
        """Hold back another request of the same contact until this one is stored; SQLite does so anyway."""
        if self.engine.dialect.name == "postgresql":
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

    def requests(self, *, state: State | None = None) -> list[Stored]:
        """All requests, or those in one state, oldest first.

        Raises StorageDown.
        """
        query = select(consultations).order_by(consultations.c.id)
        if state:
            query = query.where(consultations.c.state == state)
        with self.reading(patience=LONG) as connection:
            return [_stored(row) for row in connection.execute(query)]

    def set_state(self, reference: str, to: State, *, at: float) -> Stored | None:
        """Move a request on; None when there is none.

        Raises NotAllowed or StorageDown.
        """
        with self.writing() as connection:
            return _moved(connection, reference, to, at=at)

    def cancel(self, reference: str, destinations: Iterable[tuple[Destination, str]], *, at: float) -> Stored | None:
        """Cancel a request; None when there is none.

        A later request of the same contact that was linked to it was never announced: it is now, and stands alone.
        Raises NotAllowed or StorageDown.
        """
        with self.writing() as connection:
            cancelled = _moved(connection, reference, State.CANCELLED, at=at)
            _announce_next(connection, reference, destinations, at=at)
            return cancelled

    def erase(self, reference: str) -> bool:
        """Remove a request with everything that hangs on it, from the file's free pages too.

        Raises StorageDown.
        """
        return self._remove(consultations.c.reference == reference) > 0

    def purge(self, *, closed_before: float, created_before: float, keys_before: float) -> int:
        """Remove what is past its time; returns how many requests went.

        Raises StorageDown.
        """
        closed = and_(consultations.c.state.in_(CLOSED), consultations.c.changed_at < closed_before)
        gone = self._remove(or_(closed, consultations.c.created_at < created_before))
        with self.writing() as connection:
            connection.execute(delete(idempotency).where(idempotency.c.created_at < keys_before))
        return gone

    def _one(self, condition: Any) -> Stored | None:
        with self.reading() as connection:
            row = connection.execute(select(consultations).where(condition)).first()
        return _stored(row) if row else None

    def _remove(self, condition: Any) -> int:
        with self.writing(patience=LONG) as connection:
            ids = [row.id for row in connection.execute(select(consultations.c.id).where(condition))]
            for table in (idempotency, deliveries):
                connection.execute(delete(table).where(table.c.consultation_id.in_(ids)))
            connection.execute(delete(consultations).where(consultations.c.id.in_(ids)))
        self._empty_wal()
        return len(ids)

    def _empty_wal(self) -> None:
        """Write SQLite's log back and cut it, so that what was erased is not left in it.

        Raises StorageDown when somebody reads for so long that it cannot be cut; the next purge cuts it.
        """
        if not self._on_sqlite:
            return
        with self._faults(), self.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StorageDown("it is erased, but the database's log is in use and could not be cut: purge again")

    # -- delivering -----------------------------------------------------------------------------------

    def claim(
        self,
        *,
        at: float,
        lease: float,
        limit: int = 10,
        busy: Collection[str] = (),
        one_server: Collection[str] = (),
    ) -> list[Delivery]:
        """Take due deliveries for `lease` seconds, one for each target that is not `busy`; nobody else gets them.

        The channels in `one_server` count as one target, ONE_SERVER.
        Raises StorageDown.
        """
        due = and_(deliveries.c.state == DUE, deliveries.c.next_at <= at, deliveries.c.lease_until <= at)
        lane = case((deliveries.c.channel.in_(one_server), literal(ONE_SERVER)), else_=deliveries.c.target)
        free = select(deliveries.c.id, lane.label("lane")).where(due, lane.not_in(busy))
        query = free.order_by(deliveries.c.next_at).limit(_LOOKED_AT)
        with self.writing() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            oldest = {row.lane: row.id for row in reversed(rows)}
            ids = sorted(oldest.values())[:limit]
            if not ids:
                return []
            taken = update(deliveries).where(deliveries.c.id.in_(ids)).values(lease_until=at + lease)
            connection.execute(taken)
            return self._deliveries(connection, deliveries.c.id.in_(ids))

    def sent(self, delivery: Delivery) -> None:
        """Note that a delivery arrived.

        Raises StorageDown.
        """
        self._note(delivery, state=SENT, attempts=delivery.attempts + 1, error="")

    def failed(self, delivery: Delivery, *, error: str, next_at: float | None) -> None:
        """Note a failed try: again at `next_at`, or given up when that is None; nothing where it arrived meanwhile.

        Raises StorageDown.
        """
        state = DUE if next_at is not None else DEAD
        attempts = delivery.attempts + 1
        self._note(delivery, state=state, attempts=attempts, error=error[:120], next_at=next_at or 0.0, lease_until=0.0)

    def pause(self, target: str, *, error: str) -> None:
        """Give up every waiting delivery to a target that said it is gone.

        Raises StorageDown.
        """
        gone = and_(deliveries.c.target == target, deliveries.c.state == DUE)
        with self.writing() as connection:
            connection.execute(update(deliveries).where(gone).values(state=DEAD, error=error[:120]))

    def retry(self, reference: str | None = None, *, at: float) -> int:
        """Set a request's dead deliveries, or all of them, going again; returns how many.

        Raises StorageDown.
        """
        dead = deliveries.c.state == DEAD
        if reference:
            mine = select(consultations.c.id).where(consultations.c.reference == reference).scalar_subquery()
            dead = and_(dead, deliveries.c.consultation_id == mine)
        again = update(deliveries).where(dead).values(state=DUE, attempts=0, next_at=at, lease_until=0.0)
        with self.writing() as connection:
            return connection.execute(again).rowcount

    def deliveries_of(self, reference: str) -> list[Delivery]:
        """A request's deliveries.

        Raises StorageDown.
        """
        with self.reading() as connection:
            return self._deliveries(connection, consultations.c.reference == reference)

    def count_deliveries(self) -> dict[str, int]:
        """How many deliveries are due, sent and dead.

        Raises StorageDown.
        """
        query = select(deliveries.c.state, func.count().label("rows")).group_by(deliveries.c.state)
        with self.reading() as connection:
            return {row.state: row.rows for row in connection.execute(query)}

    def given_up(self) -> list[Delivery]:
        """Every dead delivery, oldest first.

        Raises StorageDown.
        """
        with self.reading(patience=LONG) as connection:
            return self._deliveries(connection, deliveries.c.state == DEAD)

    def oldest_due(self) -> float | None:
        """When the request was made that waits longest for a delivery; None when none waits.

        Raises StorageDown.
        """
        joined = select(func.min(consultations.c.created_at)).join_from(deliveries, consultations)
        with self.reading() as connection:
            return connection.execute(joined.where(deliveries.c.state == DUE)).scalar()

    def _deliveries(self, connection: Connection, condition: Any) -> list[Delivery]:
        joined = select(deliveries, consultations).join_from(deliveries, consultations).where(condition)
        rows = connection.execute(joined.order_by(deliveries.c.id))
        return [_delivery(row) for row in rows]

    def _note(self, delivery: Delivery, **values: object) -> None:
        """Change a delivery that is not done; a deliverer whose lease ran out must not undo another's success."""
        mine = and_(deliveries.c.id == delivery.id, deliveries.c.state != SENT)
        with self.writing() as connection:
            connection.execute(update(deliveries).where(mine).values(values))


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
    return _stored(row)


def _moved(connection: Connection, reference: str, to: State, *, at: float) -> Stored | None:
    query = select(consultations).where(consultations.c.reference == reference)
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        return None
    moved = change(State(row.state), to)
    connection.execute(update(consultations).where(consultations.c.id == row.id).values(state=moved, changed_at=at))
    return _stored(connection.execute(query).one())


def _announce(connection: Connection, id: int, destinations: Iterable[tuple[Destination, str]], *, at: float) -> None:
    for destination, message_id in destinations:
        connection.execute(insert(deliveries).values(_outgoing(id, destination, message_id, at)))


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
    _announce(connection, following.id, destinations, at=at)


# -- rows and values ---------------------------------------------------------------------------------


def _columns(new: New, *, linked_to: str | None) -> dict[str, object]:
    details = asdict(new.request)
    details.pop("consent")
    return {
        "reference": new.reference,
        "token_hash": new.token_hash,
        "state": State.REQUESTED,
        "partner": new.partner,
        "created_at": new.at,
        "changed_at": new.at,
        "contact_key": new.contact_key,
        "linked_to": linked_to,
        "details": json.dumps(details),
        "consent_version": new.request.consent.version,
        "consent_hash": new.request.consent.hash,
        "consent_at": new.at,
    }


def _outgoing(id: int, destination: Destination, message_id: str, at: float) -> dict[str, object]:
    return {
        "consultation_id": id,
        "message_id": message_id,
        "channel": destination.channel,
        "target": destination.target,
        "payload": destination.payload,
        "state": DUE,
        "attempts": 0,
        "next_at": at,
        "lease_until": 0.0,
        "error": "",
    }


def _stored(row: Row[Any]) -> Stored:
    found = row._mapping
    details = json.loads(found[consultations.c.details])
    details["times"] = tuple(Time(**time) for time in details["times"])
    consent = Consent(found[consultations.c.consent_version], found[consultations.c.consent_hash])
    return Stored(
        id=found[consultations.c.id],
        reference=found[consultations.c.reference],
        state=State(found[consultations.c.state]),
        partner=found[consultations.c.partner],
        created_at=found[consultations.c.created_at],
        changed_at=found[consultations.c.changed_at],
        linked_to=found[consultations.c.linked_to],
        request=Request(**details, consent=consent),
    )


def _delivery(row: Row[Any]) -> Delivery:
    found = row._mapping
    destination = Destination(
        found[deliveries.c.channel], found[deliveries.c.target], Payload(found[deliveries.c.payload])
    )
    return Delivery(
        id=found[deliveries.c.id],
        message_id=found[deliveries.c.message_id],
        destination=destination,
        attempts=found[deliveries.c.attempts],
        state=found[deliveries.c.state],
        next_at=found[deliveries.c.next_at],
        error=found[deliveries.c.error],
        consultation=_stored(row),
    )


def _is_lock_timeout(cause: BaseException | None) -> bool:
    return "LockNotAvailable" in type(getattr(cause, "orig", None)).__name__
