"""What a full disk is told to need: enough, not absurdly more, and nothing for what is done already."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import date
from typing import TYPE_CHECKING

import osmium.index
import pytest

from stroke_map.editions import Region, annual_update, list_editions, publish
from stroke_map.editions.inputs import Inputs
from stroke_map.editions.room import SLACK_BYTES, arrivals_step, steps_room, tables_room
from stroke_map.errors import EditionError, RoadDataError
from stroke_map.roads import RoadNetwork
from stroke_map.roads.read import index_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stroke_map.demo import DemoFiles
    from stroke_map.editions import Edition

DAYS = {"valid_from": date(2027, 1, 1), "valid_until": date(2027, 12, 31)}
TABLES = {arrivals_step("car", "all", ["all"]), arrivals_step("ambulance", "all", ["all"])}

PERIODS = """
[[period]]
name = "day"
when = ["Mo-Su 06:00-22:00"]
[[period]]
name = "night"
when = ["Mo-Su 00:00-06:00", "Mo-Su 22:00-24:00"]
"""


def bytes_of(edition: Edition, part: str) -> int:
    return sum(file.size for name, file in edition.info.files.items() if name.startswith(part))


def parts_of(edition: Edition) -> dict[str, int]:
    """The bytes of an edition by the step that writes them, but for the small ones."""
    by_profile = {
        f"{part} {p}": bytes_of(edition, f"{part}/{p}/") for part in ("roads", "arrivals") for p in ("car", "ambulance")
    }
    return by_profile | {"registry": bytes_of(edition, "registry.db")}


def test_a_road_file_tells_about_how_much_room_its_edition_takes(demo_edition: Edition, demo_files: DemoFiles) -> None:
    files = demo_files
    room = steps_room(Inputs(sheet=files.sheet, region=Region(), osm=files.osm, **DAYS), len(demo_edition.hospitals))
    taken = parts_of(demo_edition)
    assert room.keys() == taken.keys()
    assert {step for step in taken if not taken[step] <= room[step] <= 3 * taken[step]} == set()
    assert bytes_of(demo_edition, "") <= sum(room.values()) + SLACK_BYTES


def test_an_edition_whose_roads_are_used_again_tells_exactly(demo_edition: Edition, demo_files: DemoFiles) -> None:
    inputs = Inputs(sheet=demo_files.sheet, region=Region(), base=demo_edition, **DAYS)
    room, taken = steps_room(inputs, len(demo_edition.hospitals)), parts_of(demo_edition)
    assert {step: size for step, size in room.items() if step not in TABLES | {"tiles"}} == {
        step: size for step, size in taken.items() if step not in TABLES
    }
    assert room["tiles"] == bytes_of(demo_edition, "tiles/") > 0
    assert all(taken[step] <= room[step] <= 1.2 * taken[step] for step in TABLES)


def test_every_period_has_tables_of_its_own(town: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "periods.toml").write_text(PERIODS)
    inputs = Inputs(
        sheet=town["sheet"], region=Region(), osm=town["osm"], periods_file=tmp_path / "periods.toml", **DAYS
    )
    room = tables_room(inputs, 10, {"car": 1000, "ambulance": 2000})
    assert room.keys() == {
        arrivals_step(p, n, inputs.periods.names) for p in ("car", "ambulance") for n in inputs.periods.names
    }
    assert len(room) == 4
    assert all(30_000 < size < 40_000 for step, size in room.items() if " car " in step)
    assert all(60_000 < size < 80_000 for step, size in room.items() if " ambulance " in step)


@pytest.mark.parametrize("again", [False, True])
def test_a_run_that_goes_on_needs_room_for_what_is_still_to_be_done(
    town: dict[str, Path], geodata: Path, file_limit: Callable[[int], None], again: bool
) -> None:
    class Interrupted(BaseException):
        pass

    def stop_before_the_registry(step: str, _share: float) -> None:
        if step == "registry":
            raise Interrupted

    def fill_the_disk(step: str, _share: float) -> None:
        if step == "registry":
            file_limit(100)

    files = {"hospitals": town["sheet"], "osm": town["osm"]}
    if again:
        publish(geodata, annual_update(year=2026, geodata_dir=geodata, **files).edition_id)
        files = {"hospitals": town["sheet"], "same_roads": True}
    with pytest.raises(Interrupted):
        annual_update(year=2027, geodata_dir=geodata, progress=stop_before_the_registry, **files)
    with pytest.raises(EditionError, match="has no room") as caught:
        annual_update(year=2027, geodata_dir=geodata, progress=fill_the_disk, **files)
    file_limit(2**40)
    made = annual_update(year=2027, geodata_dir=geodata, **files)
    roads = sum(path.stat().st_size for path in (made.folder / "roads").rglob("*") if path.is_file())
    rest = sum(path.stat().st_size for path in made.folder.rglob("*") if path.is_file()) - roads
    index = 0 if again else 2**24  # on the same disk here, and read once more for the places
    assert rest + index < caught.value.facts["needed_bytes"] < index + 2 * SLACK_BYTES
    assert str(geodata) in str(caught.value)


def test_a_file_is_not_said_to_be_cut_off_where_its_index_finds_no_room(
    tmp_path: Path, demo_files: DemoFiles, small_disk: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    osm, scratch = demo_files.osm, tmp_path / "scratch"
    scratch.mkdir()
    small_disk(scratch, 1_000_000)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(RoadDataError, match=f"temporary folder {scratch} has no room") as caught:
        RoadNetwork.from_osm(osm)
    assert "TMPDIR" in caught.value.next_step


def test_of_a_reader_that_is_killed_no_index_stays_behind(
    tmp_path: Path, demo_files: DemoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, left = osmium.index.create_map, []

    def make_and_look(kind: str) -> object:
        index = made(kind)
        left.append(list(tmp_path.iterdir()))
        return index

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(osmium.index, "create_map", make_and_look)
    RoadNetwork.from_osm(demo_files.osm)
    assert left == [[]]


def test_a_temporary_folder_without_room_for_the_index_is_named(
    town: dict[str, Path], geodata: Path, tmp_path: Path, small_disk: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    small_disk(scratch, 1_000_000)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(EditionError, match=f"disk under {scratch} has no room") as caught:
        annual_update(year=2027, geodata_dir=geodata, hospitals=town["sheet"], osm=town["osm"])
    assert "TMPDIR" in caught.value.next_step
    assert list_editions(geodata) == []
    assert 2**24 < caught.value.facts["needed_bytes"] < 2**24 + 100_000
    monkeypatch.undo()
    assert annual_update(year=2027, geodata_dir=geodata, hospitals=town["sheet"], osm=town["osm"]).state == "built"


def test_on_one_disk_the_index_and_the_edition_both_need_room(
    town: dict[str, Path], geodata: Path, small_disk: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_disk(geodata.parent, 1_000_000)
    (geodata.parent / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(geodata.parent / "scratch"))
    with pytest.raises(EditionError, match="has no room") as caught:
        annual_update(year=2027, geodata_dir=geodata, hospitals=town["sheet"], osm=town["osm"])
    assert caught.value.facts["needed_bytes"] > 2**24 + SLACK_BYTES


FILLED_WHILE_READING = """
import os, shutil, sys, tempfile
from pathlib import Path
import osmium
from stroke_map.roads.profile import load_profile
from stroke_map.roads.read import read_osm

