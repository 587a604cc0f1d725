"""Signed webhooks by Standard Webhooks: hides signing, the address guard and hostile receivers."""

import json
import re
import socket
import ssl
from collections.abc import Collection, Mapping
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
from ..deadline import Deadline
from ..storage import Delivery
from .addresses import Forbidden, resolve
from .channel import NotDelivered

PATIENCE = 15.0
"""Seconds that one try may take in all, however slowly the receiver answers."""

MOST_READ = 4096
_LONGEST_WAIT = 24 * 3600.0


class Webhook:
    """Posts deliveries to https addresses; hosts in `private_hosts` may be private and plain http.

    `context` says whose certificates are trusted; the default is the system's own list.
    """

    one_server = False

    def __init__(
        self,
        secret: str,
        *,
        private_hosts: Collection[str] = (),
        patience: float = PATIENCE,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._signer = Signer(secret)
        self._private_hosts = frozenset(private_hosts)
        self._patience = patience
        self._context = context

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
        deadline = Deadline(self._patience)
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
        self, url: str, body: str, headers: Mapping[str, str], deadline: Deadline
    ) -> tuple[int, Mapping[str, str]]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        private_allowed = host in self._private_hosts
        if parts.scheme != "https" and not private_allowed:
            raise Forbidden(host)
        pool = self._pool(parts.scheme, host, parts.port)
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

    def _pool(self, scheme: str, host: str, port: int | None) -> HTTPConnectionPool:
        timeout = Timeout(total=self._patience + 1)  # the deadline comes first
        if scheme == "https":
            return HTTPSConnectionPool(host, port or 443, timeout=timeout, maxsize=1, ssl_context=self._context)
        return HTTPConnectionPool(host, port or 80, timeout=timeout, maxsize=1)


def _judge(status: int, headers: Mapping[str, str], *, at: float) -> None:
    if 200 <= status < 300:
        return
    if status == 410:
        raise NotDelivered("410 gone", gone=True)
    raise NotDelivered(f"answered {status}", retry_after=_retry_after(headers.get("Retry-After", ""), at))


def _retry_after(value: str, at: float) -> float:
    """Seconds that a Retry-After header asks for, at most a day; 0 when it says nothing sensible."""
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(float(value), _LONGEST_WAIT)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - at, 0.0), _LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return 0.0


class _Guard:
    """Opens a connection to one of the very addresses that were checked, so that DNS cannot change in between."""

    def __init__(self, private_allowed: bool, deadline: Deadline) -> None:
        self._private_allowed = private_allowed
        self._deadline = deadline

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        patience = timeout or PATIENCE
        addresses = resolve(host, port, private_allowed=self._private_allowed, patience=patience)
        fault: OSError = OSError("no address")
        for address in addresses:
            try:
                sock = socket.create_connection((address, port), patience / len(addresses))
            except OSError as refused:
                fault = refused
            else:
                sock.settimeout(patience)
                self._deadline.watch(sock.fileno())
                return sock
        raise fault


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
