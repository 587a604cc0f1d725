"""What every channel is: one call that delivers or says why not."""

from typing import Protocol

from ..storage import Delivery


class NotDelivered(Exception):
    """A try failed; the message names the fault without any personal detail.

    `retry_after` in seconds when the receiver asked for patience; `gone` when it wants no more deliveries.
    """

    def __init__(self, reason: str, *, retry_after: float = 0.0, gone: bool = False) -> None:
        self.retry_after = retry_after
        self.gone = gone
        super().__init__(reason)


class GivenUp(Exception):
    """A delivery was tried by the whole schedule, or its receiver is gone; staff can set it going again."""


class Channel(Protocol):
    """One way to carry a delivery; raises NotDelivered.

    `one_server`: all of its deliveries go through the same server, whoever they are for.
    """

    @property
    def one_server(self) -> bool: ...

    def send(self, delivery: Delivery, *, at: float) -> None: ...
