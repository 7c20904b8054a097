"""Where messages of alerts go, and what came of each: retries, leases, dead letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Add the table of channels, and to the outbox by what a message goes, when it is tried next, and who tries it."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "channels",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("hospital_id", sa.String(64), nullable=False, index=True),
        sa.Column("team", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("ended_at", moment),
        sa.Column("ended_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("message_id", sa.String(32), nullable=False, server_default=""))
        table.add_column(sa.Column("via", sa.String(20), nullable=False, server_default=""))
        table.add_column(sa.Column("channel_id", sa.Integer))
        table.add_column(sa.Column("due_at", moment))
        table.add_column(sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("leased_by", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("leased_until", moment))
        table.add_column(sa.Column("perhaps", sa.Boolean, nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("again_at", moment))
        table.add_column(sa.Column("dead_at", moment))
        table.add_column(sa.Column("problem", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_deliveries_due", "deliveries", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE)


def downgrade() -> None:
    """Take both away."""
    op.drop_index("ix_deliveries_due", "deliveries")
    names = ("message_id", "via", "channel_id", "due_at", "attempts", "leased_by", "leased_until", "perhaps")
    with op.batch_alter_table("deliveries") as table:
        for name in (*names, "again_at", "dead_at", "problem"):
            table.drop_column(name)
    op.drop_table("channels")
