"""The commands for the clinic's staff and for operators: consultations, deliver, db."""

import argparse
import csv
import json
import signal
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ..booking import CLOSED_KEPT, DAY, State, cell, opened
from ..building import build_drain, open_storage
from ..config import Settings
from ..knowledge import load
from ..storage import Delivery, Storage, Stored
from .command import FAILED, Command, argument


def list_requests(options: argparse.Namespace, settings: Settings) -> int:
    """One line a request, oldest first; no contact details. With --dead one line a delivery that was given up."""
    storage = open_storage(settings)
    if options.dead:
        for delivery in storage.outbox.dead():
            print(f"{delivery.consultation.reference}  {_tried(delivery)}")
        return 0
    for stored in storage.requests.all(state=State(options.state) if options.state else None):
        linked = f"  with {stored.linked_to}" if stored.linked_to else ""
        print(f"{stored.reference}  {stored.state:9}  {_moment(stored.created_at)}  {stored.partner}{linked}")
    print(f"deliveries: {_counted(storage)}", file=sys.stderr)
    return 0


def show(options: argparse.Namespace, settings: Settings) -> int:
    """Everything about one request, and mark it seen."""
    storage = open_storage(settings)
    stored = storage.requests.by_reference(options.reference.upper())
    if stored is None:
        return _none(options)
    if not options.peek and (state := opened(stored.state)) != stored.state:
        stored = storage.requests.set_state(stored.reference, state, at=time.time()) or stored
    print(json.dumps(_readable(stored), indent=2, ensure_ascii=False))
    for delivery in storage.outbox.of(stored.reference):
        print(_tried(delivery))
    return 0


def _tried(delivery: Delivery) -> str:
    return f"{delivery.destination.channel}: {delivery.state} after {delivery.attempts} tries {delivery.error}".rstrip()


def set_state(options: argparse.Namespace, settings: Settings) -> int:
    """Move a request on."""
    stored = open_storage(settings).requests.set_state(options.reference.upper(), State(options.state), at=time.time())
    if stored is None:
        return _none(options)
    print(f"{stored.reference} is {stored.state}")
    return 0


def retry(options: argparse.Namespace, settings: Settings) -> int:
    """Set given-up deliveries going again."""
    reference = None if options.all else (options.reference or "").upper()
    if reference == "":
        print("name a request, or --all", file=sys.stderr)
        return FAILED
    count = open_storage(settings).outbox.retry(reference, at=time.time())
    print(f"{count} deliveries will be tried again")
    return 0


def export(options: argparse.Namespace, settings: Settings) -> int:
    """Write all requests as CSV or JSON to standard output."""
    rows = [_readable(stored) for stored in open_storage(settings).requests.all()]
    if options.format == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        write_csv(rows)
    return 0


def write_csv(rows: list[dict[str, Any]]) -> None:
    """Write rows so that no cell is read as a formula by a spreadsheet."""
    if not rows:
        return
    writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL)
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([cell(value) for value in row.values()])


def erase(options: argparse.Namespace, settings: Settings) -> int:
    """Remove one request and all that hangs on it."""
    if not open_storage(settings).requests.erase(options.reference.upper()):
        return _none(options)
    print(f"{options.reference.upper()} is erased")
    return 0


def purge_old(options: argparse.Namespace, settings: Settings) -> int:
    """Remove requests that are past their time, as the deliverer does daily."""
    gone = open_storage(settings).requests.purge(time.time(), closed_kept=options.days * DAY)
    print(f"{gone} requests removed")
    return 0


def deliver(options: argparse.Namespace, settings: Settings) -> int:
    """Deliver what is due until stopped, or once; either way what is past its time is removed."""
    storage = open_storage(settings)
    drain = build_drain(settings, load(settings.knowledge_dir), storage, report=_report)
    if options.once:
        print(f"{sum(iter(drain.run_once, 0))} deliveries tried")  # one to each receiver in each round
        drain.purge()
        return 0
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    drain.run(stop)
    return 0


