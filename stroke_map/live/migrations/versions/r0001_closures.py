"""Closures, and the counter that tells every worker of a change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing."""
    changes = op.create_table(
        "changes",
        sa.Column("topic", sa.String(40), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(changes, [{"topic": "closures", "version": 1}])
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "closures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("factor", sa.Float),
        sa.Column("geometry", sa.Text),
        sa.Column("ways", sa.Text),
        sa.Column("direction", sa.String(10), nullable=False),
        sa.Column("begins", moment, nullable=False),
        sa.Column("until", moment),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("layer", sa.SmallInteger),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        sa.Column("ended_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_closures_changed", "closures", ["changed"])


def downgrade() -> None:
    """To nothing."""
    op.drop_table("closures")
    op.drop_table("changes")
