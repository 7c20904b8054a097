"""Small real editions: real files, sealed by the real code, of which only the roads are too short to drive on."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stroke_map.editions.info import EditionInfo, Names, RegionInfo
from stroke_map.editions.seal import seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


_NO_LIMIT = resource.getrlimit(resource.RLIMIT_FSIZE)


@pytest.fixture
def file_limit() -> Callable[[int], None]:
    """Call it with a number of bytes: no file of this process may grow beyond it until the test ends."""
    return lambda limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, _NO_LIMIT[1]))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Iterator[None]:
    """Lift `file_limit` before pytest tells how the test went: what it writes to may be a file, too."""
    try:
        return (yield)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, _NO_LIMIT)


@pytest.fixture
def small_disk() -> Iterator[Callable[[Path, int], None]]:
    """Call it with a folder and a number of bytes to put a disk of that size there; only root may."""
    mounted: list[Path] = []

    def mount(folder: Path, size_bytes: int) -> None:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small disk needs root")
        mounted.append(folder)
        (folder / "editions").mkdir()

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def info_of() -> Callable[[str], EditionInfo]:
    return edition_info


TOWN_SIZE = 5
SHEET = """id,name_zh,name_en,lat,lon,crs,thrombolysis,ct
z,甲医院,First,29.5510,106.5510,WGS-84,yes,yes
a,乙医院,Second,29.5570,106.5590,WGS-84,yes,no
"""


def town_osm() -> str:
    """A town of straight streets, 5 by 5 crossings 220 m apart, as OpenStreetMap XML."""
    side = range(TOWN_SIZE)
    nodes = [
        f'<node id="{10 * row + column + 1}" version="1" lat="{29.55 + 0.002 * row:.4f}" lon="{106.55 + 0.0023 * column:.4f}"/>'
        for row in side
        for column in side
    ]
    lines = [[10 * n + other + 1 for other in side] for n in side] + [
        [10 * other + n + 1 for other in side] for n in side
    ]
    ways = [
        f'<way id="{number + 1}" version="1">{"".join(f"""<nd ref="{node}"/>""" for node in line)}'
        f'<tag k="highway" v="residential"/><tag k="name" v="第{number + 1}街"/></way>'
        for number, line in enumerate(lines)
    ]
    return "\n".join(["<osm version='0.6'>", *nodes, *ways, "</osm>"])


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The roads and the hospital sheet of a small town."""
    folder = tmp_path_factory.mktemp("town")
    (folder / "town.osm").write_text(town_osm(), encoding="utf-8")
    (folder / "town.csv").write_text(SHEET, encoding="utf-8")
    return {"osm": folder / "town.osm", "sheet": folder / "town.csv"}
