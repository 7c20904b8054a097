"""The database of live state, brought into one SQLite file and back, each as it was at one moment."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import inspect, select, text

from stroke_map.backups.faults import is_there
from stroke_map.backups.manifest import DATABASE
from stroke_map.backups.rows import copy_rows, count_rows
from stroke_map.editions.files import is_full_disk
from stroke_map.errors import BackupError, LiveStoreError
from stroke_map.live import LiveStore
from stroke_map.live.account_tables import audit_chains
from stroke_map.live.audit_chain import Head
from stroke_map.live.tables import changes, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from stroke_map.settings import Settings

#: Where live state is that no file holds, in words.
IN_POSTGRES: Final = "live state in the database of STROKE_MAP_DATABASE_URL"
_VERSION = text("SELECT version_num FROM alembic_version")


@contextmanager
def store_of(settings: Settings) -> Iterator[LiveStore]:
    """The database that is set, for the length of a block."""
    with closing(LiveStore(settings)) as store:
        yield store


@contextmanager
def store_in(folder: Path, settings: Settings) -> Iterator[LiveStore]:
    """The SQLite file of live state in a folder, for the length of a block."""
    with store_of(replace(settings, database_url="", geodata_dir=folder)) as store:
        yield store


def size_bytes(settings: Settings) -> int:
    """About how much room the database takes.

    Raises
    ------
    LiveStoreError
        It is away.
    """
    with store_of(settings) as store:
        if store.file is not None:
            return store.file.stat().st_size if store.file.is_file() else 0
        with store.reading() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def save(settings: Settings, folder: Path) -> Literal["", "sqlite", "postgresql"]:
    """Bring the database as it is at one moment into a file in `folder`; writers go on meanwhile. Gives the kind; "": there is none.

    Raises
    ------
    LiveStoreError
        It is away, damaged, or of another version of this package.
    """
    with store_of(settings) as store:
        if store.file is None:
            _save_postgres(store, folder, settings)
            kind: Literal["sqlite", "postgresql"] = "postgresql"
        elif store.file.exists():
            _save_sqlite(store.file, folder / DATABASE)
            kind = "sqlite"
        else:
            return ""
    look_at(folder / DATABASE)
    return kind


def _save_sqlite(file: Path, target: Path) -> None:
    # Unlike a copy page by page it has nothing in it of rows that were deleted.
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        if is_full_disk(error):
            raise
        raise LiveStoreError("the database of live state is damaged, or cannot be read") from error


def _save_postgres(store: LiveStore, folder: Path, settings: Settings) -> None:
    with store_in(folder, settings) as copy:
        copy.migrate()
        with store.reading() as source, copy.writing(audited=False) as target:
            source.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            _take_time(source)
            if source.execute(_VERSION).scalar_one() != target.execute(_VERSION).scalar_one():
                raise LiveStoreError(
                    "the database of live state was made by another version of this package",
                    next_step="Back it up with the version that serves.",
                )
            copy_rows(source, target)


def _take_time(connection: Connection) -> None:
    """Let a transaction of PostgreSQL copy for as long as it takes, also while it waits for the file at the other end."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def look_at(file: Path) -> None:
    """Be sure that a database in a file of its own is whole, and that nothing of it is beside that file.

    Raises
    ------
    BackupError
        It is damaged.
    """
    with closing(sqlite3.connect(file)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            wrong = [row for (row,) in connection.execute("PRAGMA integrity_check") if row != "ok"]
            wrong += [f"{row[0]}: a row that belongs to none" for row in connection.execute("PRAGMA foreign_key_check")]
        except sqlite3.DatabaseError as error:
            if is_full_disk(error):
                raise
            wrong = [str(error)]
    if wrong:
        raise BackupError(f"{file.name} is damaged: {wrong[0]}", files=wrong)


def ends_of_audit(connection: Connection) -> dict[str, Head]:
    """The last line of each chain of the audit log."""
    return {row.chain: Head(row.number, row.hash) for row in connection.execute(select(audit_chains))}


def is_empty(settings: Settings) -> bool:
    """Whether nothing was ever recorded in the PostgreSQL database that is set; tables may be there, also of an earlier version.

    Raises
    ------
    LiveStoreError
        It is away.
    """
    with store_of(settings) as store, store.reading() as connection:
        return _nothing_recorded(connection)


def _nothing_recorded(connection: Connection) -> bool:
    there = inspect(connection).get_table_names()
    counts = count_rows(connection, [table for table in metadata.sorted_tables if table.name in there])
    counts.pop(changes.name, None)  # has a row for each topic from the beginning
    return not any(counts.values())


def fill(settings: Settings, folder: Path) -> None:
    """Bring what is in the file in `folder` into the empty PostgreSQL database that is set: all of it or nothing.

    Raises
    ------
    BackupError
        Something was recorded in it meanwhile.
    LiveStoreError
        It is away, in use, or a later version of this package has made its tables.
    """
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with store_in(folder, settings) as copy, store_of(settings) as store:
        store.migrate()
        with copy.reading() as source, store.writing(audited=False) as target:
            _take_time(target)
            # Who writes just now is waited for, who comes after waits for us: nothing is written that would then be destroyed.
            target.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
            if not _nothing_recorded(target):
                raise is_there([IN_POSTGRES])
            copy_rows(source, target)