def migrate(options: argparse.Namespace, settings: Settings) -> int:
    """Make or bring up the tables, or take them back to an older revision."""
    storage = open_storage(settings)
    if options.to == "head":
        storage.check()
    else:
        storage.migrate(options.to)
    print(f"the tables are at revision {storage.revision()}")
    return 0


def database_status(options: argparse.Namespace, settings: Settings) -> int:
    """Say at which revision the tables are, and what waits in the outbox."""
    storage = open_storage(settings)
    print(f"tables: revision {storage.revision() or 'none yet'}")
    if storage.revision():
        print(f"deliveries: {_counted(storage)}")
    return 0


def _counted(storage: Storage) -> str:
    counts = storage.outbox.count()
    return ", ".join(f"{counts.get(state, 0)} {state}" for state in ("due", "sent", "dead"))


def _report(fault: Exception) -> None:
    print(f"{type(fault).__name__}; going on", file=sys.stderr)


def _none(options: argparse.Namespace) -> int:
    print(f"there is no request {options.reference.upper()}", file=sys.stderr)
    return FAILED


def _readable(stored: Stored) -> dict[str, Any]:
    request = asdict(stored.request)
    consent = request.pop("consent")
    request["times"] = ", ".join(f"{time['day']} {time['part']}" for time in request["times"])
    return {
        "reference": stored.reference,
        "state": str(stored.state),
        "partner": stored.partner,
        "created": _moment(stored.created_at),
        "changed": _moment(stored.changed_at),
        "linked_to": stored.linked_to,
        **request,
        "consent_version": consent["version"],
        "consent_hash": consent["hash"],
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="minutes")


def _family(names: Iterable[State]) -> list[str]:
    return [str(name) for name in names]


_REFERENCE = argument("reference", help="as in ABCD-2345")
COMMANDS = (
    Command(
        "consultations",
        None,
        "Read and handle consultation requests.",
        commands=(
            Command(
                "list",
                list_requests,
                "List requests, without contact details.",
                (
                    argument("--state", choices=_family(State), help="only those in this state"),
                    argument("--dead", action="store_true", help="deliveries that were given up, and why"),
                ),
            ),
            Command(
                "show",
                show,
                "Show a request and mark it seen.",
                (_REFERENCE, argument("--peek", action="store_true", help="do not mark it seen")),
            ),
            Command(
                "set-state",
                set_state,
                "Move a request on.",
                (_REFERENCE, argument("state", choices=_family(State), help="what it becomes")),
            ),
            Command(
                "retry",
                retry,
                "Try given-up deliveries again.",
                (
                    argument("reference", nargs="?", help="those of one request, as in ABCD-2345"),
                    argument("--all", action="store_true", help="all of them, as after a receiver came back"),
                ),
            ),
            Command(
                "export",
                export,
                "Write all requests to standard output.",
                (argument("--format", choices=["csv", "json"], default="csv", help="csv (default) or json"),),
            ),
            Command("erase", erase, "Remove a request and all that hangs on it.", (_REFERENCE,)),
            Command(
                "purge",
                purge_old,
                "Remove what is past its time.",
                (
                    argument(
                        "--days", type=int, default=int(CLOSED_KEPT / DAY), help="days a closed request is kept (90)"
                    ),
                ),
            ),
        ),
    ),
    Command(
        "deliver",
        deliver,
        "Deliver consultation requests until stopped, and remove what is past its time.",
        (argument("--once", action="store_true", help="deliver what is due now and stop"),),
    ),
    Command(
        "db",
        None,
        "Look after the database.",
        commands=(
            Command(
                "migrate",
                migrate,
                "Bring up the tables.",
                (
                    argument(
                        "--to", default="head", help="an older revision; what came after it is removed with its rows"
                    ),
                ),
            ),
            Command("status", database_status, "Say at which revision the tables are."),
        ),
    ),
)
