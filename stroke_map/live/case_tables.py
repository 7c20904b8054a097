"""The tables of cases and alerts. A change here needs a migration beside it; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from stroke_map.live.tables import Instant, metadata


def _of(table: str) -> Column[int]:
    return Column(f"{table}_id", Integer, ForeignKey(f"{table}s.id", ondelete="CASCADE"), nullable=False, index=True)


cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    #: The version of the topic "cases" at which this row, or anything below it, changed last.
    Column("changed", BigInteger, nullable=False, index=True),
    Column("condition", String(20), nullable=False),
    Column("question", Text, nullable=False),  # JSON, as it was asked
    Column("answer", Text, nullable=False),  # JSON, as it was given, without roads
    Column("edition", String(80), nullable=False),
    Column("first_choice", String(64), nullable=False),
    Column("hospital_id", String(64), nullable=False),
    Column("override_reason", Text, nullable=False),
    Column("vehicle", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
    Column("month", String(7), nullable=False, server_default=""),  # of its beginning, where the edition is
    Column("capable", Boolean),  # whether the list says that the hospital can treat it; none: the list does not know
    Column("closed_at", Instant),
    Column("idempotency_key", String(100)),
    Column("digest", String(64)),  # of the body that came with the key
    Index("ux_cases_key", "author", "idempotency_key", unique=True),
    sqlite_autoincrement=True,
)

#: When what happened to a case. A correction is another row: the last one recorded counts.
case_events = Table(
    "case_events",
    metadata,
    Column("id", Integer, primary_key=True),
    _of("case"),
    Column("name", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("changed", BigInteger, nullable=False, index=True),
    _of("case"),
    Column("hospital_id", String(64), nullable=False),
    Column("telephone", Text, nullable=False),
    Column("teams", Text, nullable=False),  # JSON: [[team, [number, ...]], ...]
    Column("replaces", Integer),  # the alert that this one cancelled
    Column("eta", Instant),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, index=True),  # when anything is due next
    Column("over_at", Instant),
    Column("idempotency_key", String(100), nullable=False),
    Column("digest", String(64), nullable=False),  # of the body that came with the key
    Column("answer", Text, nullable=False),  # that was given to it
    UniqueConstraint("author", "idempotency_key", name="uq_alerts_key"),
    sqlite_autoincrement=True,
)

#: What happened to an alert, but for calls. Nothing happens twice, whoever writes.
alert_events = Table(
    "alert_events",
    metadata,
    Column("id", Integer, primary_key=True),
    _of("alert"),
    Column("kind", String(20), nullable=False),
    Column("team", String(20), nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("alert_id", "kind", "team", name="uq_alert_events_once"),
)

#: Where messages of alerts go, besides the screen and the numbers of the yearly list. A row is written once and then only ended.
channels = Table(
    "channels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hospital_id", String(64), nullable=False, index=True),
    Column("team", String(20), nullable=False),  # empty: every team
    Column("kind", String(20), nullable=False),  # webhook, email, sms, voice
    Column("target", Text, nullable=False),  # an address, a mailbox, a number
    Column("secret", Text, nullable=False),  # as it is: what is signed must be signed with it
    Column("format", String(20), nullable=False),  # native, fhir
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    sqlite_autoincrement=True,
)

_DUE = text("due_at IS NOT NULL")

#: The outbox: whom to call, or to stand down, written in the transaction of whatever made it necessary; a row for each way there.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    _of("alert"),
    Column("kind", String(20), nullable=False),  # call, stand_down
    Column("team", String(20), nullable=False),
    Column("contact", Integer, nullable=False),
    Column("phone", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("delivered_at", Instant),
    Column(
        "message_id", String(32), nullable=False, server_default=""
    ),  # by which the receiver knows one that comes twice
    Column("via", String(20), nullable=False, server_default=""),  # a kind of channel; empty: the screen alone
    Column("channel_id", Integer),  # none: a number of the yearly list
    Column("due_at", Instant),  # when it is tried next; none: nothing is left to do
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("leased_by", String(64), nullable=False, server_default=""),
    Column("leased_until", Instant),
    Column("perhaps", Boolean, nullable=False, server_default=false()),  # an attempt failed, and yet may have arrived
    Column("again_at", Instant),  # when somebody had a dead one sent again
    Column("dead_at", Instant),
    Column("problem", Text, nullable=False, server_default=""),
    Index("ix_deliveries_due", "due_at", sqlite_where=_DUE, postgresql_where=_DUE),
    sqlite_autoincrement=True,
)

#: What is left of deleted cases: how many, and for times between two moments their sum.
case_figures = Table(
    "case_figures",
    metadata,
    Column("month", String(7), primary_key=True),  # the case's
    Column("condition", String(20), primary_key=True),
    Column("hospital_id", String(64), primary_key=True),
    Column("measure", String(40), primary_key=True),
    Column("cases", Integer, nullable=False),
    Column("total_s", BigInteger, nullable=False),
)

#: The same by value, so that medians can be had: how many cases took so long; which ones, nobody can tell any more.
case_tallies = Table(
    "case_tallies",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("condition", String(20), primary_key=True),
    Column("hospital_id", String(64), primary_key=True),
    Column("measure", String(40), primary_key=True),
    Column(
        "value", Integer, primary_key=True
    ),  # minutes or seconds, as the measure is told; 0 of what is merely counted
    Column("cases", Integer, nullable=False),
)
