"""Counters for operators: hides the library and that several workers count."""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector  # type: ignore[no-untyped-call,unused-ignore]

from ..model import Kind

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SHARED_DIR = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """Replies by kind, requests by route and status, and how long they took."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._replies = Counter("chatbot_replies", "Replies by kind.", ["kind"], registry=self._registry)
        self._links = Counter("chatbot_booking_links", "Visits to a booking page.", registry=self._registry)
        self._requests = Counter(
            "chatbot_requests", "Requests by route and status.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "chatbot_request_seconds",
            "Seconds a request took.",
            ["route"],
            registry=self._registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5),
        )

    def replied(self, kind: Kind) -> None:
        """Count a reply."""
        self._replies.labels(str(kind)).inc()

    def followed_link(self) -> None:
        """Count a visitor who went on to a booking page."""
        self._links.inc()

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def exposition(self) -> bytes:
        """The counts of all workers in Prometheus' text format."""
        if _SHARED_DIR in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(self._registry)
