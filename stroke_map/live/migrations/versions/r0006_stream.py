"""What changed since a version, found without reading everything: for streams of changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Remember at which version a status changed last, and find by that version what changed."""
    with op.batch_alter_table("statuses") as table:
        table.add_column(sa.Column("changed", sa.BigInteger, nullable=False, server_default="0"))
    for name in ("statuses", "cases", "alerts"):
        op.create_index(f"ix_{name}_changed", name, ["changed"])


def downgrade() -> None:
    """Forget both."""
    for name in ("statuses", "cases", "alerts"):
        op.drop_index(f"ix_{name}_changed", name)
    with op.batch_alter_table("statuses") as table:
        table.drop_column("changed")
