"""What the mails about a request say: the clinic's notice and the visitor's receipt, in the language file's words."""

from collections.abc import Mapping

from .booking import Desk, payload
from .storage import Delivery

Mail = tuple[str, str]
"""Subject and text."""


def notice(delivery: Delivery, say: Mapping[str, str]) -> Mail:
    """What the clinic reads: as much of the request as its destination is to carry."""
    subject = say["booking.notice.subject"].format(reference=delivery.consultation.reference)
    return subject, f"{say['booking.notice.text']}\n\n{_payload_lines(delivery, say)}\n"


def receipt(delivery: Delivery, say: Mapping[str, str], *, desk: Desk, status_link: str) -> Mail:
    """What the visitor reads: the reference, when an answer comes, and the link to where the request stands."""
    reference = delivery.consultation.reference
    within = say["booking.within"].format(reply_within=desk.reply_within) if desk.reply_within else say["booking.soon"]
    lines = [
        say["booking.receipt.text"].format(reference=reference),
        within,
        say["booking.unwatched"],
        say["booking.receipt.link"].format(link=status_link),
    ]
    return say["booking.receipt.subject"].format(reference=reference), "\n\n".join(lines) + "\n"


def _payload_lines(delivery: Delivery, say: Mapping[str, str]) -> str:
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
