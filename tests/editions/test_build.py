"""An edition built from a real file of a small town: whole or not there at all."""

from __future__ import annotations

import csv
import mmap
import os
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from stroke_map.editions import (
    Edition,
    Region,
    build_edition,
    list_editions,
    load_region,
    open_published,
    publish,
    verify_edition,
)
from stroke_map.editions.files import exclusive_lock
from stroke_map.errors import EditionDamagedError, EditionError, InvalidRequestError, RegistryError, RoadDataError

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = ["check", "roads car", "roads ambulance", "registry", "arrivals car", "arrivals ambulance", "tiles", "seal"]


def draw_two_tiles(network: object, folder: Path) -> None:
    (folder / "0" / "0").mkdir(parents=True)
    (folder / "0" / "0" / "0.png").write_bytes(b"\x89PNG" + bytes(100))


@pytest.fixture
def build(town: dict[str, Path], geodata: Path) -> Callable[..., Path]:
    """`build_edition` of the town, with whatever else is given."""

    def run(edition_id: str = "2026.1", **changes: object) -> Path:
        given = {
            "region": Region(id="town"),
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2026, 12, 31),
            "draw_tiles": draw_two_tiles,
            **town,
            **changes,
        }
        return build_edition(geodata_dir=geodata, edition_id=edition_id, **given)

    return run


def is_mapped(array: np.ndarray) -> bool:
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)


def leftovers(geodata: Path) -> list[str]:
    return sorted(path.name for path in (geodata / "editions").iterdir())


def test_a_built_edition_opens_with_all_it_needs(build: Callable, geodata: Path) -> None:
    folder = build()
    publish(geodata, "2026.1")
    edition = open_published(geodata)
    assert edition.folder == folder
    assert [hospital.id for hospital in edition.hospitals] == ["a", "z"]
    for profile in ("car", "ambulance"):
        assert edition.arrivals(profile).time.shape == (edition.network(profile).segment_count, 2)
        assert not edition.arrivals(profile).time.flags.writeable
        assert is_mapped(edition.arrivals(profile).time)
        assert is_mapped(edition.network(profile).point_x)
    assert edition.contains(29.55, 106.55)
    assert not edition.contains(29.55, 107.0)
    assert edition.zone.key == "Asia/Shanghai"
    with pytest.raises(InvalidRequestError, match="this edition has car, ambulance"):
        edition.network("boat")


def test_the_description_says_what_it_was_built_from(build: Callable, town: dict[str, Path]) -> None:
    info = Edition(build()).info
    assert [(source.role, source.name) for source in info.built_from] == [
        ("roads", "town.osm"),
        ("hospitals", "town.csv"),
    ]
    assert info.counts["hospitals"] == 2
    assert info.counts["capabilities"] == {"ct": 1, "thrombolysis": 2}
    assert info.counts["roads"]["car"]["segments"] > 40
    assert info.counts["unreached"] == {"car": [], "ambulance": []}
    assert (info.valid_from, info.valid_until, info.demo) == (date(2026, 1, 1), date(2026, 12, 31), False)
    assert info.licence == "ODbL-1.0"


def test_an_edition_of_made_up_data_says_so(build: Callable) -> None:
    info = Edition(build(demo=True)).info
    assert info.demo
    assert "OpenStreetMap" not in info.attribution


def test_the_same_inputs_give_the_same_bytes(build: Callable) -> None:
    first, second = build("2026.1"), build("2026.2")
    documents = [orjson.loads((folder / "edition.json").read_bytes()) for folder in (first, second)]
    for document in documents:
        for changing in ("id", "created_at", "seal"):
            document.pop(changing)
    assert documents[0] == documents[1]
    assert len(documents[0]["files"]) > 40


