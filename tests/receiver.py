"""Receivers of deliveries for the tests, on loopback: a web server with every bad habit, and a mail server."""

import asyncio
import base64
import json
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

DRIP_SECONDS = 30
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
"""Signs the tests' webhooks."""


@dataclass
class Seen:
    """What arrived: path, headers and body of each request."""

    requests: list[tuple[str, dict[str, str], dict[str, object]]] = field(default_factory=list)
    poured: int = 0
    """Bytes of an endless answer that could be got rid of."""

    def ids(self) -> list[str]:
        """The webhook ids that arrived, in order."""
        return [headers["webhook-id"] for _, headers, _ in self.requests]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers who hang up."""


class Hook:
    """A web server; the path of a request says how it behaves."""

    def __init__(self, *, context: ssl.SSLContext | None = None) -> None:
        self.seen = Seen()
        self._server = _Server(("127.0.0.1", 0), self._handler())
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
            seen_by = seen

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
            handler.seen_by.poured += 1 << 16  # type: ignore[attr-defined]
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
    "/busy-until": lambda handler: _answer(handler, 503, Retry_After="Sun, 17 Mar 2030 17:50:00 GMT"),
    "/busy-nonsense": lambda handler: _answer(handler, 429, Retry_After="\xb2"),
    "/broken": lambda handler: _answer(handler, 500),
}


def certified(folder: Path, *, until: str = "20491231235959Z") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's TLS settings for 127.0.0.1, and those of a client that trusts it; expired where `until` is past."""
    (folder / "ca.cnf").write_text(_AUTHORITY)
    (folder / "index").write_text("")
    (folder / "serial").write_text("01")
    for command in (
        "req -new -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=127.0.0.1 -config ca.cnf",
        "ca -config ca.cnf -selfsign -keyfile key.pem -in request.pem -out c.pem -batch -notext"
        f" -startdate 20200101000000Z -enddate {until}",
    ):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "c.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "c.pem"))


_AUTHORITY = """
[ca]
default_ca = own
[own]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = IP:127.0.0.1
[req]
distinguished_name = none
[none]
"""


@dataclass
class Letters:
    """The mails that arrived; the name before the @ says how the server behaves."""

    envelopes: list[Envelope] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    log_ins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail, and answer as the address wants it."""
        name = envelope.rcpt_tos[0].partition("@")[0]
        if name == "full":
            return "452 no room"
        if name == "hang":
            await asyncio.sleep(DRIP_SECONDS)
        self.envelopes.append(envelope)
        self.over_tls.append(server.transport.get_extra_info("ssl_object") is not None)
        if name == "vanish" and len(self.envelopes) == 1:
            server.transport.abort()
        return "250 kept"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take any address but two."""
        if address.startswith("refused@"):
            return "550 no such person"
        if address.startswith("later@"):
            return "450 not now"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    def log_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Let anybody in and remember who it was."""
        self.log_ins.append((data.login, data.password))
        return AuthResult(success=True)


class MailServer:
    """A real SMTP server on loopback; `security` as in CHATBOT_SMTP_SECURITY."""

    def __init__(self, *, security: str = "none", context: ssl.SSLContext | None = None) -> None:
        self.letters = Letters()
        named: dict[str, Any] = {"hostname": "127.0.0.1", "port": free_port()}
        if security == "tls":
            named["ssl_context"] = context
        if security == "starttls":
            named |= {"tls_context": context, "require_starttls": True, "authenticator": self.letters.log_in}
        self._controller = Controller(self.letters, **named)
        self._controller.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._controller.port
        return port

    def close(self) -> None:
        """Stop serving; once is enough."""
        if self._controller.loop.is_running():
            self._controller.stop()


class SlowMailServer:
    """A listener that greets with a byte now and then and never comes to an end."""

    def __init__(self) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                until = time.monotonic() + DRIP_SECONDS
                try:
                    while time.monotonic() < until:
                        self.request.sendall(b"2")
                        time.sleep(0.1)
                except OSError:
                    pass

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
