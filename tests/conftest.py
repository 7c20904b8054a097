"""Fixtures every room shares."""

from __future__ import annotations

import csv
import fcntl
import gc
import math
import os
import shutil
import sys
import threading
from collections.abc import Callable  # noqa: TC003  a dataclass names it
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import argon2
import hypothesis
import pytest

from stroke_map.settings import prepare_numba_cache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from stroke_map.demo import DemoFiles
    from stroke_map.editions import Edition

# Before any test module imports numba, which reads its cache folder once.
prepare_numba_cache()
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from duty.postgres import PostgresDatabases, find_programs, migrate, postgres_server  # noqa: E402
from page.visit import chromium  # noqa: E402

from stroke_map.live import credentials  # noqa: E402

# Argon2 as it is, but not made to take its time: hundreds of passwords are tried. A hash says itself how it was made.
_cheap = argon2.PasswordHasher.from_parameters(argon2.profiles.CHEAPEST)
credentials._hasher = lambda: _cheap

# The same examples each time, so that a run says the same of the same code, however busy the machine. New ones:
# `pytest --hypothesis-profile=default`.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="keep a screenshot of each state of each page")


def pytest_collection_finish() -> None:
    """Let the collector pass over all that was imported and collected: it stays, and is most of what there is to look through."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: when nothing is left but the end of one process's work, that is quick."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


SHARED_OSM = Path(__file__).resolve().parents[2] / "shared" / "osm"
#: So many more files may be open than after the last look for circles; a usual limit is 1,024.
MORE_FILES = 200


@pytest.fixture(scope="session")
def open_files():
    """How many files were open when circles were last looked for."""
    return [MORE_FILES]


@pytest.fixture(autouse=True)
def few_open_files(open_files):
    """Applications are circles, which only the collector lets go, and each has an edition's files open."""
    yield
    if _open_files() > open_files[0] + MORE_FILES:
        gc.collect()  # a tenth of a second
        open_files[0] = _open_files()


def _open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


@pytest.fixture(scope="session")
def shared_osm() -> Path:
    """The folder of real OpenStreetMap extracts, which lies beside the project and never in it."""
    if not SHARED_OSM.is_dir():
        pytest.skip("the real OpenStreetMap extracts are not beside this checkout (../shared/osm)")
    return SHARED_OSM


