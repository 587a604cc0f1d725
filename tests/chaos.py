"""No acknowledged consultation request is ever lost: clients ask while workers and deliverers are killed.

python -m tests.chaos [--seconds 60] [--postgres]
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import sqlalchemy as sa

from chatbot.delivery import Drain, Webhook
from chatbot.knowledge import load
from chatbot.storage import DUE, SENT, Storage
from chatbot.storage.tables import consultations, deliveries, idempotency

from .receiver import SECRET, free_port

ROOT = Path(__file__).parent.parent
CLIENTS = 12
_FAILS = 0.2
_OUTAGE = 0.3  # the share of time in which the receiver does not answer at all
_BY_KEY = sa.select(consultations.c.details, consultations.c.reference)
"""Each client writes its key where the name belongs, so that the rows can be counted by key."""

_LONGER_THAN_ANY_WAIT = 4 * 24 * 3600.0


@dataclass
class Tally:
    """What happened, and what was wrong: the last four have to be 0.

    `missing`: acknowledged, but the row of that key is not there or another. `undelivered`: stored, but no delivery
    of it is done. `rows_over`: more than one row for a key. `unannounced`: done, but the receiver never saw it.
    """

    kills: int = 0
    acknowledged: int = 0
    received: int = 0
    duplicates: int = 0
    missing: int = 0
    undelivered: int = 0
    rows_over: int = 0
    unannounced: int = 0

    @property
    def lost(self) -> int:
        """The number of broken promises."""
        return self.missing + self.undelivered + self.rows_over + self.unannounced


@dataclass
class Receiver:
    """The clinic's webhook: fails a fifth of the time, and is away for stretches."""

    ids: list[str] = field(default_factory=list)
    healthy: bool = False

    def start(self) -> str:
        """Serve; gives the address."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if not receiver.healthy and int(time.time() * 2) % 10 < 10 * _OUTAGE:
                    self.close_connection = True  # away: not a word
                    return
                if not receiver.healthy and random.random() < _FAILS:
                    self.send_error(500)
                    return
                receiver.ids.append(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/hook"


class Service:
    """gunicorn with two workers and one deliverer, which somebody keeps killing."""

    def __init__(self, folder: Path, hook: str, database_url: str) -> None:
        self.port = free_port()
        self.database_url = database_url
        self._environment = {
            **os.environ,
            "BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": "2",
            "CHATBOT_INSTANCE_DIR": str(folder),
            "CHATBOT_KNOWLEDGE_DIR": str(_knowledge(folder, hook)),
            "CHATBOT_DATABASE_URL": database_url,
            "CHATBOT_WEBHOOK_SECRET": SECRET,
            "CHATBOT_WEBHOOK_PRIVATE_HOSTS": "127.0.0.1",
            "CHATBOT_RATE_LIMIT": "off",
        }
        for made in (ROOT / "instance").glob("*-*.bin"):
            (folder / made.name).write_bytes(made.read_bytes())
        _consent_version()  # reads the base; not while the clock runs
        self._server = self._start("gunicorn", "wsgi:app", "--log-level", "critical")
        self._deliverer = self._start("chatbot", "deliver")

    def kill_something(self) -> None:
        """kill -9 a worker, the deliverer, or now and then the whole group."""
        chance = random.random()
        if chance < 0.1:
            os.killpg(self._server.pid, signal.SIGKILL)
        elif chance < 0.6:
            with suppress(IndexError, ProcessLookupError):
                os.kill(random.choice(self._workers()), signal.SIGKILL)
        else:
            self._deliverer.kill()
        self.revive()

    def revive(self) -> None:
        """Start again what is dead."""
        if self._server.poll() is not None:
            self._server = self._start("gunicorn", "wsgi:app", "--log-level", "critical")
        if self._deliverer.poll() is not None:
            self._deliverer = self._start("chatbot", "deliver")

    def stop(self) -> None:
        """Stop all of it."""
        for process in (self._server, self._deliverer):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, module: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", module, *arguments]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=ROOT, env=self._environment, start_new_session=True, stdout=quiet, stderr=quiet
        )

    def _workers(self) -> list[int]:
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        return [int(pid) for pid in children.read_text().split()] if children.exists() else []


def run(folder: Path, database_url: str, *, seconds: float) -> Tally:
    """One whole run."""
    receiver = Receiver()
    storage = Storage(database_url)
    storage.migrate()
    service = Service(folder, receiver.start(), database_url)
    answered: dict[str, str] = {}
    tally = Tally()
    try:
        _wait_until_up(service)
        until = time.monotonic() + seconds
        clients = [
            threading.Thread(target=_ask, args=(service.port, number, until, answered)) for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        while time.monotonic() < until:
            time.sleep(random.uniform(0.2, 0.6))
            service.kill_something()
            tally.kills += 1
        for client in clients:
            client.join()
    finally:
        service.stop()
    receiver.healthy = True
    _recover(storage)
    _count(tally, storage, answered, receiver)
    storage.close()
    return tally


def _ask(port: int, number: int, until: float, answered: dict[str, str]) -> None:
    """Send one request after another; each is repeated with its key until it is acknowledged."""
    count = 0
    while time.monotonic() < until:
        count += 1
        key = f"chaos-{number}-{count}"
        while time.monotonic() < until + 10:
            if reference := _send(port, key):
                answered[key] = reference
                break
            time.sleep(0.05)


@cache
def _consent_version() -> str:
    return load(ROOT / "knowledge").languages["en"].strings["booking.consent.version"]


def _send(port: int, key: str) -> str | None:
    body = {"name": key, "email": f"{key}@example.org", "consent": True, "consent_version": _consent_version()}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/consultations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": key},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return str(json.load(response)["reference"])
    except (OSError, ValueError, HTTPException):
        return None


def _recover(storage: Storage) -> None:
    """Everybody is back: deliver what is left, each time as if the longest wait had passed."""
    ahead = 0.0
    hook = Webhook(SECRET, private_hosts=["127.0.0.1"])
    drain = Drain(storage, {"webhook": hook}, report=lambda fault: None, clock=lambda: time.time() + ahead)
    until = time.monotonic() + 120
    while storage.outbox.count().get(DUE) and time.monotonic() < until:
        if not drain.run_once():
            ahead += _LONGER_THAN_ANY_WAIT


def _count(tally: Tally, storage: Storage, answered: dict[str, str], receiver: Receiver) -> None:
    with storage.reading() as connection:
        references = set(connection.scalars(sa.select(consultations.c.reference)))
        rows = connection.scalar(sa.select(sa.func.count()).select_from(consultations)) or 0
        keys = connection.scalar(sa.select(sa.func.count()).select_from(idempotency)) or 0
        sent = deliveries.c.state == SENT
        announced = set(connection.scalars(sa.select(deliveries.c.message_id).where(sent)))
        told_of = sa.select(consultations.c.reference).join_from(deliveries, consultations).where(sent)
        told = set(connection.scalars(told_of))
        by_key = {json.loads(row.details)["name"]: row.reference for row in connection.execute(_BY_KEY)}
    tally.acknowledged = len(answered)
    tally.received = len(set(receiver.ids))
    tally.duplicates = len(receiver.ids) - tally.received
    tally.missing = sum(by_key.get(key) != reference for key, reference in answered.items())
    tally.undelivered = len(references - told)
    tally.rows_over = abs(rows - keys) + rows - len(by_key)
    tally.unannounced = len(announced - set(receiver.ids))


def _wait_until_up(service: Service) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{service.port}/healthz", timeout=1).close()
            return
        time.sleep(0.1)
    raise AssertionError("the service did not come up")


def _knowledge(folder: Path, hook: str) -> Path:
    """The real base, with a form that delivers to the hook."""
    copy = folder / "knowledge"
    shutil.copytree(ROOT / "knowledge", copy)
    form = f"{{mode: form, url: /consultation, deliver: [{{channel: webhook, target: '{hook}'}}]}}"
    (copy / "partners" / "default.yaml").write_text(f"name: Chaos\nways: [{form}]\n")
    return copy


def main() -> int:
    """Run it and print the figures; fails when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--postgres", action="store_true", help="on a real PostgreSQL instead of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'chaos.sqlite'}"
        if options.postgres:
            from .postgres import Postgres

            url = Postgres(folder / "postgres").url
        tally = run(folder, url, seconds=options.seconds)
    print(tally)
    print("nothing lost" if not tally.lost else "LOST")
    return 1 if tally.lost else 0


if __name__ == "__main__":
    sys.exit(main())
