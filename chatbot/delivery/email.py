"""E-mail by SMTP: the clinic's notice and the visitor's receipt."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Literal

from ..deadline import Deadline
from ..storage import Delivery
from .channel import NotDelivered

PATIENCE = 15.0
"""Seconds that one message may take in all, however slowly the server answers."""

Write = Callable[[Delivery], tuple[str, str]]
"""Gives a delivery's subject and text, from the language file."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The SMTP server and who the mail comes from."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    username: str | None = None
    password: str | None = None
    context: ssl.SSLContext | None = None


class Email:
    """Sends each delivery as one plain-text message."""

    one_server = True

    def __init__(self, mailbox: Mailbox, write: Write, *, patience: float = PATIENCE) -> None:
        self._mailbox = mailbox
        self._write = write
        self._patience = patience
        self._domain = parseaddr(mailbox.sender)[1].partition("@")[2]

    def send(self, delivery: Delivery, *, at: float) -> None:
        """Send one delivery.

        Raises NotDelivered.
        """
        deadline = Deadline(self._patience)
        try:
            with deadline:
                self._hand_over(self._message(delivery, at), deadline)
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            raise NotDelivered("took too long" if deadline.passed else _reason(fault)) from None

    def _message(self, delivery: Delivery, at: float) -> EmailMessage:
        subject, text = self._write(delivery)
        message = EmailMessage()  # refuses line breaks in any header
        message["Subject"] = subject
        message["From"] = self._mailbox.sender
        message["To"] = delivery.destination.target
        message["Date"] = formatdate(at)
        message["Message-ID"] = f"<{delivery.message_id}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _hand_over(self, message: EmailMessage, deadline: Deadline) -> None:
        server = _Server(self._mailbox, deadline, timeout=self._patience + 1, own_name=self._domain)
        try:
            server.log_in()
            server.send_message(message)
            with suppress(smtplib.SMTPException, OSError):  # it has the message already
                server.quit()
        finally:
            server.close()


class _Server(smtplib.SMTP):
    """A mail server on a connection with a deadline; `own_name` saves a look at the name server."""

    def __init__(self, mailbox: Mailbox, deadline: Deadline, *, timeout: float, own_name: str) -> None:
        self._mailbox = mailbox
        self._deadline = deadline
        self._tls = mailbox.context or ssl.create_default_context()
        super().__init__(mailbox.host, mailbox.port, timeout=timeout, local_hostname=own_name)

    def log_in(self) -> None:
        """Secure the connection and log in, as the mailbox asks."""
        box = self._mailbox
        if box.security == "starttls":
            self.starttls(context=self._tls)
        if box.username:
            self.login(box.username, box.password or "")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        self._deadline.watch(sock.fileno())
        if self._mailbox.security != "tls":
            return sock
        try:
            return self._tls.wrap_socket(sock, server_hostname=host)
        except OSError:
            sock.close()
            raise


def _reason(fault: Exception) -> str:
    """What went wrong, without the server's own words: they may repeat an address."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return f"recipient refused ({next(iter(fault.recipients.values()))[0]})"
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"the server answered {fault.smtp_code}"
    return type(fault).__name__
