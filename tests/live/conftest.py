"""Databases of live state: real SQLite files, and a real PostgreSQL server where its programs are found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stroke_map.live import LiveStore, NewClosure
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
