"""Databases of live state: real SQLite files, and a real PostgreSQL server where its programs are found."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from stroke_map.live import LiveStore, NewClosure
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def new_closure() -> Callable[..., NewClosure]:
    """A closure of way 1 that began at `now`, with whatever else is said."""

    def make(**fields: object) -> NewClosure:
        place = {} if "geometry" in fields else {"ways": (1,)}
        return NewClosure(**{"begins": NOW, "reason": "landslide", "author": "test"} | place | fields)

    return make


@pytest.fixture(scope="session")
def new_case() -> Callable[..., NewCase]:
    """A stroke for which the answer put hospital `a` before `b` and `c`, with whatever else is said."""
    fields = {
        "condition": "stroke",
        "question": {"lat": 29.5, "lon": 106.5, "patient": {"age": 70}},
        "answer": {"hospitals": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
        "edition": "2026.1",
        "first_choice": "a",
        "hospital_id": "a",
        "author": "clinical key",
    }
    return lambda **others: NewCase(**fields | others)


@pytest.fixture(scope="session")
def new_alert() -> Callable[..., NewAlert]:
    """An alert of hospital `a` for case 1, whose ambulance arrives in half an hour, with whatever else is said."""
    teams = (Callees("emergency", ("1", "2")), Callees("radiology"), Callees("neurology", ("7",)))
    fields = {"case_id": 1, "hospital_id": "a", "telephone": "1", "teams": teams, "author": "clinical key"}
    return lambda **others: NewAlert(**fields | {"eta": NOW + timedelta(minutes=30)} | others)


def _programs() -> Path | None:
    """The folder of initdb and postgres, None where there is none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return next((f for f in reversed(folders) if (f / "initdb").exists() and (f / "postgres").exists()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of an empty server of our own, reached by a socket in a temporary folder alone."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (no initdb on PATH nor in /usr/lib/postgresql/*/bin)")
    user: dict[str, object] = {}
    # Not below pytest's own folder: that one is closed to other users, and the path of a socket must be short.
    folder = Path(mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    data, quiet = folder / "data", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    server = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    try:
        command = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(command, check=True, **quiet, **user)
        subprocess.run([*server, "-o", options, "start"], check=True, **quiet, **user)
        yield f"postgresql://postgres@/postgres?host={folder}"
        subprocess.run([*server, "-m", "immediate", "stop"], check=True, **quiet, **user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with an empty database of each kind."""
    if request.param == "sqlite":
        return read_settings({}, geodata_dir=tmp_path)
    import psycopg

    address = request.getfixturevalue("postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return read_settings({}, geodata_dir=tmp_path, database_url=address)


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    return read_settings({}, geodata_dir=tmp_path)


@pytest.fixture
def open_store() -> Iterator[Callable[[Settings], LiveStore]]:
    """Make a store that is closed when the test is over; nothing is opened or migrated yet."""
    made: list[LiveStore] = []

    def make(settings: Settings) -> LiveStore:
        made.append(LiveStore(settings))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(settings: Settings, open_store: Callable[[Settings], LiveStore]) -> LiveStore:
    """An empty store of each kind."""
    made = open_store(settings)
    made.migrate()
    return made


@pytest.fixture
def sqlite_store(sqlite_settings: Settings, open_store: Callable[[Settings], LiveStore]) -> LiveStore:
    made = open_store(sqlite_settings)
    made.migrate()
    return made
