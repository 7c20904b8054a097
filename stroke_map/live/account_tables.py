"""The tables of accounts and of the audit log. A change here needs a migration beside it; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from stroke_map.live.tables import Instant, metadata

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    #: The version of the topic "accounts" at which this row changed last, here and below.
    Column("changed", BigInteger, nullable=False, index=True),
    Column("name", String(64), nullable=False, unique=True),  # never given again: the audit log knows people by it
    Column("role", String(20), nullable=False),
    Column("hospital", String(64), nullable=False),
    Column("team", String(20), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", String(64), nullable=False),
    Column("totp_step", BigInteger, nullable=False),  # of the last code that was taken: none is taken twice
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Text, nullable=False),
    sqlite_autoincrement=True,
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),  # the public part of the key
    Column("changed", BigInteger, nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("role", String(20), nullable=False),
    Column("hospital", String(64), nullable=False),
    Column("team", String(20), nullable=False),
    Column("scopes", Text, nullable=False),  # with blanks between; empty: all that the role has
    Column("secret_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("replaced_by", String(16)),
    Column("revoked_at", Instant),
    Column("revoked_by", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),  # the hash of the token that the browser holds
    Column("changed", BigInteger, nullable=False, index=True),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

#: Failed log-ins. The subject is a hash: what somebody typed into the wrong field may be a password.
attempts = Table(
    "attempts",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("locked_until", Instant),
)

#: The last line of each chain, so that lines cut off its end are missed.
audit_chains = Table(
    "audit_chains",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("line", Text, nullable=False),  # exactly what was hashed
    Column("hash", String(64), nullable=False),
)
