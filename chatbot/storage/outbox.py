"""The outbox: what is to be announced of requests, who is at it, and what became of it."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, literal, select, update

from ..booking import Destination, Payload
from .database import LONG, Database
from .records import DEAD, DUE, ONE_SERVER, SENT, Delivery
from .rows import stored_in
from .tables import consultations, deliveries

_LOOKED_AT = 100


class Outbox:
    """The deliveries in a database; each verb is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        with self._database.writing() as connection:
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

    def give_up(self, target: str, *, error: str) -> None:
        """Give up every waiting delivery to a target that said it is gone.

        Raises StorageDown.
        """
        gone = and_(deliveries.c.target == target, deliveries.c.state == DUE)
        with self._database.writing() as connection:
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
        with self._database.writing() as connection:
            return connection.execute(again).rowcount

    def of(self, reference: str) -> list[Delivery]:
        """A request's deliveries.

        Raises StorageDown.
        """
        with self._database.reading() as connection:
            return self._deliveries(connection, consultations.c.reference == reference)

    def count(self) -> dict[str, int]:
        """How many deliveries are due, sent and dead.

        Raises StorageDown.
        """
        query = select(deliveries.c.state, func.count().label("rows")).group_by(deliveries.c.state)
        with self._database.reading() as connection:
            return {row.state: row.rows for row in connection.execute(query)}

    def dead(self) -> list[Delivery]:
        """Every dead delivery, oldest first.

        Raises StorageDown.
        """
        with self._database.reading(patience=LONG) as connection:
            return self._deliveries(connection, deliveries.c.state == DEAD)

    def oldest_due(self) -> float | None:
        """When the request was made that waits longest for a delivery; None when none waits.

        Raises StorageDown.
        """
        joined = select(func.min(consultations.c.created_at)).join_from(deliveries, consultations)
        with self._database.reading() as connection:
            return connection.execute(joined.where(deliveries.c.state == DUE)).scalar()

    def _deliveries(self, connection: Connection, condition: Any) -> list[Delivery]:
        joined = select(deliveries, consultations).join_from(deliveries, consultations).where(condition)
        rows = connection.execute(joined.order_by(deliveries.c.id))
        return [_delivery(row) for row in rows]

    def _note(self, delivery: Delivery, **values: object) -> None:
        """Change a delivery that is not done; a deliverer whose lease ran out must not undo another's success."""
        mine = and_(deliveries.c.id == delivery.id, deliveries.c.state != SENT)
        with self._database.writing() as connection:
            connection.execute(update(deliveries).where(mine).values(values))


# -- steps of a transaction of requests --------------------------------------------------------------


def announce(connection: Connection, id: int, destinations: Iterable[tuple[Destination, str]], *, at: float) -> None:
    """Set a request's deliveries (destination, message id) going."""
    for destination, message_id in destinations:
        connection.execute(insert(deliveries).values(_outgoing(id, destination, message_id, at)))


def withdraw(connection: Connection, ids: Collection[int]) -> None:
    """Remove the deliveries of requests."""
    connection.execute(delete(deliveries).where(deliveries.c.consultation_id.in_(ids)))


# -- rows and values ---------------------------------------------------------------------------------


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
        consultation=stored_in(row),
    )
