"""A request as a row and back: hides how what was filled in is folded into one column."""

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from ..booking import Consent, Request, State, Time
from .records import New, Stored
from .tables import consultations


def columns(new: New, *, linked_to: str | None) -> dict[str, object]:
    """What a new request puts into its row."""
    details = asdict(new.request)
    details.pop("consent")
    return {
        "reference": new.reference,
        "token_hash": new.token_hash,
        "state": State.REQUESTED,
        "partner": new.partner,
        "created_at": new.at,
        "changed_at": new.at,
        "contact_key": new.contact_key,
        "linked_to": linked_to,
        "details": json.dumps(details),
        "consent_version": new.request.consent.version,
        "consent_hash": new.request.consent.hash,
        "consent_at": new.at,
    }


def stored_in(row: Row[Any]) -> Stored:
    """The request in a row, whatever else stands in the row."""
    found = row._mapping
    details = json.loads(found[consultations.c.details])
    details["times"] = tuple(Time(**time) for time in details["times"])
    consent = Consent(found[consultations.c.consent_version], found[consultations.c.consent_hash])
    return Stored(
        id=found[consultations.c.id],
        reference=found[consultations.c.reference],
        state=State(found[consultations.c.state]),
        partner=found[consultations.c.partner],
        created_at=found[consultations.c.created_at],
        changed_at=found[consultations.c.changed_at],
        linked_to=found[consultations.c.linked_to],
        request=Request(**details, consent=consent),
    )
