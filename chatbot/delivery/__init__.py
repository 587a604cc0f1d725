"""Carrying requests to the clinic: hides each channel behind one call, and the retries behind the drain."""

from .channel import Channel, GivenUp, NotDelivered
from .drain import Drain
from .email import Email, Mailbox
from .webhook import Webhook

__all__ = ["Channel", "Drain", "Email", "GivenUp", "Mailbox", "NotDelivered", "Webhook"]
