"""An amended edition is what a full build of the same hospitals on the same roads would be."""

from __future__ import annotations

import csv
import errno
import os
import random
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from stroke_map.coordinates import GCJ_02, from_wgs84
from stroke_map.editions import (
    Edition,
    Region,
    amend_edition,
    build_edition,
    list_editions,
    publish,
    read_publication,
    verify_edition,
)
from stroke_map.editions.files import exclusive_lock
from stroke_map.errors import (
    EditionDamagedError,
    EditionError,
    GateError,
    InvalidRequestError,
    NoEditionError,
    RegistryError,
)
from stroke_map.registry import load_registry
from stroke_map.registry.places import Place, load_places, save_places

if TYPE_CHECKING:
    from collections.abc import Callable


DAYS = {"valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31)}
# Five sites, so that one more or less is within the gate's fifth.
PLACES = {
    "a": ("29.5570", "106.5590"),
    "m": ("29.5531", "106.5502"),
    "p.1": ("29.5502", "106.5560"),
    "r": ("29.5580", "106.5530"),
    "z": ("29.5510", "106.5510"),
}


def rows_of(places: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    plain = {"crs": "WGS-84", "thrombolysis": "yes", "ct": "yes", "phone": "023-0"}
    return [{"id": id_, "name_zh": f"医院{id_}", "lat": lat, "lon": lon} | plain for id_, (lat, lon) in places.items()]


@pytest.fixture
def sheet_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a sheet with these places of hospitals."""

    def write(name: str = "sheet.csv", **places: tuple[str, str]) -> Path:
        path, rows = tmp_path / name, rows_of(places)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def build(town: dict[str, Path], geodata: Path) -> Callable[..., Path]:
    def run(sheet: Path, edition_id: str = "2026.1", **options: object) -> Path:
        given = {"osm": town["osm"], "region": Region(id="town"), "geodata_dir": geodata, **DAYS, **options}
        return build_edition(sheet=sheet, edition_id=edition_id, **given)

    return run


@pytest.fixture
def published(build: Callable, sheet_of: Callable, geodata: Path) -> Edition:
    """The edition 2026.1 of the five sites, published."""
    folder = build(sheet_of(**PLACES))
    publish(geodata, folder.name)
    return Edition(folder)


def files_of(folder: Path, *parts: str) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] in parts
    }


MADE_OF_HOSPITALS = ("arrivals", "roads", "region.geojson", "times", "periods.json")


@pytest.mark.parametrize(
    "changed",
    [
        {"m": ("29.5555", "106.5570")},
        {"a": ("29.5501", "106.5501"), "z": ("29.5579", "106.5591")},
        {"m": None},
        {"b": ("29.5548", "106.5547")},
        {"0": ("29.5548", "106.5547"), "z": None},
        {"a": ("29.5510", "106.5510"), "z": ("29.5570", "106.5590")},
    ],
    ids=["one moves", "two move", "one goes", "one comes", "one comes and one goes", "two change places"],
)
@pytest.mark.parametrize("periods", [1, 2])
def test_it_is_what_a_full_build_is(
    build: Callable, sheet_of: Callable, geodata: Path, *, changed: dict, periods: int
) -> None:
    options = {}
    if periods == 2:
        text = '[[period]]\nname = "{}"\nwhen = ["Mo-Su {}"]\n[period.factors]\nresidential = {{ factor = {}, status = "unverified" }}\n'
        lines = text.format("day", "06:00-22:00", 1.7) + text.format("night", "22:00-06:00", 1.0)
        options["periods"] = geodata / "periods.toml"
        options["periods"].write_text(lines)
    build(sheet_of(**PLACES), **options)
    after = sheet_of("after.csv", **{id_: at for id_, at in (PLACES | changed).items() if at})
    made = amend_edition(geodata_dir=geodata, hospitals=after, edition_id="2026.1", accept="a test")
    full = build(after, "full", **options)
    assert files_of(made.folder, *MADE_OF_HOSPITALS) == files_of(full, *MADE_OF_HOSPITALS)
    one, other = verify_edition(geodata, made.edition_id), verify_edition(geodata, "full")
    assert one.counts == other.counts
    assert one.built_from == other.built_from
    for read in (load_registry, load_places):
        assert read(made.folder / "registry.db") == read(full / "registry.db")


def test_random_moves_give_what_a_full_build_gives(build: Callable, sheet_of: Callable, geodata: Path) -> None:
    build(sheet_of(**PLACES))
    rng = random.Random(11)
    units = set()
    for number in range(8):
        moved = rng.sample(list(PLACES), rng.randint(1, 4))
        places = PLACES | {
            id_: (f"{rng.uniform(29.5495, 29.5585):.4f}", f"{rng.uniform(106.5495, 106.5600):.4f}") for id_ in moved
        }
        sheet = sheet_of(**places)
        made = amend_edition(geodata_dir=geodata, hospitals=sheet, edition_id="2026.1")
        full = build(sheet, f"full{number}")
        assert files_of(made.folder, "arrivals") == files_of(full, "arrivals"), moved
        units.add(Edition(full).arrivals("car").quantum_ms)
    assert len(units) > 1, "the town is large enough for the unit to change"


def test_a_cell_is_set_as_the_sheet_would_have_it(published: Edition, geodata: Path) -> None:
    made = amend_edition(geodata_dir=geodata, cells=["p.1.phone=023-6869 0000"], reason="新号码", prepared_by="王芳")
    assert (made.edition_id, made.state) == ("2026.2", "built")
    amended = Edition(made.folder)
    assert {h.id: h.phone for h in amended.hospitals} == dict.fromkeys(PLACES, "023-0") | {"p.1": "023-6869 0000"}
    assert [change.after_id for change in made.changes.phone_changed] == ["p.1"]
    info = verify_edition(geodata, "2026.2")
    assert (info.reason, info.based_on, info.prepared_by) == ("新号码", "2026.1", "王芳")
    assert (info.valid_from, info.valid_until) == (DAYS["valid_from"], DAYS["valid_until"])
    assert info.built_from == published.info.built_from
    told = orjson.loads((made.folder / "changes.json").read_bytes())
    assert (told["before"], told["reason"]) == ("2026.1", "新号码")
    kept = ("roads", "arrivals", "region.geojson")
    assert files_of(made.folder, *kept) == files_of(published.folder, *kept)
    assert read_publication(geodata).edition == "2026.1"


def test_a_site_without_an_entrance_of_its_own_is_entered_where_it_moves_to(published: Edition, geodata: Path) -> None:
    made = amend_edition(geodata_dir=geodata, cells=["z.lat=29.5555", "z.lon=106.5535"], reason="moved")
    moved = {hospital.id: hospital for hospital in Edition(made.folder).hospitals}["z"]
    assert (moved.lat, moved.lon) == (moved.entrance_lat, moved.entrance_lon) == (29.5555, 106.5535)
    assert not np.array_equal(Edition(made.folder).arrivals("car").time, published.arrivals("car").time)


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "'=1+1", '"a", "b"', "${alert(1)}"])
def test_a_cell_is_taken_as_it_is_given(published: Edition, geodata: Path, name: str) -> None:
    made = amend_edition(geodata_dir=geodata, cells=[f"a.name_en={name}"], reason="x")
    assert Edition(made.folder).hospitals[0].name_en == name


def test_a_cell_can_be_cleared(published: Edition, geodata: Path) -> None:
    made = amend_edition(geodata_dir=geodata, cells=["a.phone=", "a.thrombolysis="], reason="nobody knows")
    hospital = Edition(made.folder).hospitals[0]
    assert (hospital.phone, hospital.capabilities["thrombolysis"].status) == ("", "unknown")


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("a.phone", "is not ID.column=value"),
        ("phone=1", "is not ID.column=value"),
        ("b.phone=1", "names no hospital"),
        ("a.fone=1", "names no column"),
        ("=", "is not ID.column=value"),
        ("a.phone=1\x00", "is not ID.column=value"),
        ("a.name_zh=\udc80", "is not ID.column=value"),
    ],
)
def test_a_cell_that_is_none_is_named(published: Edition, geodata: Path, cell: str, problem: str) -> None:
    with pytest.raises(InvalidRequestError, match=problem):
        amend_edition(geodata_dir=geodata, cells=[cell], reason="x")


@pytest.mark.parametrize("cell", ["a.lat=north", "a.lat=31", "a.ct=perhaps", "a.id=z", "a.crs=Mars", "a.name_zh="])
def test_the_sheets_own_checks_judge_it(published: Edition, geodata: Path, cell: str) -> None:
    with pytest.raises(RegistryError):
        amend_edition(geodata_dir=geodata, cells=[cell], reason="x")
    assert [path.name for path in (geodata / "editions").iterdir()] == ["2026.1"]


def test_a_site_that_no_road_leads_to_is_refused(published: Edition, geodata: Path) -> None:
    with pytest.raises(RegistryError, match="road"):
        amend_edition(geodata_dir=geodata, cells=["a.lat=29.58"], reason="x")


def test_a_site_that_no_road_leads_to_is_accepted_for_a_reason(
    published: Edition, build: Callable, sheet_of: Callable, geodata: Path
) -> None:
    made = amend_edition(geodata_dir=geodata, cells=["a.lat=29.58"], reason="x", accept="the road is new")
    accepted = verify_edition(geodata, made.edition_id).accepted_problems
    assert [problem.partition(": no road")[0] for problem in accepted] == ["a"]
    full = build(sheet_of(**PLACES | {"a": ("29.58", PLACES["a"][1])}), "full")
    assert files_of(made.folder, "arrivals") == files_of(full, "arrivals")
    assert verify_edition(geodata, made.edition_id).counts["unreached"] == {"car": ["a"], "ambulance": ["a"]}
    again = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x", edition_id=made.edition_id)
    assert Edition(again.folder).hospitals[0].lat == 29.58
    assert verify_edition(geodata, again.edition_id).accepted_problems == accepted, "nobody was asked again"
    lat, _ = PLACES["a"]
    back = amend_edition(geodata_dir=geodata, cells=[f"a.lat={lat}"], reason="x", edition_id=again.edition_id)
    assert verify_edition(geodata, back.edition_id).accepted_problems == ()


def test_coordinates_of_another_map_are_found_by_where_the_site_was(published: Edition, geodata: Path) -> None:
    lat, lon = (f"{degrees:.6f}" for degrees in from_wgs84(29.5570, 106.5590, GCJ_02))
    cells = [f"a.lat={lat}", f"a.lon={lon}"]
    with pytest.raises(RegistryError, match=r"from where 医院a \(a\) is known to be, as GCJ-02 0 m"):
        amend_edition(geodata_dir=geodata, cells=cells, reason="from another map")
    made = amend_edition(geodata_dir=geodata, cells=[*cells, "a.crs=GCJ-02", "a.phone=1"], reason="from another map")
    assert made.state == "built"


def test_an_amended_edition_shares_no_file_with_another_once_it_serves(published: Edition, geodata: Path) -> None:
    made = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")
    table = "arrivals/car/all/time.npy"
    assert (made.folder / table).samefile(published.folder / table)
    before = {name: (published.folder / name).read_bytes() for name in published.info.files}
    publish(geodata, made.edition_id)
    assert not any((made.folder / name).stat().st_nlink > 1 for name in Edition(made.folder).info.files)
    assert {name: (published.folder / name).read_bytes() for name in before} == before
    content = bytearray((made.folder / table).read_bytes())
    content[-1] ^= 1
    (made.folder / table).write_bytes(content)
    verify_edition(geodata, "2026.1")
    with pytest.raises(EditionDamagedError, match=r"2026\.2 is damaged: arrivals/car/all/time\.npy \(changed\)"):
        verify_edition(geodata, "2026.2")
    assert sorted(path.name for path in (geodata / "editions").iterdir()) == ["2026.1", "2026.2"]


def test_an_amendment_of_damaged_files_is_never_published(published: Edition, geodata: Path) -> None:
    made = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")
    table = published.folder / "arrivals" / "car" / "all" / "time.npy"
    content = bytearray(table.read_bytes())
    content[-1] ^= 1
    table.write_bytes(content)
    for damaged in (made.edition_id, "2026.1"):
        with pytest.raises(EditionDamagedError, match=f"{damaged} is damaged: arrivals/car/all/time"):
            publish(geodata, damaged)


def test_where_a_disk_knows_no_links_files_are_copied(
    published: Edition, geodata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no links on this disk")

    monkeypatch.setattr(os, "link", refuse)
    made = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")
    verify_edition(geodata, made.edition_id)
    assert not any((made.folder / name).stat().st_nlink > 1 for name in Edition(made.folder).info.files)


def test_an_amendment_says_why(published: Edition, geodata: Path, sheet_of: Callable) -> None:
    for wrong in (
        {"cells": ["a.phone=1"]},
        {},
        {"cells": ["a.phone=1"], "reason": "x", "hospitals": sheet_of(**PLACES)},
        {"cells": ["a.phone=1"], "reason": " \u200e "},
    ):
        with pytest.raises(InvalidRequestError):
            amend_edition(geodata_dir=geodata, **wrong)


def test_what_changes_nothing_makes_no_edition(published: Edition, geodata: Path, sheet_of: Callable) -> None:
    for same in ({"hospitals": sheet_of(**PLACES)}, {"cells": ["a.phone=023-0"], "reason": "x"}):
        with pytest.raises(EditionError, match="what it is already"):
            amend_edition(geodata_dir=geodata, **same)


def test_the_gate_holds_for_amendments_too(published: Edition, geodata: Path, sheet_of: Callable) -> None:
    three = sheet_of(**{id_: PLACES[id_] for id_ in "amr"})
    with pytest.raises(GateError) as caught:
        amend_edition(geodata_dir=geodata, hospitals=three)
    assert any("5 -> 3" in refusal for refusal in caught.value.facts["refusals"])
    made = amend_edition(geodata_dir=geodata, hospitals=three, accept="two have closed")
    assert verify_edition(geodata, made.edition_id).accepted == "two have closed"


def test_amendments_follow_each_other(published: Edition, geodata: Path) -> None:
    for number in (2, 3):
        made = amend_edition(
            geodata_dir=geodata,
            cells=[f"a.phone=023-{number}"],
            reason="x",
            prepared_by="王芳",
            publish=True,
            approved_by="李敏",
        )
        assert made.edition_id == f"2026.{number}"
        assert read_publication(geodata).edition == f"2026.{number}"
    again = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x", edition_id="2026.1")
    assert again.edition_id == "2026.4"


def test_an_edition_without_a_number_gets_one(build: Callable, sheet_of: Callable, geodata: Path) -> None:
    build(sheet_of(**PLACES), "trial")
    assert (
        amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x", edition_id="trial").edition_id == "trial.1"
    )


def test_places_to_search_for_stay(published: Edition, geodata: Path, build: Callable, sheet_of: Callable) -> None:
    from stroke_map.editions.seal import seal

    place = Place("花园小区", ("花园",), "landmark", 29.551, 106.551)
    folder = build(sheet_of(**PLACES), "p")
    save_places([place], folder / "registry.db")
    (folder / "edition.json").unlink()
    seal(folder, published.info.model_copy(update={"id": "p"}))
    made = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x", edition_id="p")
    assert load_places(made.folder / "registry.db") == [place]


def test_of_an_edition_with_a_file_gone_nothing_is_taken_over(published: Edition, geodata: Path) -> None:
    largest = max(published.folder.glob("roads/*/*.npy"), key=lambda path: path.stat().st_size)
    largest.unlink()
    with pytest.raises(EditionDamagedError) as caught:
        amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")
    assert caught.value.facts["files"] == [str(largest.relative_to(published.folder))]
    assert [path.name for path in (geodata / "editions").iterdir()] == ["2026.1"]


def test_nothing_to_amend_says_so(geodata: Path, published: Edition) -> None:
    with pytest.raises(EditionError, match="no edition 2020"):
        amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x", edition_id="2020.1")
    (geodata / "current").unlink()
    with pytest.raises(NoEditionError):
        amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")


def test_it_waits_for_no_other_build(published: Edition, geodata: Path) -> None:
    with exclusive_lock(geodata / ".build.lock", busy=""), pytest.raises(EditionError, match="another edition"):
        amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")


def test_only_what_is_new_is_forced_onto_the_disk(
    published: Edition, geodata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced, really = set(), os.fsync

    def watched(descriptor: int) -> None:
        forced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    made = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")
    grown = geodata / "editions" / f".staging-{made.edition_id}" / "edition"
    new = [path for path in made.folder.rglob("*") if path.is_dir() or path.stat().st_nlink == 1]
    assert {str(grown), *(str(grown / path.relative_to(made.folder)) for path in new)} <= forced
    shared = [path for path in made.folder.rglob("*") if path.is_file() and path.stat().st_nlink > 1]
    assert shared
    assert not forced & {str(grown / path.relative_to(made.folder)) for path in shared}


def test_a_telephone_number_waits_for_no_kernels(published: Edition, geodata: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from stroke_map.editions import amend_edition;"
        f"amend_edition(geodata_dir=Path({str(geodata)!r}), cells=['a.phone=1'], reason='x');"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert (geodata / "editions" / "2026.2").is_dir()


# Amends in a process that is killed as soon as it does something to the disk that an audit hook is told of.
KILLED = """
import os, signal, sys
from pathlib import Path
from stroke_map.editions import amend_edition
geodata, event, named = sys.argv[1:4]

def watched(what, arguments):
    if what == event and any(named in str(argument) for argument in arguments):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watched)
amend_edition(geodata_dir=Path(geodata), cells=["a.phone=1"], reason="x")
"""


@pytest.mark.parametrize(
    ("event", "named"),
    [("os.link", "roads/car/turn_to.npy"), ("os.rename", "registry.db.unfinished"), ("open", "edition/edition.json"),
     ("os.rename", ".staging-2026.2/edition")],
    ids=["while files are linked", "when the registry is whole", "before the seal", "before it has its name"],
)  # fmt: skip
def test_killed_it_leaves_what_there_was_and_the_next_one_succeeds(
    published: Edition, geodata: Path, event: str, named: str
) -> None:
    before = files_of(published.folder, *MADE_OF_HOSPITALS)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(geodata), event, named], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (geodata / "editions" / ".staging-2026.2").is_dir()
    assert [state.id for state in list_editions(geodata)] == ["2026.1"]
    verify_edition(geodata, "2026.1")
    made = amend_edition(geodata_dir=geodata, cells=["a.phone=1"], reason="x")
    publish(geodata, made.edition_id)
    assert files_of(made.folder, *MADE_OF_HOSPITALS) == before
    assert sorted(path.name for path in (geodata / "editions").iterdir()) == ["2026.1", "2026.2"]
