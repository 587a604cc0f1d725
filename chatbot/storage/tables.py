"""The tables. Times are seconds since 1970, the same in both databases."""

from sqlalchemy import (
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

feedback = Table(
    "feedback",
    metadata,
    Column("day", Date, primary_key=True),
    Column("entry", String(80), primary_key=True),
    Column("helpful", Integer, nullable=False, server_default="0"),
    Column("unhelpful", Integer, nullable=False, server_default="0"),
)

consultations = Table(
    "consultations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("partner", String(80), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("contact_key", String(64), nullable=False, index=True),
    Column("linked_to", String(16)),
    Column("details", Text, nullable=False),
    Column("consent_version", String(40), nullable=False),
    Column("consent_hash", String(64), nullable=False),
    Column("consent_at", Double, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("consultation_id", ForeignKey("consultations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("channel", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("payload", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("error", String(120), nullable=False),
    Index("deliveries_due", "state", "next_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("consultation_id", ForeignKey("consultations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Double, nullable=False),
)

unanswered = Table(
    "unanswered",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("day", Date, nullable=False, index=True),
    Column("text", String(300), nullable=False),
)
