"""Small real editions: real files, sealed by the real code, of which only the roads are too short to drive on."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stroke_map.editions.info import EditionInfo, Names, RegionInfo
from stroke_map.editions.seal import seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def edition_info(edition_id: str) -> EditionInfo:
    return EditionInfo(
        id=edition_id,
        region=RegionInfo(id="demo", name=Names(zh="演示", en="Demo"), bounds=(106.0, 29.0, 107.0, 30.0)),
        publisher=Names(zh="无", en="Nobody"),
        timezone="Asia/Shanghai",
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def fill(folder: Path, content: int = 0) -> None:
    """One file of every kind an edition has: a large array, a small one, a database, a picture, an empty file."""
    (folder / "roads" / "car").mkdir(parents=True)
    (folder / "tiles" / "12" / "7").mkdir(parents=True)
    np.save(folder / "roads" / "car" / "large.npy", np.full(50_000, content, np.int32))
    np.save(folder / "roads" / "car" / "small.npy", np.arange(10, dtype=np.uint8))
    (folder / "tiles" / "12" / "7" / "9.png").write_bytes(b"\x89PNG" + bytes(300))
    (folder / "tiles" / "empty").touch()
    with sqlite3.connect(folder / "registry.db") as database:
        database.execute("create table hospitals (id text, number integer)")
        database.execute("insert into hospitals values ('h1', ?)", [content])
    database.close()
    (folder / "region.geojson").write_text(
        '{"type": "Polygon", "coordinates": [[[106, 29], [107, 29], [107, 30], [106, 29]]]}'
    )


@pytest.fixture
def geodata(tmp_path: Path) -> Path:
    folder = tmp_path / "geodata"
    (folder / "editions").mkdir(parents=True)
    return folder


@pytest.fixture
def make_edition(geodata: Path) -> Callable[..., Path]:
    """Make a sealed edition of that id; `content` makes its bytes differ from another's."""

    def make(edition_id: str, content: int = 0) -> Path:
        folder = geodata / "editions" / edition_id
        folder.mkdir()
        fill(folder, content)
        seal(folder, edition_info(edition_id))
        return folder

    return make


@pytest.fixture
def plain_folder(tmp_path: Path) -> Path:
    """A filled folder that is not sealed."""
    folder = tmp_path / "2026.1"
    folder.mkdir()
    fill(folder)
    return folder


@pytest.fixture(scope="session")
def info_of() -> Callable[[str], EditionInfo]:
    return edition_info
