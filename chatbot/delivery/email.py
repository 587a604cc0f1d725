"""E-mail by SMTP: the clinic's notice and the visitor's receipt."""

import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Literal

from ..booking import payload
from ..storage import Delivery
from .channel import NotDelivered

_PATIENCE = 15.0
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

    def __init__(self, mailbox: Mailbox, write: Write) -> None:
        self._mailbox = mailbox
        self._write = write

    def send(self, delivery: Delivery, *, at: float) -> None:
        """Send one delivery.

        Raises NotDelivered.
        """
        try:
            with self._connected() as server:
                server.send_message(self._message(delivery, at))
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            raise NotDelivered(f"recipient refused ({code})") from None
        except smtplib.SMTPResponseException as answer:
            raise NotDelivered(f"the server answered {answer.smtp_code}") from None
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            raise NotDelivered(type(fault).__name__) from None

    def _message(self, delivery: Delivery, at: float) -> EmailMessage:
        subject, text = self._write(delivery)
        message = EmailMessage()  # refuses line breaks in any header
        message["Subject"] = subject
        message["From"] = self._mailbox.sender
        message["To"] = delivery.destination.target
        message["Date"] = formatdate(at)
        message["Message-ID"] = f"<{delivery.message_id}@{parseaddr(self._mailbox.sender)[1].partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _connected(self) -> smtplib.SMTP:
        box = self._mailbox
        context = box.context or ssl.create_default_context()
        if box.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(box.host, box.port, timeout=_PATIENCE, context=context)
        else:
            server = smtplib.SMTP(box.host, box.port, timeout=_PATIENCE)
        if box.security == "starttls":
            server.starttls(context=context)
        if box.username:
            server.login(box.username, box.password or "")
        return server


def written(delivery: Delivery, say: Mapping[str, str]) -> str:
    """A delivery's payload as lines, each with its label from the language file."""
    stored = delivery.consultation
    said = payload(stored.request, delivery.destination.payload, reference=stored.reference)
    lines = []
    for key, value in said.items():
        shown = ", ".join(value) if isinstance(value, list) else _shown(value, say)
        if shown:
            lines.append(f"{say[f'booking.field.{key}']}: {shown}")
    return "\n".join(lines)


def _shown(value: object, say: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return say["booking.yes"] if value else say["booking.no"]
    return str(value)
