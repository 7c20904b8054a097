"""A small service to back up: two sealed editions, and people who write."""

from __future__ import annotations

import shutil
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions import publish
from stroke_map.editions.info import EditionInfo, Names, RegionInfo
from stroke_map.editions.seal import seal
from stroke_map.live import LiveStore, NewClosure
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import LiveDatabase

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


def _make_edition(geodata: Path, edition_id: str) -> None:
    folder = geodata / "editions" / edition_id
    (folder / "roads").mkdir(parents=True)
    (folder / "roads" / "large.bin").write_bytes(edition_id.encode() * 20_000)
    (folder / "empty").touch()
    info = EditionInfo(
        id=edition_id,
        region=RegionInfo(id="demo", name=Names(zh="演示", en="Demo"), bounds=(106.0, 29.0, 107.0, 30.0)),
        publisher=Names(zh="无", en="Nobody"),
        timezone="Asia/Shanghai",
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    seal(folder, info)


def _make_service(folder: Path, database_url: str) -> Settings:
    settings = read_settings({}, geodata_dir=folder / "geodata", cache_dir=folder / "cache", database_url=database_url)
    for edition_id in ("2025.1", "2026.1"):
        _make_edition(settings.geodata_dir, edition_id)
        publish(settings.geodata_dir, edition_id)
    sheet = settings.sheets_dir / "0123456789abcdef"
    sheet.mkdir(parents=True)
    (sheet / "hospitals.csv").write_text("id\n", encoding="utf-8")
    return settings


@pytest.fixture
def settings(live_database: LiveDatabase, tmp_path: Path) -> Settings:
    """A service with a database of each kind."""
    return _make_service(tmp_path / "service", live_database.address)


@pytest.fixture
def sqlite_settings(empty_sqlite: Path, tmp_path: Path) -> Settings:
    """A service on the file that is the default."""
    settings = _make_service(tmp_path / "service", "")
    shutil.copy(empty_sqlite, settings.geodata_dir / "live.db")
    with closing(LiveStore(settings)) as store:
        store.closures.add(a_closure(), now=NOW)
    return settings


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    """Where nothing is."""
    return read_settings({}, geodata_dir=tmp_path / "empty", cache_dir=tmp_path / "cache")


def a_closure() -> NewClosure:
    return NewClosure(begins=NOW, ways=(1,), reason="landslide", author="test")


def write_once(store: LiveStore, number: int) -> None:
    """A closure that is ended, and a case whose hospital is alerted: a line of the audit log, an alert and three calls each."""
    teams = (Callees("emergency", ("1", "2")), Callees("radiology"), Callees("neurology", ("7",)))
    with store.audit.doing(actor="wang", role="dispatcher", action=f"alert {number}"):
        case = store.cases.add(
            NewCase(
                condition="stroke",
                question={"lat": 29.5, "lon": 106.5},
                answer={"hospitals": [{"id": "a"}]},
                edition="2026.1",
                first_choice="a",
                hospital_id="a",
                author="wang",
            ),
            now=NOW,
        )
        alert = NewAlert(
            case_id=case.id,
            hospital_id="a",
            telephone="1",
            teams=teams,
            author="wang",
            eta=NOW + timedelta(minutes=30),
        )
        store.alerts.create(alert, key=str(number), digest="d", now=NOW)


class Writer(threading.Thread):
    """Somebody who alerts without a pause; `count` alerts were made, and a failure is kept."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings, self._ending = settings, threading.Event()
        self.count, self.failure = 0, None

    def run(self) -> None:
        with closing(LiveStore(self._settings)) as store:
            while not self._ending.is_set():
                try:
                    write_once(store, self.count)
                except Exception as error:  # noqa: BLE001 - the test looks at it
                    self.failure = error
                    return
                self.count += 1

    def end(self) -> None:
        self._ending.set()
        self.join()


@pytest.fixture
def writing() -> Iterator[Callable[[Settings], Writer]]:
    """Let somebody write until `end`, or the test, is over."""
    begun: list[Writer] = []

    def begin(settings: Settings) -> Writer:
        begun.append(Writer(settings))
        begun[-1].start()
        return begun[-1]

    yield begin
    for writer in begun:
        writer.end()


@pytest.fixture(scope="session", name="write_once")
def _write_once() -> Callable[[LiveStore, int], None]:
    return write_once
