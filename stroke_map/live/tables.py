"""The tables of live state. A change here needs a migration beside it; a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """An aware moment, kept and given back in UTC; SQLite knows no offsets and would forget them."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: One row per topic; its version grows in the transaction of every change, so that a reader can ask cheaply.
changes = Table(
    "changes",
    metadata,
    Column("topic", String(40), primary_key=True),
    Column("version", BigInteger, nullable=False),
)

closures = Table(
    "closures",
    metadata,
    Column("id", Integer, primary_key=True),
    #: The version of the topic "closures" at which this row changed last: readers fetch only what is newer.
    Column("changed", BigInteger, nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("factor", Float),
    Column("geometry", Text),  # GeoJSON, (lon, lat) in degrees, WGS-84
    Column("ways", Text),  # JSON list of OpenStreetMap way ids
    Column("direction", String(10), nullable=False),
    Column("begins", Instant, nullable=False),
    Column("until", Instant),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("layer", SmallInteger),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    Column("turns_at", Instant, index=True),  # when it next changes by time alone
    sqlite_autoincrement=True,
)

_NOT_ENDED = text("ended_at IS NULL")

#: What hospitals said of themselves. A row is written once and then only ended, so the table is its own history.
statuses = Table(
    "statuses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hospital_id", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("until", Instant, nullable=False),
    Column("open_ended", Boolean, nullable=False),  # nobody said until when: `until` is the longest duration
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    Column("end_reason", Text, nullable=False),
    #: The version of the topic "statuses" at which this row changed last.
    Column("changed", BigInteger, nullable=False, index=True, server_default="0"),
    Column("turns_at", Instant, index=True),  # when it next changes by time alone
    # One of each kind for a hospital at any time, whoever writes; and the way to those few without reading the history.
    Index(
        "ix_statuses_not_ended",
        "hospital_id",
        "kind",
        unique=True,
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    ),
    sqlite_autoincrement=True,
)