made, scratch = osmium.index.create_map, Path(tempfile.gettempdir())

def fill_the_disk(kind):
    with (scratch / "ballast").open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, shutil.disk_usage(scratch).free)
    return made(kind)

osmium.index.create_map = fill_the_disk
roads = read_osm(Path(sys.argv[1]), load_profile("car"))
print(len(roads.node_id), shutil.disk_usage(scratch).free)
"""


def test_a_disk_that_fills_up_under_the_index_ends_nobody_without_a_word(
    tmp_path: Path, demo_files: DemoFiles, small_disk: Callable
) -> None:
    """A file that is mapped finds no room when it is written to: the system ends whoever does that, with SIGBUS."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    small_disk(scratch, index_bytes(demo_files.osm) + 1_000_000)
    command = [sys.executable, "-c", FILLED_WHILE_READING, str(demo_files.osm)]
    done = subprocess.run(
        command, env=os.environ | {"TMPDIR": str(scratch)}, capture_output=True, text=True, check=True
    )
    nodes, free_bytes = map(int, done.stdout.split())
    assert nodes > 5000
    assert free_bytes >= index_bytes(demo_files.osm) - 4096  # what was kept for it is given back


def test_a_machine_without_any_temporary_folder_is_told_so(
    town: dict[str, Path], geodata: Path, file_limit: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the only disk is full: Python then finds no folder in which it can write so much as a byte."""

    def fill_every_disk(step: str, _share: float) -> None:
        if step == "roads car":
            monkeypatch.setattr(tempfile, "tempdir", None)
            file_limit(0)

    with pytest.raises(EditionError, match="no temporary folder can be written") as caught:
        annual_update(
            year=2027, geodata_dir=geodata, hospitals=town["sheet"], osm=town["osm"], progress=fill_every_disk
        )
    assert "TMPDIR" in caught.value.next_step
