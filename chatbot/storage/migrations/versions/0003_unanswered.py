"""Keep redacted questions that got no answer, by day, for the editors' report."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "unanswered",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
    )
    op.create_index("ix_unanswered_day", "unanswered", ["day"])


def downgrade() -> None:
    op.drop_table("unanswered")
