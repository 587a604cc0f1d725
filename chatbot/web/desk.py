"""What booking by JSON and booking by pages have in common: the partner's desk, as a request from there finds it."""

import time
from dataclasses import replace

from ..assistant import Origin
from ..booking import Draft
from ..handoffs import form_works
from ..model import Reply, Way
from ..reception import Receipt
from .parts import parts


def is_open(origin: Origin) -> bool:
    """Whether somebody is there to read a request."""
    assistant = parts().assistant
    return form_works(assistant.partner(origin).slug, assistant.base, parts().settings)


def other_ways(origin: Origin) -> list[Way]:
    """The ways to the clinic besides the form, each with the words to show."""
    assistant = parts().assistant
    words = assistant.voice(origin).language.content.ways
    ways = [way for way in assistant.partner(origin).ways if way.mode != "form"]
    return [replace(way, label=way.label or words[way.mode]) for way in ways]


def region(origin: Origin) -> str | None:
    """The country whose phone numbers may be written without their code."""
    country = parts().assistant.visitor(origin).country
    return country.code if country else None


def alert(draft: Draft, origin: Origin) -> Reply | None:
    """The danger reply for what a draft says in free words, or None."""
    return parts().assistant.alert(f"{draft.note}\n{draft.summary}", origin=origin)


def book(draft: Draft, origin: Origin, *, key: str) -> Receipt:
    """Store a draft for the partner it was written to.

    Raises what Reception.request raises.
    """
    partner = parts().assistant.partner(origin).slug
    return parts().reception.request(draft, partner=partner, region=region(origin), key=key, at=time.time())
