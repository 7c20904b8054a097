"""Databases of live state: real SQLite files, and a real PostgreSQL server where its programs are found."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stroke_map.live import LiveStore, NewClosure
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.live.channels import NewChannel
from stroke_map.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duty.postgres import PostgresDatabases

    from tests.conftest import LiveDatabase

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


@pytest.fixture
def settings(live_database: LiveDatabase, tmp_path: Path) -> Settings:
    """Settings with an empty database of each kind."""
    return read_settings({}, geodata_dir=tmp_path, database_url=live_database.address)


@pytest.fixture(params=["sqlite", "postgres"])
def bare_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings with a database of each kind in which there is no table yet."""
    if request.param == "sqlite":
        return read_settings({}, geodata_dir=tmp_path)
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    return read_settings({}, geodata_dir=tmp_path, database_url=databases.make("bare", like="template1"))


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """Settings with a SQLite file that is not there yet."""
    return read_settings({}, geodata_dir=tmp_path)


@pytest.fixture
def open_store() -> Iterator[Callable[[Settings], LiveStore]]:
    """Make a store that is closed when the test is over; nothing is opened yet."""
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
    return open_store(settings)


@pytest.fixture
def add_channel(store: LiveStore, now: datetime) -> Callable[..., int]:
    """Let hospital `a` be called by a webhook, with whatever else is said; gives the channel's id."""
    told = {
        "hospital_id": "a",
        "kind": "webhook",
        "target": "https://h.example/",
        "secret": "whsec_eA==",
        "author": "x",
    }
    return lambda **fields: store.channels.add(NewChannel(**told | fields), now=now).id


@pytest.fixture
def sqlite_store(
    sqlite_settings: Settings, empty_sqlite: Path, open_store: Callable[[Settings], LiveStore]
) -> LiveStore:
    shutil.copy(empty_sqlite, sqlite_settings.geodata_dir / "live.db")
    return open_store(sqlite_settings)