def test_the_inputs_may_lie_in_another_folder(build: Callable, town: dict[str, Path], tmp_path: Path) -> None:
    moved = {key: Path(shutil.copy(path, tmp_path / path.name)) for key, path in town.items()}
    first, second = Edition(build("a")), Edition(build("b", **moved))
    assert first.info.files == second.info.files


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_in_any_step_leaves_nothing_but_what_was_there(build: Callable, geodata: Path, step: str) -> None:
    publish(geodata, build("2025.1").name)
    seen = []

    def crash(name: str, share: float) -> None:
        seen.append(name)
        if name == step:
            raise RuntimeError(step)

    with pytest.raises(RuntimeError, match=step):
        build("2026.1", progress=crash)
    assert list(dict.fromkeys(seen)) == STEPS[: STEPS.index(step) + 1]
    assert leftovers(geodata) == ["2025.1"]
    assert open_published(geodata).info.id == "2025.1"
    build("2026.1")
    assert verify_edition(geodata, "2026.1", full=True)


def test_progress_tells_every_step_from_its_beginning_to_its_end(build: Callable) -> None:
    told: list[tuple[str, float]] = []
    build(progress=lambda step, share: told.append((step, share)))
    for step in STEPS:
        shares = [share for name, share in told if name == step]
        assert shares[0] == 0.0
        assert shares[-1] == 1.0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_no_space_left_says_how_much_is_needed(build: Callable, geodata: Path) -> None:
    def draw(network: object, folder: Path) -> None:
        Path("/dev/full").write_bytes(b"x")

    publish(geodata, build("2025.1").name)
    with pytest.raises(EditionError, match="MB are needed") as caught:
        build("2026.1", draw_tiles=draw)
    assert caught.value.facts["needed_bytes"] > 1_000_000
    assert leftovers(geodata) == ["2025.1"]
    assert open_published(geodata).info.id == "2025.1"


