"""Signed webhooks by Standard Webhooks: hides signing, the address guard and hostile receivers."""

import json
import socket
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook as Signer
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from ..booking import payload
from ..storage import Delivery
from .addresses import Forbidden, resolve
from .channel import NotDelivered

PATIENCE = 15.0
"""Seconds that one try may take in all, however slowly the receiver answers."""

MOST_READ = 4096
_LONGEST_WAIT = 24 * 3600.0


class Webhook:
    """Posts deliveries to https addresses; hosts in `private_hosts` may be private and plain http."""

    def __init__(self, secret: str, *, private_hosts: Collection[str] = (), patience: float = PATIENCE) -> None:
        self._signer = Signer(secret)
        self._private_hosts = frozenset(private_hosts)
        self._patience = patience

    def send(self, delivery: Delivery, *, at: float) -> None:
        """Post one delivery.

        Raises NotDelivered.
        """
        stored = delivery.consultation
        said = payload(stored.request, delivery.destination.payload, reference=stored.reference)
        moment = datetime.fromtimestamp(at, UTC)
        body = json.dumps(
            {"type": "consultation.requested", "timestamp": moment.isoformat(), "data": said}, separators=(",", ":")
        )
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "chatbot-webhook/1",
            "webhook-id": delivery.message_id,
            "webhook-timestamp": str(int(at)),
            "webhook-signature": self._signer.sign(msg_id=delivery.message_id, timestamp=moment, data=body),
        }
        self._post(delivery.destination.target, body, headers, at=at)

    def _post(self, url: str, body: str, headers: Mapping[str, str], *, at: float) -> None:
        deadline = _Deadline(self._patience)
        try:
            with deadline:
                status, answered = self._exchange(url, body, headers, deadline)
        except Forbidden:
            raise NotDelivered("the address is not public") from None
        except (HTTPError, OSError, ValueError) as fault:
            reason = "took too long" if deadline.passed else type(fault).__name__
            raise NotDelivered(reason) from None
        if deadline.passed:  # a cut answer can look like a whole one
            raise NotDelivered("took too long")
        _judge(status, answered, at=at)

    def _exchange(
        self, url: str, body: str, headers: Mapping[str, str], deadline: "_Deadline"
    ) -> tuple[int, Mapping[str, str]]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        private_allowed = host in self._private_hosts
        if parts.scheme != "https" and not private_allowed:
            raise Forbidden(host)
        pool = _pool(parts.scheme, host, parts.port, self._patience)
        pool.ConnectionCls = partial(  # type: ignore[assignment]
            _GuardedHTTPS if parts.scheme == "https" else _GuardedHTTP, guard=_Guard(private_allowed, deadline)
        )
        path = parts.path or "/"
        with pool:
            response = pool.urlopen(
                "POST",
                f"{path}?{parts.query}" if parts.query else path,
                body=body,
                headers=dict(headers),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            response.read(MOST_READ)
            response.close()
            return response.status, dict(response.headers)


def _pool(scheme: str, host: str, port: int | None, patience: float) -> HTTPConnectionPool:
    timeout = Timeout(total=patience)
    if scheme == "https":
        return HTTPSConnectionPool(host, port or 443, timeout=timeout, maxsize=1)
    return HTTPConnectionPool(host, port or 80, timeout=timeout, maxsize=1)


def _judge(status: int, headers: Mapping[str, str], *, at: float) -> None:
    if 200 <= status < 300:
        return
    if status == 410:
        raise NotDelivered("410 gone", gone=True)
    waits = _retry_after(headers.get("Retry-After", ""), at) if status in (429, 503) else 0.0
    raise NotDelivered(f"answered {status}", retry_after=waits)


def _retry_after(value: str, at: float) -> float:
    """Seconds that a Retry-After header asks for, at most a day; 0 when it says nothing sensible."""
    if value.isdigit():
        return min(float(value), _LONGEST_WAIT)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - at, 0.0), _LONGEST_WAIT)
    except (ValueError, TypeError):
        return 0.0


class _Deadline:
    """Cuts the socket when time is up, so that a dripping receiver cannot hold a worker."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.passed = False

    def watch(self, sock: socket.socket) -> None:
        self._socket = sock

    def _cut(self) -> None:
        self.passed = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


class _Guard:
    """Opens a connection to the very address that was checked, so that DNS cannot change in between."""

    def __init__(self, private_allowed: bool, deadline: _Deadline) -> None:
        self._private_allowed = private_allowed
        self._deadline = deadline

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        address = resolve(host, port, private_allowed=self._private_allowed)
        sock = socket.create_connection((address, port), timeout)
        self._deadline.watch(sock)
        return sock


class _GuardedHTTP(HTTPConnection):
    """A plain connection through the guard."""

    def __init__(self, *args: Any, guard: _Guard, **named: Any) -> None:
        self._guard = guard
        super().__init__(*args, **named)

    def _new_conn(self) -> socket.socket:
        return self._guard.connect(self.host, self.port, _seconds(self.timeout))


class _GuardedHTTPS(HTTPSConnection):
    """A TLS connection through the guard; the certificate is still checked against the host's name."""

    def __init__(self, *args: Any, guard: _Guard, **named: Any) -> None:
        self._guard = guard
        super().__init__(*args, **named)

    def _new_conn(self) -> socket.socket:
        return self._guard.connect(self.host, self.port, _seconds(self.timeout))


def _seconds(timeout: object) -> float | None:
    return float(timeout) if isinstance(timeout, (int, float)) else None
