"""Keep consultation requests, their deliveries, and the keys that make a request happen once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "consultations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reference", sa.String(16), nullable=False, unique=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("partner", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("contact_key", sa.String(64), nullable=False),
        sa.Column("linked_to", sa.String(16)),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("consent_version", sa.String(40), nullable=False),
        sa.Column("consent_hash", sa.String(64), nullable=False),
        sa.Column("consent_at", sa.Double, nullable=False),
    )
    op.create_index("ix_consultations_contact_key", "consultations", ["contact_key"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, primary_key=True),
        _of_consultation(),
        sa.Column("message_id", sa.String(64), nullable=False, unique=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("payload", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("error", sa.String(120), nullable=False),
    )
    op.create_index("ix_deliveries_consultation_id", "deliveries", ["consultation_id"])
    op.create_index("deliveries_due", "deliveries", ["state", "next_at"])
    op.create_table(
        "idempotency",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("body_hash", sa.String(64), nullable=False),
        _of_consultation(),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_idempotency_consultation_id", "idempotency", ["consultation_id"])


def _of_consultation() -> sa.Column[int]:
    key = sa.ForeignKey("consultations.id", ondelete="CASCADE")
    return sa.Column("consultation_id", sa.Integer, key, nullable=False)


def downgrade() -> None:
    for table in ("idempotency", "deliveries", "consultations"):
        op.drop_table(table)
