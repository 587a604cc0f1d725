"""Emptying the outbox: hides leases, retries and how many deliverers work side by side."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from ..booking import DAY, next_try
from ..storage import ONE_SERVER, Delivery, Storage, StorageDown
from .channel import Channel, GivenUp, NotDelivered

LEASE = 60.0
"""Seconds a deliverer may hold a delivery; longer than any try, so that a killed one's work is taken over."""

_PAUSE = 1.0
_BEAT = 0.2  # seconds until a wish to stop is noticed
_LONGEST_PAUSE = 30.0  # after fault upon fault, so that a log is not flooded
_AT_ONCE = 8

Clock = Callable[[], float]
Report = Callable[[Exception], None]


class Drain:
    """Delivers what is due; several drains on one database never take the same delivery.

    One delivery at a time goes to one webhook and one to the mail server, so that whoever hangs delays nobody else.
    """

    def __init__(
        self,
        storage: Storage,
        channels: Mapping[str, Channel],
        *,
        report: Report,
        clock: Clock = time.time,
        unanswered_days: int = 30,
    ) -> None:
        self._storage = storage
        self._channels = channels
        self._one_server = tuple(name for name, channel in channels.items() if channel.one_server)
        self._report = report
        self._clock = clock
        self._unanswered_days = unanswered_days
        self._purged_at = 0.0
        self._under_way: dict[str, Future[None]] = {}
        self._done = threading.Event()

    def run_once(self) -> int:
        """Deliver what is due now and wait for it; returns how many were tried.

        Raises StorageDown.
        """
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            return self._start_due(pool)

    def purge(self) -> None:
        """Remove everything that is past its time.

        Raises StorageDown.
        """
        self._storage.purge(self._clock(), unanswered_days=self._unanswered_days)

    def run(self, stop: threading.Event) -> None:
        """Deliver and purge daily until told to stop; whatever fails is reported and tried again."""
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="deliver") as pool:
            faults = 0
            while not stop.is_set():
                started = 0
                try:
                    started = self._start_due(pool)
                    self._purge_daily()
                    faults = 0
                except Exception as fault:
                    self._report(fault)
                    faults += 1
                if not started:
                    self._rest(stop, min(_PAUSE * 2**faults, _LONGEST_PAUSE))

    def _rest(self, stop: threading.Event, seconds: float) -> None:
        """Wait until a delivery is done, which may let the next one go, or until time is up."""
        until = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < until:
            if self._done.wait(_BEAT):
                break
        self._done.clear()

    def start(self) -> Callable[[], None]:
        """Run in a thread of this process; returns what stops it."""
        stop = threading.Event()
        thread = threading.Thread(target=self.run, args=(stop,), name="drain", daemon=True)
        thread.start()
        return stop.set

    def _start_due(self, pool: ThreadPoolExecutor) -> int:
        self._under_way = {lane: future for lane, future in self._under_way.items() if not future.done()}
        free = _AT_ONCE - len(self._under_way)
        if free <= 0:
            return 0
        claimed = self._storage.outbox.claim(
            at=self._clock(), lease=LEASE, limit=free, busy=tuple(self._under_way), one_server=self._one_server
        )
        for delivery in claimed:
            future = self._under_way[self._lane(delivery)] = pool.submit(self._deliver, delivery)
            future.add_done_callback(lambda _: self._done.set())
        return len(claimed)

    def _lane(self, delivery: Delivery) -> str:
        to = delivery.destination
        return ONE_SERVER if to.channel in self._one_server else to.target

    def _deliver(self, delivery: Delivery) -> None:
        """Try one delivery and note what became of it; a fault in noting leaves it to the lease's end."""
        try:
            self._try(delivery)
        except StorageDown as down:
            self._report(down)

    def _try(self, delivery: Delivery) -> None:
        channel = self._channels.get(delivery.destination.channel)
        try:
            if channel is None:
                raise NotDelivered("the channel is not configured")
            channel.send(delivery, at=self._clock())
        except NotDelivered as reason:
            self._note_failure(delivery, reason)
        except Exception as fault:  # a fault of ours must not lose the delivery
            self._report(fault)
            self._note_failure(delivery, NotDelivered(type(fault).__name__))
        else:
            self._storage.outbox.sent(delivery)

    def _note_failure(self, delivery: Delivery, reason: NotDelivered) -> None:
        wait = None if reason.gone else next_try(delivery.attempts + 1)
        next_at = None if wait is None else self._clock() + max(wait, reason.retry_after)
        self._storage.outbox.failed(delivery, error=str(reason), next_at=next_at)
        if reason.gone:
            self._storage.outbox.give_up(delivery.destination.target, error=str(reason))
        if next_at is None:
            self._report(GivenUp())

    def _purge_daily(self) -> None:
        now = self._clock()
        if now - self._purged_at < DAY:
            return
        self.purge()
        self._purged_at = now
