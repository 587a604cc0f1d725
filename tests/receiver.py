"""Receivers of deliveries for the tests, on loopback: a web server with every bad habit, and a mail server."""

import base64
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

DRIP_SECONDS = 30
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
"""Signs the tests' webhooks."""


@dataclass
class Seen:
    """What arrived: path, headers and body of each request."""

    requests: list[tuple[str, dict[str, str], dict[str, object]]] = field(default_factory=list)

    def ids(self) -> list[str]:
        """The webhook ids that arrived, in order."""
        return [headers["webhook-id"] for _, headers, _ in self.requests]


class Hook:
    """A web server; the path of a request says how it behaves."""

    def __init__(self, *, context: ssl.SSLContext | None = None) -> None:
        self.seen = Seen()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if context else "http"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(body)))
                _HABITS.get(self.path, _fine)(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _answer(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _fine(handler: BaseHTTPRequestHandler) -> None:
    _answer(handler, 204)


def _hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(DRIP_SECONDS)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    until = time.monotonic() + DRIP_SECONDS
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while time.monotonic() < until:
            handler.wfile.write(b"x")
            time.sleep(0.1)
    except OSError:
        pass


def _flood(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 30))
    handler.end_headers()
    try:
        for _ in range(1 << 14):
            handler.wfile.write(b"x" * (1 << 16))
    except OSError:
        pass


_HABITS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "/fine": _fine,
    "/hang": _hang,
    "/drip": _drip,
    "/flood": _flood,
    "/redirect": lambda handler: _answer(handler, 301, Location="http://127.0.0.1/inside"),
    "/gone": lambda handler: _answer(handler, 410),
    "/busy": lambda handler: _answer(handler, 429, Retry_After="1000"),
    "/broken": lambda handler: _answer(handler, 500),
}


@dataclass
class Letters:
    """The mails that arrived."""

    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail."""
        self.envelopes.append(envelope)
        return "250 kept"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take any address but one."""
        if address.startswith("refused@"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 fine"


class MailServer:
    """A real SMTP server on loopback."""

    def __init__(self) -> None:
        self.letters = Letters()
        self._controller = Controller(self.letters, hostname="127.0.0.1", port=free_port())
        self._controller.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._controller.port
        return port

    def close(self) -> None:
        """Stop serving."""
        self._controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
