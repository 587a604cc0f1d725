"""The conversation token: hides how ids travel to the browser and back, signed and without text."""

from dataclasses import asdict

from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import TypeAdapter, ValidationError

from ..model import Context

MAX_AGE = 30 * 24 * 3600
"""Seconds; long enough that nobody who types slowly ever loses the thread."""

_context = TypeAdapter(Context)


class Conversations:
    """Writes and reads tokens with the service's key."""

    def __init__(self, secret_key: str) -> None:
        self.secret_key = secret_key
        self._serializer = URLSafeTimedSerializer(secret_key, salt="conversation")

    def token(self, context: Context) -> str:
        """Sign what the next turn may need to know."""
        return str(self._serializer.dumps([*asdict(context).values()]))

    def context(self, token: str | None) -> Context:
        """Read a token; one that does not verify means no context."""
        try:
            values = self._serializer.loads(token or "", max_age=MAX_AGE)
            return _context.validate_python(dict(zip(Context.__dataclass_fields__, values, strict=True)))
        except (BadData, ValidationError, TypeError, ValueError):
            return Context()
