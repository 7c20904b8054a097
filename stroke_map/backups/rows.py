"""Every row of live state, from one database into another, of whichever kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, text

from stroke_map.live.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

_AT_ONCE: Final = 1000
#: More than are given in weeks between a backup and the day it is restored, and a twenty-thousandth of all there are.
_SKIPPED_IDS: Final = 100_000


def copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    """Put every row of `source` in the place of what is in `target`; how many there are, by table.

    Ids go on behind the last one that was ever given, also where its row has been deleted since: no id means two things.
    """
    for table in reversed(metadata.sorted_tables):
        target.execute(delete(table))
    counts = {table.name: _copy_table(source, target, table) for table in metadata.sorted_tables}
    for table in metadata.sorted_tables:
        if table.autoincrement_column is not None:
            _go_on_behind(target, table, _last_id(source, table))
    return counts


def skip_ids(connection: Connection) -> None:
    """Leave out the ids that may have been given since this was backed up: a screen may still show what they meant."""
    for table in metadata.sorted_tables:
        if table.dialect_options["sqlite"]["autoincrement"]:
            _go_on_behind(connection, table, _last_id(connection, table) + _SKIPPED_IDS)


def count_rows(connection: Connection, tables: Sequence[Table] | None = None) -> dict[str, int]:
    """How many rows there are, by table; None: of every table."""
    return {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in (metadata.sorted_tables if tables is None else tables)
    }


def _copy_table(source: Connection, target: Connection, table: Table) -> int:
    count = 0
    with source.execute(select(table), execution_options={"yield_per": _AT_ONCE}) as found:
        for rows in found.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in rows])
            count += len(rows)
    return count


def _counter(connection: Connection, table: Table) -> str:
    """The name of what counts the ids of a table in PostgreSQL."""
    return str(connection.execute(text(f"SELECT pg_get_serial_sequence('{table.name}', 'id')")).scalar_one())


def _last_id(connection: Connection, table: Table) -> int:
    if connection.dialect.name == "sqlite":
        given = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    else:
        counter = _counter(connection, table)
        given = connection.execute(text(f"SELECT last_value FROM {counter} WHERE is_called"))  # noqa: S608 - a name of ours
    highest = connection.execute(select(func.max(table.c.id))).scalar_one()
    return max(given.scalar_one_or_none() or 0, highest or 0)


def _go_on_behind(connection: Connection, table: Table, last_id: int) -> None:
    if connection.dialect.name != "sqlite":
        counter = _counter(connection, table)
        connection.execute(
            text(f"SELECT setval('{counter}', :last, :given)"), {"last": max(last_id, 1), "given": last_id > 0}
        )
    elif table.dialect_options["sqlite"]["autoincrement"]:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        told = {"name": table.name, "last": last_id}
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), told)
