"""Count feedback per entry and day."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("entry", sa.String(80), primary_key=True),
        sa.Column("helpful", sa.Integer, nullable=False, server_default="0"),
        sa.Column("unhelpful", sa.Integer, nullable=False, server_default="0"),
    )


def downgrade() -> None:
    op.drop_table("feedback")
