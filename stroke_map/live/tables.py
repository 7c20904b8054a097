"""The tables of live state. A change here needs a migration beside it; a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, DateTime, Float, Integer, MetaData, SmallInteger, String, Table, Text
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
    sqlite_autoincrement=True,
)
