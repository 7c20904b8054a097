"""Accounts: users, keys for machines, sessions, failed attempts; and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables, and the counter that tells every worker of a change of accounts."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("changed", sa.BigInteger, nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("hospital", sa.String(64), nullable=False),
        sa.Column("team", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("totp_secret", sa.String(64), nullable=False),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("revoked_at", moment),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("changed", sa.BigInteger, nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("hospital", sa.String(64), nullable=False),
        sa.Column("team", sa.String(20), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("replaced_by", sa.String(16)),
        sa.Column("revoked_at", moment),
        sa.Column("revoked_by", sa.Text, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("changed", sa.BigInteger, nullable=False, index=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("ended_at", moment),
    )
    op.create_table(
        "attempts",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.Column("locked_until", moment),
    )
    op.create_table(
        "audit_chains",
        sa.Column("chain", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("chain", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("at", moment, nullable=False, index=True),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    changes = sa.table("changes", sa.column("topic", sa.String), sa.column("version", sa.BigInteger))
    op.bulk_insert(changes, [{"topic": "accounts", "version": 1}])


def downgrade() -> None:
    """Take all of it away."""
    for table in ("audit", "audit_chains", "attempts", "sessions", "keys", "users"):
        op.drop_table(table)
    op.execute("DELETE FROM changes WHERE topic = 'accounts'")