@pytest.mark.parametrize("step", ["arrivals car", "arrivals ambulance", "tiles", "seal"])
def test_a_disk_that_is_full_from_a_step_on_leaves_the_published_edition(
    build: Callable, geodata: Path, step: str, file_limit: Callable[[int], None]
) -> None:
    """From that step on no file of this process may grow beyond 100 bytes."""

    def fill_the_disk(name: str, _share: float) -> None:
        if name == step:
            file_limit(100)

    publish(geodata, build("2025.1").name)
    with pytest.raises(EditionError, match="has no room"):
        build("2026.1", progress=fill_the_disk, draw_tiles=draw_two_tiles)
    assert leftovers(geodata) == ["2025.1"]
    assert open_published(geodata).info.id == "2025.1"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_disk_that_runs_full_leaves_the_published_edition(
    build: Callable, geodata: Path, small_disk: Callable[[Path, int], None], share: float
) -> None:
    size = sum(4096 * -(-path.stat().st_size // 4096) for path in build("2025.1").rglob("*") if path.is_file())
    moved = shutil.move(geodata / "editions" / "2025.1", geodata.parent / "2025.1")
    small_disk(geodata, int(size * (1 + share)) + 40_000)
    shutil.copytree(moved, geodata / "editions" / "2025.1")
    publish(geodata, "2025.1")
    with pytest.raises(EditionError, match="has no room"):
        build("2026.1")
    assert leftovers(geodata) == ["2025.1"]
    assert open_published(geodata).info.id == "2025.1"


def test_a_sound_edition_is_never_built_over(build: Callable) -> None:
    before = (build() / "edition.json").read_bytes()
    with pytest.raises(EditionError, match="exists and is sound"):
        build()
    assert (build("2026.2").parent / "2026.1" / "edition.json").read_bytes() == before


def test_a_damaged_edition_is_built_again_under_its_name(build: Callable, geodata: Path) -> None:
    folder = build()
    publish(geodata, "2026.1")
    os.truncate(folder / "registry.db", 100)
    with pytest.raises(EditionDamagedError, match=r"registry\.db"):
        open_published(geodata)
    build()
    assert open_published(geodata).info.id == "2026.1"
    assert leftovers(geodata) == ["2026.1"]


def test_two_builds_at_once_are_refused(build: Callable, geodata: Path) -> None:
    with (
        exclusive_lock(geodata / ".build.lock", busy=""),
        pytest.raises(EditionError, match="another edition is being built"),
    ):
        build()
    build()


def test_a_switch_does_not_wait_for_a_build(build: Callable, geodata: Path) -> None:
    build("2025.1")
    with exclusive_lock(geodata / ".build.lock", busy=""):
        assert publish(geodata, "2025.1").edition == "2025.1"


def test_a_sheet_with_mistakes_is_refused_before_any_work(
    build: Callable, town: dict[str, Path], tmp_path: Path
) -> None:
    sheet = tmp_path / "bad.csv"
    sheet.write_text(town["sheet"].read_text(encoding="utf-8").replace("29.5510", "one"), encoding="utf-8")
    steps: list[str] = []
    with pytest.raises(RegistryError):
        build(sheet=sheet, progress=lambda step, _share: steps.append(step))
    assert set(steps) == {"check"}


def test_an_empty_sheet_is_refused(build: Callable, town: dict[str, Path], tmp_path: Path) -> None:
    sheet = tmp_path / "empty.csv"
    sheet.write_text(town["sheet"].read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    with pytest.raises(EditionError, match=r"empty\.csv lists no hospital"):
        build(sheet=sheet)


def move_hospitals(sheet: Path, target: Path, lat: float, lon: float) -> Path:
    with sheet.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows[:1]:
        row |= {"lat": str(lat), "lon": str(lon)}
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return target


@pytest.mark.parametrize("with_polygon", [False, True])
def test_a_hospital_outside_the_region_is_refused(
    build: Callable, town: dict[str, Path], tmp_path: Path, with_polygon: bool
) -> None:
    region = Region()
    if with_polygon:
        square = [[106.5, 29.5], [106.6, 29.5], [106.6, 29.6], [106.5, 29.6], [106.5, 29.5]]
        (tmp_path / "a.geojson").write_bytes(orjson.dumps({"type": "Polygon", "coordinates": [square]}))
        region = load_region(tmp_path / "a.geojson")
    with pytest.raises(RegistryError):
        build(sheet=move_hospitals(town["sheet"], tmp_path / "far.csv", 31.2, 121.5), region=region)


def test_a_hospital_that_no_road_comes_near_is_listed(build: Callable, town: dict[str, Path], tmp_path: Path) -> None:
    sheet = move_hospitals(town["sheet"], tmp_path / "near.csv", 29.575, 106.55)
    assert Edition(build(sheet=sheet)).info.counts["unreached"]["car"] == ["z"]


@pytest.mark.parametrize("content", [b"", b"<osm version='0.6'></osm>", b"not a map"])
def test_a_file_without_roads_is_refused(build: Callable, geodata: Path, tmp_path: Path, content: bytes) -> None:
    osm = tmp_path / "bad.osm"
    osm.write_bytes(content)
    with pytest.raises(RoadDataError):
        build(osm=osm)
    assert leftovers(geodata) == []
    assert list_editions(geodata) == []


def test_an_edition_cannot_end_before_it_begins(build: Callable) -> None:
    with pytest.raises(EditionError, match="cannot end before it begins"):
        build(valid_until=date(2025, 1, 1))


def test_the_region_is_the_polygon_where_one_is_given(build: Callable, tmp_path: Path) -> None:
    square = [[106.5, 29.5], [106.6, 29.5], [106.6, 29.6], [106.5, 29.6], [106.5, 29.5]]
    (tmp_path / "a.geojson").write_bytes(orjson.dumps({"type": "Polygon", "coordinates": [square]}))
    edition = Edition(build(region=load_region(tmp_path / "a.geojson")))
    assert edition.info.region.bounds == (106.5, 29.5, 106.6, 29.6)
    assert [source.role for source in edition.info.built_from] == ["roads", "hospitals", "region"]
