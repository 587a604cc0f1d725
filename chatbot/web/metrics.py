"""Counters for operators: hides the library and that several workers count."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector  # type: ignore[no-untyped-call,unused-ignore]

from ..model import Kind

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SHARED_DIR = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True, eq=False)
class Outbox:
    """What the database says at this moment: deliveries by state, and the age of the oldest that waits."""

    deliveries: Mapping[str, int]
    oldest_wait: float

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the figures to the library."""
        counted = GaugeMetricFamily(
            "chatbot_deliveries", "Deliveries by state; dead ones need staff.", labels=["state"]
        )
        for state, count in self.deliveries.items():
            counted.add_metric([state], count)
        yield counted
        wait = GaugeMetricFamily("chatbot_oldest_delivery_seconds", "How long the oldest delivery waits.")
        wait.add_metric([], self.oldest_wait)
        yield wait


class Metrics:
    """Replies by kind, requests by route and status, and how long they took."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._replies = Counter("chatbot_replies", "Replies by kind.", ["kind"], registry=self._registry)
        self._links = Counter(
            "chatbot_booking_links", "Visits to a booking page by partner.", ["partner"], registry=self._registry
        )
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

    def followed_link(self, partner: str) -> None:
        """Count a visitor who went on to a partner's booking page."""
        self._links.labels(partner).inc()

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def exposition(self, outbox: Outbox | None) -> bytes:
        """The counts of all workers, and of the outbox where it is known, in Prometheus' text format."""
        registry = self._registry
        if _SHARED_DIR in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        shown = generate_latest(registry)
        if outbox is None:
            return shown
        now = CollectorRegistry()
        now.register(outbox)
        return shown + generate_latest(now)
