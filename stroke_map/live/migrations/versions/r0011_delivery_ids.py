"""In SQLite no id of a message is given twice, as of anything else that people name by its id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

#: Also behind ids that were left out when a backup was restored.
_LAST_ID = """SELECT max(
    coalesce((SELECT max(id) FROM deliveries), 0),
    coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'deliveries'), 0)
)"""


def upgrade() -> None:
    """Make the table anew with AUTOINCREMENT, which the copy that 0005 made of it has lost. Nothing belongs to its rows."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    last_id = connection.execute(sa.text(_LAST_ID)).scalar_one()
    with op.batch_alter_table("deliveries", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass  # the copy is all that changes
    connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'deliveries'"))
    counted = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('deliveries', :last_id)")
    connection.execute(counted, {"last_id": last_id})


def downgrade() -> None:
    """It stays: what was there before gives ids as well."""
