"""A PostgreSQL server of our own, for as long as a block runs, and databases on it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPTIONS_FILE = "options"


def find_programs() -> Path | None:
    """The folder of initdb and postgres, None where there is none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return next((f for f in reversed(folders) if (f / "initdb").exists() and (f / "postgres").exists()), None)


@contextmanager
def postgres_server(programs: Path, *settings: str) -> Iterator[str]:
    """The address of an empty server with settings such as `fsync=off`, reached by a socket in a temporary folder alone."""
    user: dict[str, Any] = {}
    # Not below anybody's own folder: the server may run as another user, and the path of a socket must be short.
    folder = Path(mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    data = folder / "data"
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": folder,
    } | user
    control = _control(programs, folder)
    told = "listen_addresses=''", f"unix_socket_directories='{folder}'", "max_connections=200", *settings
    options = " ".join(f"-c {setting}" for setting in told)
    (folder / _OPTIONS_FILE).write_text(options, encoding="utf-8")
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True,
            **quiet,
        )
        subprocess.run([*control, "-o", options, "start"], check=True, **quiet)
        yield f"postgresql://postgres@/postgres?host={folder}"
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _control(programs: Path, folder: Path) -> list[str | Path]:
    return [programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log"]


@contextmanager
def without_server(address: str) -> Iterator[None]:
    """End the server of that address as a power cut would, for as long as the block runs; then start it as it was."""
    programs, folder = find_programs(), Path(address.rpartition("host=")[2])
    assert programs is not None  # noqa: S101 - it was started
    how: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    if os.geteuid() == 0:
        how |= {"user": folder.owner(), "group": folder.group(), "extra_groups": []}
    control = _control(programs, folder)
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, **how)
    try:
        yield
    finally:
        options = (folder / _OPTIONS_FILE).read_text(encoding="utf-8")
        subprocess.run([*control, "-o", options, "start"], check=True, **how)


def cut_connections(address: str) -> int:
    """End every connection to a database but one's own; how many those were."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        return len(connection.execute(_CUT).fetchall())


_CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class PostgresDatabases:
    """Databases of live state on one server, each a copy of one as migrating makes it: that takes a third of the time.

    Parameters
    ----------
    server
        The address of the server, as `postgres_server` gives it.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._run("CREATE DATABASE empty")
        migrate(self.address_of("empty"))
        self._rows = self._read("empty")

    def _read(self, name: str) -> dict[str, list[tuple[Any, ...]]]:
        import psycopg

        with psycopg.connect(self.address_of(name)) as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for (table,) in found}  # noqa: S608

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)

    def address_of(self, name: str) -> str:
        """Where a database of that name is, or would be."""
        return self._server.replace("/postgres?", f"/{name}?")

    def drop(self, name: str) -> None:
        """Take a database away, whoever uses it."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def emptied(self, name: str) -> str:
        """What was made under a name as migrating makes it: with others' connections cut, and their rows taken out.

        That takes a fifth of the time of another database, which is made where that one is gone or has lost a table.
        """
        import psycopg

        try:
            with psycopg.connect(self.address_of(name)) as connection:
                connection.execute(_CUT)
                connection.execute("SET session_replication_role = replica")  # in any order, whatever refers to what
                for table, rows in self._rows.items():
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
                    for row in rows:
                        connection.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)  # noqa: S608
                connection.execute("SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences")
        except psycopg.Error:
            return self.make(name)
        return self.address_of(name)

    def make(self, name: str, like: str = "empty") -> str:
        """Make a database in the place of what had that name; `template1` is one without any table. Gives its address."""
        self.drop(name)
        self._run(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.address_of(name)


def migrate(address: str) -> None:
    """Bring a database of live state to the newest form."""
    from stroke_map.live import LiveStore
    from stroke_map.settings import read_settings

    store = LiveStore(read_settings({}, database_url=address))
    store.migrate()
    store.close()
