"""What is kept of deleted cases tells medians, and cases their month and whether they go where they can be treated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_KEY = ("month", "condition", "hospital_id", "measure")
_COUNTS = ("cases", "overridden", "diverted")


def upgrade() -> None:
    """Add the tallies and both columns. Of cases that were deleted before, the tallies know the number alone."""
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("month", sa.String(7), nullable=False, server_default=""))
        table.add_column(sa.Column("capable", sa.Boolean))
    connection = op.get_bind()
    named = sa.table("cases", sa.column("id"), sa.column("created_at", sa.DateTime(timezone=True)), sa.column("month"))
    for row in connection.execute(sa.select(named.c.id, named.c.created_at)).all():
        month = row.created_at.strftime("%Y-%m")
        connection.execute(sa.update(named).where(named.c.id == row.id).values(month=month))
    tallies = op.create_table(
        "case_tallies",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("condition", sa.String(20), primary_key=True),
        sa.Column("hospital_id", sa.String(64), primary_key=True),
        sa.Column("measure", sa.String(40), primary_key=True),
        sa.Column("value", sa.Integer, primary_key=True),
        sa.Column("cases", sa.Integer, nullable=False),
    )
    figures = sa.table("case_figures", *(sa.column(name) for name in (*_KEY, "cases")))
    kept = sa.select(*(figures.c[name] for name in _KEY), sa.literal(0), figures.c.cases)
    kept = kept.where(figures.c.measure.in_(_COUNTS))
    connection.execute(sa.insert(tallies).from_select([*_KEY, "value", "cases"], kept))


def downgrade() -> None:
    """Take them away: medians of deleted cases are lost."""
    op.drop_table("case_tallies")
    # Never by a copy of the table: SQLite would delete what belongs to each case with the old one.
    with op.batch_alter_table("cases", recreate="never") as table:
        table.drop_column("capable")
        table.drop_column("month")
