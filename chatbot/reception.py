"""The use case book: taking a consultation request, showing where it stands, cancelling it."""

import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256

from .booking import Consent, Desk, Destination, Draft, NotAllowed, Payload, Refused, State, accept
from .storage import New, Storage, Stored

RECEIPT = "receipt"
"""The channel of the visitor's own e-mail."""

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that are mistaken for another when read aloud


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the visitor keeps: the reference to name, and the token of the status link."""

    reference: str
    token: str
    state: State
    reply_within: str | None


class Reception:
    """Takes requests for every partner's desk."""

    def __init__(
        self,
        storage: Storage,
        desks: Mapping[str, Desk],
        *,
        secret: str,
        consent: Consent,
        receipts: bool,
        default_region: str | None = None,
    ) -> None:
        self._storage = storage
        self._desks = desks
        self._secret = secret.encode()
        self._consent = consent
        self._receipts = receipts
        self._default_region = default_region

    def request(self, draft: Draft, *, partner: str, region: str | None, key: str, at: float) -> Receipt:
        """Store a request once per key and announce it.

        The same key with the same draft gets the same answer again, whatever has changed meanwhile.
        Raises Refused, KeyReused, KeyInFlight or StorageDown; after any of them it is safe to send it again.
        """
        key_hash = self._keyed(f"key {key}")
        body_hash = self._keyed(f"body {json.dumps([asdict(draft), partner, region], sort_keys=True)}")
        if known := self._storage.requests.by_key(key_hash, body_hash=body_hash):
            return self._receipt(known, state=State.REQUESTED)
        request = accept(draft, consent=self._consent, region=region or self._default_region)
        desk = self._desks.get(partner, Desk())
        reference = _new_reference()
        new = New(
            request=request,
            reference=reference,
            token_hash=_hash(self.token(reference)),
            contact_key=self._keyed(f"contact {request.contact}"),
            partner=partner,
            key_hash=key_hash,
            body_hash=body_hash,
            at=at,
        )
        stored = self._storage.requests.accept(new, self._deliveries(desk, request.email))
        return self._receipt(stored, state=State.REQUESTED)

    def load(self) -> None:
        """Load the libraries that the first request would wait for: SQL, the driver, the rules of addresses."""
        with suppress(Refused):
            accept(Draft(email="a@example.org", phone="1", zone="UTC"), consent=self._consent, region=None)
        self._storage.engine  # noqa: B018  made, and connected to nothing

    def check(self, draft: Draft, *, region: str | None) -> None:
        """Raise Refused for a draft that could not be accepted."""
        accept(draft, consent=self._consent, region=region or self._default_region)

    def status(self, token: str) -> Receipt | None:
        """Where the request of a status link stands; None when there is none.

        Raises StorageDown.
        """
        stored = self._storage.requests.by_token(_hash(token))
        return self._receipt(stored) if stored else None

    def cancel(self, token: str, *, at: float) -> Receipt | None:
        """Cancel the request of a status link; one that is closed already stays as it is.

        Raises StorageDown.
        """
        stored = self._storage.requests.by_token(_hash(token))
        if stored is None:
            return None
        announced = self._deliveries(self._desks.get(stored.partner, Desk()), stored.request.email)
        with suppress(NotAllowed):
            stored = self._storage.requests.cancel(stored.reference, announced, at=at) or stored
        return self._receipt(stored)

    def token(self, reference: str) -> str:
        """The 128-bit secret of a request's status link; only its hash is stored."""
        return hmac.digest(self._secret, f"status {reference}".encode(), "sha256")[:16].hex()

    def _receipt(self, stored: Stored, *, state: State | None = None) -> Receipt:
        desk = self._desks.get(stored.partner, Desk())
        return Receipt(stored.reference, self.token(stored.reference), state or stored.state, desk.reply_within)

    def _deliveries(self, desk: Desk, email: str) -> list[tuple[Destination, str]]:
        destinations = list(desk.destinations)
        if email and self._receipts:
            destinations.append(Destination(RECEIPT, email, Payload.THIN))
        return [(destination, f"msg_{uuid.uuid4().hex}") for destination in destinations]

    def _keyed(self, text: str) -> str:
        """A hash that nobody without the key can test guesses against."""
        return hmac.digest(self._secret, text.encode(), "sha256").hex()


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _new_reference() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
