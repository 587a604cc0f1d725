"""Writing out a reviewed card: hides where the numbers come from."""

from chatbot.model import Contact, Country
from chatbot.safety.rules import Card, UnknownCountry


def written(card: Card, country: Country | None, *, unknown: UnknownCountry) -> tuple[str, tuple[Contact, ...]]:
    """Put the country's numbers into a card's text and list the contacts that belong to it."""
    emergency = country.emergency if country else ()
    crisis = country.crisis if country else ()
    text = card.text.replace("{crisis}", _number(crisis) or unknown.crisis)  # may name the emergency number in turn
    text = text.replace("{emergency}", _number(emergency) or unknown.emergency)
    contacts = emergency or unknown.contacts
    return _paragraphs(text), (*crisis, *contacts) if card.crisis_first else contacts


def _number(contacts: tuple[Contact, ...]) -> str:
    """The first number to call; one to text only where there is nothing else."""
    to_call = [contact.number for contact in contacts if contact.url.startswith("tel:")]
    return next(iter(to_call or [contact.number for contact in contacts]), "")


def _paragraphs(text: str) -> str:
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
