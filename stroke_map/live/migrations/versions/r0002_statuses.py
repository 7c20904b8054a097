"""What hospitals said of themselves: diverted, full, CT or cath lab down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table and its counter."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "statuses",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("hospital_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("open_ended", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("end_reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    not_ended = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_statuses_not_ended",
        "statuses",
        ["hospital_id", "kind"],
        unique=True,
        sqlite_where=not_ended,
        postgresql_where=not_ended,
    )
    changes = sa.table("changes", sa.column("topic", sa.String), sa.column("version", sa.BigInteger))
    op.bulk_insert(changes, [{"topic": "statuses", "version": 1}])


def downgrade() -> None:
    """Take both away."""
    op.drop_table("statuses")
    op.execute("DELETE FROM changes WHERE topic = 'statuses'")
