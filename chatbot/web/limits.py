"""The rate limit per visitor: hides the library, where it counts, and whose address it was."""

import hashlib
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from limits import parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

_REDIS_PATIENCE = 0.05  # seconds; a slow Redis must not make a visitor wait


class Limits:
    """Counts requests per address for one rate such as `60/minute`; `off` lets all pass."""

    def __init__(
        self, rate: str, *, secret: str, redis_url: str | None = None, report: Callable[[Exception], None]
    ) -> None:
        self._rate = None if rate == "off" else parse(rate)
        self._near = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._report = report
        self._secret = secret

    def wait(self, address: str) -> float | None:
        """Count one request; None when it may pass, else the seconds until it may."""
        if self._rate is None:
            return None
        if self._shared is not None:
            try:
                return self._hit(self._shared, address)
            except Exception as fault:  # the store is down: count in this process instead
                self._report(fault)
        return self._hit(self._near, address)

    def _hit(self, limiter: FixedWindowRateLimiter, address: str) -> float | None:
        assert self._rate is not None
        key = self._hashed(address)
        if limiter.hit(self._rate, key):
            return None
        return max(0.0, limiter.get_window_stats(self._rate, key).reset_time - time.time())

    def _hashed(self, address: str) -> str:
        """An address (IPv6: its /64) hashed with a key that changes daily, so that none is ever stored."""
        key = hashlib.sha256(f"{self._secret}{time.strftime('%Y-%m-%d')}".encode()).digest()
        return hashlib.blake2b(_network(address).encode(), key=key, digest_size=12).hexdigest()


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return address


def _redis(url: str) -> Storage:
    storage = storage_from_string(url, socket_timeout=_REDIS_PATIENCE, socket_connect_timeout=_REDIS_PATIENCE)
    assert isinstance(storage, Storage), "the address names an asynchronous store"
    return storage
