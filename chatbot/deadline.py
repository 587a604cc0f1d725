"""A limit on how long a whole exchange over a connection may take: hides the timer and the socket it cuts."""

import os
import socket
import threading
from contextlib import suppress


class Deadline:
    """Cuts the watched connection when time is up, so that a peer that drips or freezes cannot hold a thread.

    A socket's own timeout starts anew with every byte; this one does not.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._watched: socket.socket | None = None
        self.passed = False

    def watch(self, fileno: int) -> None:
        """Watch a connected socket, by a handle of our own: TLS takes the first one away when it wraps it."""
        self._watched = socket.socket(fileno=os.dup(fileno))
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        self.passed = True
        if self._watched is not None:
            with suppress(OSError):
                self._watched.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._watched is not None:
            self._watched.close()
