"""The engine of live state: SQLite in WAL mode beside the editions, or PostgreSQL by its address."""

from __future__ import annotations

import importlib.util
import random
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, NullPool, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from stroke_map.settings import Settings

DATABASE_FILE = "live.db"
BUSY_TIMEOUT_MS = 2000
#: How long whoever is to write waits for those before, until it is given up.
WRITE_WAIT_S = 5.0
#: How soon it then asks again whether it is its turn, at first and at the most, give or take a half. SQLite's own waiting asks more and
#: more seldom, up to a tenth of a second apart: on a busy machine whoever has waited longest is passed by all who come. One thread of a
#: process asks at a time (see `LiveStore.writing`), so that asking often costs little; every 20 ms halved what five processes could write.
_ASK_SOON_S, _ASK_EVERY_S = 0.0005, 0.002
CONNECT_TIMEOUT_S = 3
#: A transaction of PostgreSQL that asks nothing for so long is ended, and what it held is free: its machine froze or is gone. The kernel
#: of either side learns within about as long that the other is gone; left to itself it takes two hours.
IDLE_LIMIT_S = 10.0
_KEEPALIVES = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
#: So many threads of a process write to PostgreSQL at once: with four, two workers on two cores wrote less. And so many connections it
#: keeps, some for those who read. SQLite lets one write.
WRITERS, _CONNECTIONS = 2, 8
#: Execution option of a transaction that writes: "FULL" where it outlives a power cut, "NORMAL" where that may take back the last of
#: them. SQLite alone takes notice; a transaction without it only reads.
WRITES = "stroke_map_writes"
# Numbers that are ours alone among PostgreSQL's advisory locks: of whoever migrates, and of whoever takes messages to send.
MIGRATING, LEASING = 0x5374726F6B65, 0x5374726F6B66
_EXAMPLE = "postgresql://user:password@host/database"


def database_file(settings: Settings) -> Path | None:
    """The SQLite file that is used, None where the database is PostgreSQL.

    Raises
    ------
    InvalidRequestError
        `database_url` is none, or of another kind of database.
    """
    if not settings.database_url:
        return settings.geodata_dir / DATABASE_FILE
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        raise _bad_url("is no database address") from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database not in {None, "", ":memory:"}:
        return Path(url.database)
    if kind != "postgresql" or url.get_driver_name() not in {
        "psycopg",
        "psycopg2",
    }:  # psycopg2: SQLAlchemy 2.0 by default
        raise _bad_url("must name a PostgreSQL database, or a file of SQLite")
    return None


def make_engine(settings: Settings) -> Engine:
    """The engine for `settings.database_url`; nothing is opened yet.

    Raises
    ------
    InvalidRequestError
        See `database_file`; or the package that speaks to PostgreSQL is not installed.
    """
    file = database_file(settings)
    if file is not None:
        return _sqlite(file)
    if importlib.util.find_spec("psycopg") is None:
        raise InvalidRequestError(
            "PostgreSQL is set as the database, but psycopg is not installed",
            next_step="Install it with: pip install 'stroke-map[postgres]'.",
        )
    url = make_url(settings.database_url).set(drivername="postgresql+psycopg")
    kept = {"pool_size": _CONNECTIONS, "max_overflow": 0, "pool_timeout": WRITE_WAIT_S, "pool_pre_ping": True}
    return create_engine(url, connect_args=_postgres_arguments(), hide_parameters=True, **kept)


def _postgres_arguments() -> dict[str, Any]:
    """What every connection to PostgreSQL asks of the server, and of the kernel of this machine."""
    idle_ms = round(IDLE_LIMIT_S * 1000)
    asked = {
        "statement_timeout": 10000,
        "lock_timeout": round(WRITE_WAIT_S * 1000),
        "idle_in_transaction_session_timeout": idle_ms,
        "timezone": "UTC",
    } | {f"tcp_{name}": value for name, value in _KEEPALIVES.items()}
    options = " ".join(f"-c {name}={value}" for name, value in asked.items())
    return {"connect_timeout": CONNECT_TIMEOUT_S, "options": options, "tcp_user_timeout": idle_ms} | _KEEPALIVES


def _bad_url(problem: str) -> InvalidRequestError:
    # Never the address itself: it holds a password.
    return InvalidRequestError(f"STROKE_MAP_DATABASE_URL {problem}", next_step=f"Set it to something like {_EXAMPLE}.")


def _sqlite(file: Path) -> Engine:
    """An engine that opens the file anew for every transaction, which takes 0.1 ms.

    A kept connection would go on writing into a file that was removed or replaced, and nobody would notice. Only `migrate`
    may create the file.
    """

    def connect() -> sqlite3.Connection:
        address = f"{file.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    # The driver would begin transactions when it pleases; we say when, and whether it is to write.
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    synchronous = connection.get_execution_options().get(WRITES)
    driver: Any = connection.connection.driver_connection
    if synchronous is None:
        driver.execute("BEGIN")
        return
    driver.execute(f"PRAGMA synchronous = {synchronous}")
    driver.execute("PRAGMA busy_timeout = 0")
    give_up_s, wait_s = time.monotonic() + WRITE_WAIT_S, _ASK_SOON_S
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= give_up_s:
                raise
        time.sleep(wait_s * random.uniform(0.5, 1.5))  # noqa: S311  only spreads load
        wait_s = min(2 * wait_s, _ASK_EVERY_S)
    driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def create_file(file: Path) -> None:
    """Make the SQLite file where there is none, in WAL mode, in which readers never wait for a writer."""
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def hold_alone(connection: Connection, number: int) -> None:
    """Be the only one who holds this number until the end of the transaction; do it first. On SQLite one who writes is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def insert_if_absent(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there, whoever else does so at this moment. Returns whether it was inserted."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement).first() is not None
