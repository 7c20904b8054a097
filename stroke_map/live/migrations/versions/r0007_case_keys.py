"""A case that is begun twice by the same request is one case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add to cases the caller's own name of the request, and the hash of its body; none for those that had no name."""
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("idempotency_key", sa.String(100)))
        table.add_column(sa.Column("digest", sa.String(64)))
    op.create_index("ux_cases_key", "cases", ["author", "idempotency_key"], unique=True)


def downgrade() -> None:
    """Cases stay; nobody knows any more by which request they were begun."""
    op.drop_index("ux_cases_key", "cases")
    with op.batch_alter_table("cases") as table:
        table.drop_column("digest")
        table.drop_column("idempotency_key")
