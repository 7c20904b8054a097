"""Cases and their moments, alerts and what happened to them, the outbox, and the figures that outlast deleted cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _of(table: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}s.id", ondelete="CASCADE")
    return sa.Column(f"{table}_id", sa.Integer, key, nullable=False, index=True)


def upgrade() -> None:
    """Add the tables, and the counter that tells every worker of a change of cases and alerts."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("condition", sa.String(20), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("first_choice", sa.String(64), nullable=False),
        sa.Column("hospital_id", sa.String(64), nullable=False),
        sa.Column("override_reason", sa.Text, nullable=False),
        sa.Column("vehicle", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False, index=True),
        sa.Column("closed_at", moment),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("case"),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("recorded_at", moment, nullable=False),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("changed", sa.BigInteger, nullable=False),
        _of("case"),
        sa.Column("hospital_id", sa.String(64), nullable=False),
        sa.Column("telephone", sa.Text, nullable=False),
        sa.Column("teams", sa.Text, nullable=False),
        sa.Column("replaces", sa.Integer),
        sa.Column("eta", moment),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("next_at", moment, index=True),
        sa.Column("over_at", moment),
        sa.Column("idempotency_key", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.UniqueConstraint("author", "idempotency_key", name="uq_alerts_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alert_events",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("alert"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("team", sa.String(20), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.UniqueConstraint("alert_id", "kind", "team", name="uq_alert_events_once"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, primary_key=True),
        _of("alert"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("team", sa.String(20), nullable=False),
        sa.Column("contact", sa.Integer, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("sent_at", moment),
        sa.Column("delivered_at", moment),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_figures",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("condition", sa.String(20), primary_key=True),
        sa.Column("hospital_id", sa.String(64), primary_key=True),
        sa.Column("measure", sa.String(40), primary_key=True),
        sa.Column("cases", sa.Integer, nullable=False),
        sa.Column("total_s", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO changes (topic, version) VALUES ('cases', 1)")


def downgrade() -> None:
    """Drop them."""
    for table in ("case_figures", "deliveries", "alert_events", "alerts", "case_events", "cases"):
        op.drop_table(table)
    op.execute("DELETE FROM changes WHERE topic = 'cases'")
