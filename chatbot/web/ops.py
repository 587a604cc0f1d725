"""For operators: is it alive, is it ready, what has it counted, what does its interface look like."""

import hmac
import time
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request

from .. import handoffs
from ..storage import DEAD, DUE, SENT, StorageDown
from .metrics import CONTENT_TYPE, Outbox
from .openapi import document
from .parts import parts
from .problems import problem

ops = Blueprint("ops", __name__)


@dataclass(frozen=True, slots=True)
class Part:
    """One part's state; only a needed part that is down makes the service unready."""

    ok: bool
    detail: str = ""
    needed: bool = True


@ops.get("/healthz")
def healthz() -> Response:
    """Say that the process is alive; touches no other part."""
    return jsonify(status="alive")


@ops.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Name each part and its state; 503 when a needed one is down."""
    states = {
        "knowledge": _knowledge(),
        "words": _words(),
        "safety": _safety(),
        "database": _database(),
        "booking": _booking(),
        "deliveries": _deliveries(),
    }
    ready = all(part.ok for part in states.values() if part.needed)
    shown = {name: {"ok": part.ok, "detail": part.detail} for name, part in states.items()}
    return jsonify(ready=ready, parts=shown), 200 if ready else 503


def _knowledge() -> Part:
    base = parts().assistant.base
    entries = base.languages["en"].content.entries
    drafts = sum(entry.review.status == "draft" for entry in entries.values())
    detail = f"base {base.hash}, {len(entries)} entries, {drafts} await medical review"
    return Part(ok=bool(entries), detail=detail if entries else f"base {base.hash}: no entry is served, all are drafts")


def _words() -> Part:
    if parts().assistant.knows_words:
        return Part(ok=True, detail="word table loaded", needed=False)
    return Part(ok=False, detail="word table missing: matching works by letters alone", needed=False)


def _safety() -> Part:
    if parts().assistant.has_vote:
        return Part(ok=True, detail="rules and vote", needed=False)
    return Part(ok=False, detail="the vote is missing: the rules see danger alone", needed=False)


def _database() -> Part:
    try:
        parts().storage.check()
    except StorageDown as down:
        return Part(ok=False, detail=f"down ({down}); chat goes on", needed=False)
    return Part(ok=True)


def _booking() -> Part:
    base, settings = parts().assistant.base, parts().settings
    found = [handoffs.condition(partner, base, settings) for partner in base.partners.values()]
    return Part(ok=all(one.reachable for one in found), detail="; ".join(map(str, found)), needed=False)


def _deliveries() -> Part:
    outbox = _outbox()
    if outbox is None:
        return Part(ok=False, detail="not known: the database is down", needed=False)
    counts = outbox.deliveries
    detail = f"{counts[DUE]} due, the oldest for {outbox.oldest_wait:.0f} s; {counts[DEAD]} given up"
    return Part(ok=not counts[DEAD], detail=detail, needed=False)


def _outbox() -> Outbox | None:
    try:
        counts, since = parts().storage.outbox.count(), parts().storage.outbox.oldest_due()
    except StorageDown:
        return None
    wait = 0.0 if since is None else max(0.0, time.time() - since)
    return Outbox({state: counts.get(state, 0) for state in (DUE, SENT, DEAD)}, wait)


@ops.get("/metrics")
def metrics() -> Response:
    """The counters in Prometheus' text format; behind a bearer token where one is set."""
    token = parts().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not hmac.compare_digest(given.encode(), token.encode()):
        return problem("not-found")
    return Response(parts().metrics.exposition(_outbox()), content_type=CONTENT_TYPE)


@ops.get("/openapi.json")
def openapi() -> Response:
    """Describe the interface."""
    return jsonify(document())