@contextmanager
def _first(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A folder that all processes of pytest-xdist share, for one of them at a time."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared / name


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """The road file and the hospital sheet of the demonstration city. Written once; tests must not change them."""
    from stroke_map.demo import DemoFiles, write_demo

    with _first(tmp_path_factory, "demo-files") as folder:
        names = folder / "names"
        if not names.exists():
            files = write_demo(folder)
            names.write_text(f"{files.osm.name}\n{files.sheet.name}", encoding="utf-8")
        return DemoFiles(*(folder / name for name in names.read_text(encoding="utf-8").split()))


@pytest.fixture(scope="session")
def demo_geodata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A geodata folder with the demonstration city published. Built once; tests must not change it."""
    from stroke_map.commands.building import publish_demo

    with _first(tmp_path_factory, "demo-geodata") as folder:
        if not (folder / "current").exists():
            publish_demo(folder)
        return folder


@pytest.fixture(scope="session")
def copy_demo(demo_geodata: Path) -> Callable[[Path], Path]:
    """Publish the demonstration city in a folder of one's own; its files are links, for nobody writes to what is sealed."""

    def copy(folder: Path) -> Path:
        shutil.copytree(demo_geodata / "editions" / "demo", folder / "editions" / "demo", copy_function=os.link)
        shutil.copy2(demo_geodata / "current", folder / "current")
        return folder

    return copy


@pytest.fixture(scope="session")
def demo_edition(demo_geodata: Path) -> Edition:
    """The demonstration city, open."""
    from stroke_map.editions import open_published

    return open_published(demo_geodata)


@pytest.fixture(scope="session")
def demo_street(demo_edition: Edition) -> dict[str, Any]:
    """A real stretch of the city, longer than 100 m, as a GeoJSON line."""
    network = demo_edition.network("car")
    stretch = int((network.stretch_length_m > 100).argmax())
    first, last = network.stretch_first_point[stretch : stretch + 2]
    points = zip(network.point_x[first:last].tolist(), network.point_y[first:last].tolist(), strict=True)
    return {"type": "LineString", "coordinates": [[x * 1e-7, y * 1e-7] for x, y in points]}


#: Where the small made-up places of the tests lie.
SOUTH_WEST = (29.55, 106.55)
METRES_PER_DEGREE = 111_195.0


def place_of(x_m: float, y_m: float) -> tuple[float, float]:
    """(lat, lon) in degrees, WGS-84, so many metres east and north of the tests' own corner of the world."""
    lat, lon = SOUTH_WEST
    return lat + y_m / METRES_PER_DEGREE, lon + x_m / METRES_PER_DEGREE / math.cos(math.radians(lat))


def _osm_text(nodes: dict[str, tuple[float, float]], ways: list[tuple[str, dict[str, str]]]) -> str:
    ids = {name: number for number, name in enumerate(nodes, start=1)}
    lines = ['<osm version="0.6">']
    for name, at in nodes.items():
        lat, lon = place_of(*at)
        lines.append(f'<node id="{ids[name]}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>')
    for number, (names, tags) in enumerate(ways, start=1):
        lines.append(f'<way id="{number}" version="1">')
        lines += [f'<nd ref="{ids[name]}"/>' for name in names]
        lines += [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]
        lines.append("</way>")
    return "\n".join([*lines, "</osm>"])


@pytest.fixture(scope="session", name="place_of")
def _place_of() -> Callable[[float, float], tuple[float, float]]:
    """See `place_of`."""
    return place_of


@pytest.fixture(scope="session")
def write_osm(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write an `.osm` file of `{letter: (metres east, metres north)}` and `[(letters, tags)]`; way ids count from 1."""

    def write(nodes: dict[str, tuple[float, float]], ways: list[tuple[str, dict[str, str]]]) -> Path:
        path = tmp_path_factory.mktemp("osm") / "tiny.osm"
        path.write_text(_osm_text(nodes, ways), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def make_town(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Edition]:
    """Build a real edition from an OSM file and rows of a hospital sheet, and open it.

    A row is a dict of the sheet's columns; what it leaves out is given a plain value. `id` and a place are needed.
    """
    from stroke_map.editions import Edition, Region, build_edition

    def make(osm: Path, rows: list[dict[str, object]], *, region: Region | None = None, **options: object) -> Edition:
        folder = tmp_path_factory.mktemp("town")
        full = [{"name_zh": row["id"], "crs": "WGS-84"} | row for row in rows]
        with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(dict.fromkeys(column for row in full for column in row)))
            writer.writeheader()
            writer.writerows(full)
        days = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}
        made = build_edition(
            osm=osm, sheet=folder / "sheet.csv", region=region or Region(), geodata_dir=folder, edition_id="2026.1",
            **days | options,
        )  # fmt: skip
        return Edition(made)

    return make


#: What the hospitals of Malta are said to do in the tests; every other one is said to do nothing.
MATER_DEI, SAN_LUQA, GOZO_GENERAL = "osm-w24063943", "osm-w52501252", "osm-n3919240489"
MALTA_ABLE = {
    MATER_DEI: {"thrombolysis", "thrombectomy", "ct"},
    SAN_LUQA: {"thrombolysis", "fibrinolysis", "ct"},
    GOZO_GENERAL: {"thrombolysis", "primary_pci", "fibrinolysis"},
}


@pytest.fixture(scope="session")
def malta_edition(shared_osm: Path, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """Malta as an edition of its own: hospitals drafted from the map, what three of them can do filled in. Built once; tests must not change it."""
    from stroke_map.editions import Edition, Region, build_edition
    from stroke_map.registry import Capability, draft_from_osm, write_sheet

    osm = shared_osm / "malta.osm.pbf"
    with _first(tmp_path_factory, "malta") as folder:
        made = folder / "editions" / "2026.1"
        if made.exists():
            return Edition(made)
        folder.mkdir(exist_ok=True)
        with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
            drafted = list(draft_from_osm(osm))
            for hospital in drafted:
                able = MALTA_ABLE.get(hospital.id, set())
                told = {name: Capability(status="yes" if name in able else "no") for name in hospital.capabilities}
                hospital.capabilities.update(told)
            write_sheet(drafted, stream)
        build_edition(
            osm=osm,
            sheet=folder / "sheet.csv",
            region=Region(id="malta", timezone="Europe/Malta"),
            geodata_dir=folder,
            edition_id=made.name,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
        )
    return Edition(made)


# ---- a real browser

SCREENSHOTS = Path(__file__).resolve().parents[1] / "screenshots"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, else Playwright's; tests that need one are skipped where there is none."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with ExitStack() as stack:
        try:
            started = stack.enter_context(chromium())
        except FileNotFoundError as error:
            pytest.skip(str(error))
        yield started


@pytest.fixture(scope="session")
def serving() -> Callable[[Any], AbstractContextManager[str]]:
    """Serve an application as long as a `with` block lasts; gives its address."""
    from werkzeug.serving import make_server

    def read(file: Any, _buffer_size: int) -> list[bytes]:
        with file:
            return [file.read()]

    @contextmanager
    def serve(app: Any) -> Iterator[str]:
        def answer(environ: Any, start_response: Any) -> Any:
            environ["wsgi.file_wrapper"] = (
                read  # this server does not close an answer whose browser went away at the end of it
            )
            return app(environ, start_response)

        server = make_server("127.0.0.1", 0, answer, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))  # so often it looks whether to end
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return serve


@pytest.fixture(scope="session")
def picture(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Take a screenshot, with `--pictures`, into a folder that git ignores, for somebody to look at."""

    def take(page: Any, name: str, *, whole: bool = False) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        part = SCREENSHOTS / f".{os.environ.get('PYTEST_XDIST_WORKER', '')}{name}.png"
        page.screenshot(path=part, full_page=whole)
        part.replace(SCREENSHOTS / f"{name}.png")

    def leave(_page: Any, _name: str, *, whole: bool = False) -> None:
        """Of a page of a few metres it takes a browser half a second, of all pages half a minute."""

    return take if request.config.getoption("pictures") else leave


# ---- databases of live state


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of an empty server of our own."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (no initdb on PATH nor in /usr/lib/postgresql/*/bin)")
    with postgres_server(programs, "fsync=off") as address:
        yield address


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of live state as migrating makes it, to be copied."""
    file = tmp_path_factory.mktemp("empty") / "live.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_databases(postgres: str) -> PostgresDatabases:
    return PostgresDatabases(postgres)


@dataclass(frozen=True)
class LiveDatabase:
    """An empty database of live state.

    Attributes
    ----------
    address
        For the setting `database_url`.
    take_away
        From then on nobody can use it, nor make it anew.
    """

    address: str
    take_away: Callable[[], None]


@pytest.fixture(params=["sqlite", "postgres"])
def live_database(request: pytest.FixtureRequest, tmp_path: Path) -> LiveDatabase:
    """A database of each kind."""
    if request.param == "postgres":
        databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
        return LiveDatabase(databases.emptied("one_test"), partial(databases.drop, "one_test"))
    file = tmp_path / "live.db"
    shutil.copy(request.getfixturevalue("empty_sqlite"), file)

    def take_away() -> None:
        for part in tmp_path.glob("live.db*"):
            part.unlink()
        file.mkdir()

    return LiveDatabase(f"sqlite:///{file}", take_away)
