"""The yearly update: the same inputs give the same edition, whatever happened on the way."""

from __future__ import annotations

import csv
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from stroke_map.coordinates import GCJ_02, from_wgs84
from stroke_map.editions import (
    Edition,
    annual_update,
    list_editions,
    open_published,
    publish,
    read_publication,
    rollback,
    verify_edition,
)
from stroke_map.editions.files import exclusive_lock
from stroke_map.errors import EditionError, GateError, InvalidRequestError, NoEditionError, RegistryError
from stroke_map.registry.places import load_places

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE = {"prepared_by": "王芳", "approved_by": "李敏"}
STEPS = [
    "check",
    "roads car",
    "roads ambulance",
    "entrances",
    "registry",
    "arrivals car",
    "arrivals ambulance",
    "tiles",
    "report",
    "seal",
]


def draw_a_tile(network: object, folder: Path) -> None:
    (folder / "0" / "0").mkdir(parents=True)
    (folder / "0" / "0" / "0.png").write_bytes(b"\x89PNG" + bytes(100))


@pytest.fixture
def update(town: dict[str, Path], geodata: Path) -> Callable:
    """`annual_update` of the town for 2027, with whatever else is given."""

    def run(**changes: object):
        given = {"year": 2027, "geodata_dir": geodata, "hospitals": town["sheet"], "draw_tiles": draw_a_tile}
        roads = {} if changes.get("same_roads") else {"osm": town["osm"]}
        return annual_update(**given | roads | changes)

    return run


@pytest.fixture
def sheet_with(town: dict[str, Path], tmp_path: Path) -> Callable:
    """The town's sheet as another file: hospitals of the town changed (`z={"phone": "1"}`), dropped (`z=None`) or new."""

    def write(name: str = "other.csv", **changes: dict[str, str] | None) -> Path:
        with town["sheet"].open(encoding="utf-8") as stream:
            rows = {row["id"]: row for row in csv.DictReader(stream)}
        for id_, change in changes.items():
            if change is None:
                del rows[id_]
            else:
                rows[id_] = {"id": id_, "name_zh": f"医院{id_}", "crs": "WGS-84"} | rows.get(id_, {}) | change
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(dict.fromkeys(column for row in rows.values() for column in row)))
            writer.writeheader()
            writer.writerows(rows.values())
        return tmp_path / name

    return write


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file of an edition, but for when it was made and the seal over that."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    info = orjson.loads(files["edition.json"])
    del info["created_at"], info["seal"]
    return files | {"edition.json": orjson.dumps(info)}


def left_in(geodata: Path) -> set[str]:
    return {path.name for path in (geodata / "editions").iterdir()}


def states(geodata: Path) -> dict[str, str]:
    return {edition.id: edition.state for edition in list_editions(geodata)}


def test_a_year_becomes_a_sealed_edition_of_that_year(update: Callable, geodata: Path) -> None:
    made = update(prepared_by=" 王 芳 ")
    assert (made.edition_id, made.state, made.changes) == ("2027.1", "built", None)
    info = verify_edition(geodata, "2027.1")
    assert (info.valid_from, info.valid_until) == (date(2027, 1, 1), date(2027, 12, 31))
    assert (info.prepared_by, info.based_on, info.accepted) == ("王 芳", "", "")
    assert [source.role for source in info.built_from] == ["roads", "hospitals"]
    assert [hospital.id for hospital in Edition(made.folder).hospitals] == ["a", "z"]
    assert left_in(geodata) == {"2027.1"}
    assert states(geodata) == {"2027.1": "sealed"}


def test_the_same_inputs_again_change_nothing(
    update: Callable, geodata: Path, town: dict[str, Path], tmp_path: Path
) -> None:
    update()
    before = {path: path.stat().st_mtime_ns for path in geodata.rglob("*") if path.is_file()}
    copy = Path(shutil.copy(town["sheet"], tmp_path / "the same list.csv"))
    made = update(hospitals=copy)
    assert (made.edition_id, made.state) == ("2027.1", "already built")
    assert {path: path.stat().st_mtime_ns for path in geodata.rglob("*") if path.is_file()} == before


def test_the_same_inputs_give_the_same_bytes_anywhere(update: Callable, tmp_path: Path) -> None:
    one, other = (update(geodata_dir=tmp_path / name).folder for name in ("one", "other"))
    assert content_of(one) == content_of(other)


@pytest.mark.parametrize(
    "other",
    ["sheet", "days", "settings", "periods", "places"],
)
def test_other_inputs_get_the_next_free_number(
    update: Callable, geodata: Path, sheet_with: Callable, tmp_path: Path, other: str
) -> None:
    from stroke_map.settings import read_settings

    update()
    (tmp_path / "places.csv").write_text("name,lat,lon,crs\n花园,29.551,106.551,WGS-84\n", encoding="utf-8")
    (tmp_path / "periods.toml").write_text('[[period]]\nname = "night"\nwhen = ["Mo-Su 00:00-24:00"]\n')
    changes = {
        "sheet": lambda: {"hospitals": sheet_with(z={"phone": "023-1"})},
        "days": lambda: {"valid_until": date(2027, 6, 30)},
        "settings": lambda: {"settings": read_settings({}, siren_speed_factor=1.2)},
        "periods": lambda: {"periods": tmp_path / "periods.toml"},
        "places": lambda: {"places": tmp_path / "places.csv"},
    }
    made = update(**changes[other]())
    assert (made.edition_id, made.state) == ("2027.2", "built")
    assert set(states(geodata)) == {"2027.1", "2027.2"}


def test_a_damaged_edition_is_made_again_under_its_name(update: Callable, geodata: Path) -> None:
    array = update().folder / "roads" / "car" / "turn_to.npy"
    sound = array.read_bytes()
    array.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    made = update()
    assert (made.edition_id, made.state) == ("2027.1", "built")
    assert array.read_bytes() == sound


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_update_goes_on_from_the_last_finished_step(
    update: Callable, geodata: Path, tmp_path: Path, step: str
) -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(name: str, share: float) -> None:
        if (name, share) == (step, 0.0):
            raise Interrupted

    with pytest.raises(Interrupted):
        update(progress=interrupt)
    assert list_editions(geodata) == []
    written = {path: path.stat().st_mtime_ns for path in geodata.rglob("edition/**/*") if path.is_file()}
    again = {}
    made = update(progress=lambda *_: again.update({path: path.stat().st_mtime_ns for path in written}))
    assert made.state == "built"
    assert again == written
    assert content_of(made.folder) == content_of(update(geodata_dir=tmp_path / "at once").folder)


def test_work_that_was_damaged_meanwhile_is_done_again(update: Callable, geodata: Path, tmp_path: Path) -> None:
    update(dry_run=True)
    (work,) = geodata.glob("editions/.work-*")
    turns = work / "edition" / "roads" / "car" / "turn_to.npy"
    turns.write_bytes(bytes(len(turns.read_bytes())))
    (work / "edition" / "stray").write_text("what a killed step left")
    assert content_of(update().folder) == content_of(update(geodata_dir=tmp_path / "at once").folder)


def test_a_dry_run_stops_after_the_report_and_leaves_it(update: Callable, geodata: Path) -> None:
    told = []
    made = update(dry_run=True, progress=lambda step, _: told.append(step), **PEOPLE, publish=True)
    assert made.state == "dry run"
    assert made.report.is_file()
    assert list(dict.fromkeys(told)) == STEPS[:-1]
    assert states(geodata) == {}
    assert update().state == "built"
    assert left_in(geodata) == {"2027.1"}


def test_old_work_is_removed_by_a_later_success_alone(update: Callable, geodata: Path, sheet_with: Callable) -> None:
    update(dry_run=True)
    update(dry_run=True, hospitals=sheet_with(z={"phone": "023-1"}))
    assert len(left_in(geodata)) == 2
    update()
    assert left_in(geodata) == {"2027.1"}


def test_a_sheet_with_a_mistake_is_refused_before_any_work(
    update: Callable, geodata: Path, sheet_with: Callable
) -> None:
    told = set()
    with pytest.raises(RegistryError) as caught:
        update(hospitals=sheet_with(z={"lat": "one"}), progress=lambda step, _: told.add(step))
    assert caught.value.facts["problems"][0]["row"] == 2
    assert told == {"check"}
    assert states(geodata) == {}


def test_what_is_wrong_between_rows_is_refused_too(update: Callable, sheet_with: Callable) -> None:
    with pytest.raises(RegistryError, match="hrombectomy without CT"):
        update(hospitals=sheet_with(a={"thrombectomy": "yes", "ct": "no"}))


def test_the_gate_refuses_a_list_that_lost_a_fifth_and_leaves_the_report(
    update: Callable, geodata: Path, sheet_with: Callable
) -> None:
    publish(geodata, update().edition_id)
    half = sheet_with(z=None)
    with pytest.raises(GateError) as caught:
        update(year=2028, hospitals=half)
    assert any("2 -> 1" in refusal for refusal in caught.value.facts["refusals"])
    assert Path(caught.value.facts["report"]).is_file()
    assert states(geodata) == {"2027.1": "published"}
    done = []
    made = update(
        year=2028, hospitals=half, accept="z 已并入 a", progress=lambda step, share: done.append((step, share))
    )
    assert made.edition_id == "2028.1"
    info = verify_edition(geodata, "2028.1")
    assert (info.accepted, info.based_on) == ("z 已并入 a", "2027.1")
    assert [change.before_id for change in made.changes.gone] == ["z"]
    told = orjson.loads((made.folder / "changes.json").read_bytes())
    assert (told["before"], told["accepted"]) == ("2027.1", "z 已并入 a")
    assert [change["before_id"] for change in told["changes"]["gone"]] == ["z"]


def test_another_edition_can_be_compared_with(update: Callable, geodata: Path, sheet_with: Callable) -> None:
    half = sheet_with(z=None)
    publish(geodata, update().edition_id)
    update(year=2028, hospitals=half, accept="yes")
    assert update(year=2029, hospitals=half, against="2028.1").changes.empty
    with pytest.raises(EditionError, match="no edition 2020"):
        update(year=2030, against="2020.1")


def test_the_roads_of_the_edition_that_serves_can_be_used_again(
    update: Callable, geodata: Path, sheet_with: Callable
) -> None:
    publish(geodata, update().edition_id)
    sheet = sheet_with(z={"lat": "29.5555", "lon": "106.5535"})
    again = update(year=2028, hospitals=sheet, same_roads=True)
    anew = update(year=2029, hospitals=sheet, valid_from=date(2028, 1, 1), valid_until=date(2028, 12, 31))
    one, other = content_of(again.folder), content_of(anew.folder)
    differing = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    assert differing <= {"edition.json", "changes.json", "report.html"}
    assert [source.role for source in verify_edition(geodata, "2028.1").built_from] == ["roads", "hospitals"]
    publish(geodata, "2028.1")
    assert update(year=2028, hospitals=sheet, same_roads=True).state == "already built"


def test_used_again_with_the_roads_are_their_places_and_unless_others_are_given_the_publishers(
    update: Callable, geodata: Path, tmp_path: Path
) -> None:
    def places_file(name: str) -> Path:
        path = tmp_path / f"{name}.csv"
        path.write_text(f"name,alias,lat,lon,crs\n{name},,29.553,106.553,WGS-84\n", encoding="utf-8")
        return path

    def names_in(folder: Path) -> set[str]:
        return {place.name for place in load_places(folder / "registry.db")}

    first = update(places=places_file("春森彼岸"))
    publish(geodata, first.edition_id)
    of_roads = names_in(first.folder) - {"春森彼岸"}
    assert of_roads
    assert names_in(update(year=2028, same_roads=True).folder) == of_roads | {"春森彼岸"}
    assert names_in(update(year=2029, same_roads=True, places=places_file("龙湖")).folder) == of_roads | {"龙湖"}


def test_without_an_edition_there_are_no_roads_to_use_again(update: Callable) -> None:
    with pytest.raises(NoEditionError, match="roads"):
        update(same_roads=True)


def test_damaged_roads_are_not_used_again(update: Callable, geodata: Path) -> None:
    folder = update().folder
    publish(geodata, "2027.1")
    turns = folder / "roads" / "car" / "grid_item.npy"
    turns = turns if turns.exists() else folder / "roads" / "car" / "turn_to.npy"
    content = bytearray(turns.read_bytes())
    content[-1] ^= 1
    turns.write_bytes(content)
    with pytest.raises(EditionError, match="damaged"):
        update(year=2028, same_roads=True)


def test_it_is_published_on_request_with_both_names(update: Callable, geodata: Path) -> None:
    update(publish=True, **PEOPLE)
    publication = read_publication(geodata)
    assert (publication.edition, publication.approvals["2027.1"].by) == ("2027.1", "李敏")
    assert open_published(geodata).info.prepared_by == "王芳"
    before = (geodata / "current").read_bytes()
    assert update(publish=True, **PEOPLE).state == "already built"
    assert (geodata / "current").read_bytes() == before


@pytest.mark.parametrize("approved_by", ["", "王芳", " 王 芳　", "王\u200b芳"])
def test_one_person_cannot_do_both(update: Callable, geodata: Path, approved_by: str) -> None:
    told = []
    with pytest.raises(EditionError, match="approve"):
        update(publish=True, prepared_by="王芳", approved_by=approved_by, progress=lambda *step: told.append(step))
    assert told == []
    assert left_in(geodata) == set()


def test_what_is_published_names_who_prepared_it(update: Callable) -> None:
    with pytest.raises(InvalidRequestError, match="prepared"):
        update(publish=True, approved_by="李敏")


def test_an_edition_that_another_replaced_does_not_come_back_by_itself(
    update: Callable, geodata: Path, sheet_with: Callable
) -> None:
    update(publish=True, **PEOPLE)
    update(publish=True, hospitals=sheet_with(z={"phone": "023-1"}), **PEOPLE)
    assert read_publication(geodata).edition == "2027.2"
    with pytest.raises(EditionError, match=r"2027\.2 has taken its place"):
        update(publish=True, **PEOPLE)
    assert read_publication(geodata).edition == "2027.2"
    assert rollback(geodata).approvals.keys() == {"2027.1", "2027.2"}


@pytest.mark.parametrize("text", ["a\x00b", "x" * 501])
def test_a_reason_is_a_line_of_text(update: Callable, text: str) -> None:
    with pytest.raises(InvalidRequestError):
        update(accept=text)


def test_two_updates_at_once_are_refused(update: Callable, geodata: Path) -> None:
    with exclusive_lock(geodata / ".build.lock", busy=""), pytest.raises(EditionError, match="another edition"):
        update()


def test_a_full_disk_costs_a_step_and_no_more(
    update: Callable, geodata: Path, file_limit: Callable, tmp_path: Path
) -> None:
    publish(geodata, update(year=2026).edition_id)

    def fill_the_disk(name: str, _share: float) -> None:
        if name == "arrivals ambulance":
            file_limit(100)

    with pytest.raises(EditionError, match="has no room"):
        update(progress=fill_the_disk)
    assert open_published(geodata).info.id == "2026.1"
    file_limit(2**40)
    assert update().edition_id == "2027.1"


KILLS = 6
WORKER = """
import sys
from pathlib import Path
from stroke_map.editions import annual_update
print("ready", flush=True)
annual_update(year=2027, geodata_dir=Path(sys.argv[1]), osm=Path(sys.argv[2]), hospitals=Path(sys.argv[3]))
"""


def test_killed_at_random_moments_it_goes_on_and_gives_the_same_bytes(
    geodata: Path, town: dict[str, Path], tmp_path: Path
) -> None:
    begun = time.monotonic()
    whole = annual_update(year=2027, geodata_dir=tmp_path / "at once", osm=town["osm"], hospitals=town["sheet"])
    takes_s, rng = time.monotonic() - begun, random.Random(5)
    for _ in range(KILLS):
        command = [sys.executable, "-c", WORKER, str(geodata), str(town["osm"]), str(town["sheet"])]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0, takes_s))
            worker.kill()
        assert worker.returncode in {-signal.SIGKILL, 0}
        assert set(states(geodata)) <= {"2027.1"}
    made = annual_update(year=2027, geodata_dir=geodata, osm=town["osm"], hospitals=town["sheet"])
    assert content_of(made.folder) == content_of(whole.folder)
    assert left_in(geodata) == {"2027.1"}


def test_what_the_map_speaks_against_is_accepted_for_a_reason(
    update: Callable, sheet_with: Callable, geodata: Path
) -> None:
    far = sheet_with(far={"lat": "29.572", "lon": "106.555", "ct": "yes"})
    with pytest.raises(RegistryError, match=r"no road that can be driven to.*--accept places=REASON"):
        update(hospitals=far)
    made = update(hospitals=far, accept="the road is new")
    info = verify_edition(geodata, made.edition_id)
    (problem,) = info.accepted_problems
    assert problem.startswith("far: no road that can be driven to")
    assert problem.endswith("; accepted: the road is new")
    assert info.accepted == "", "nothing was said of totals"
    assert any(warning.startswith("warning") and "accepted: the road is new" in warning for warning in made.warnings)
    assert info.counts["unreached"] == {"car": ["far"], "ambulance": ["far"]}


def test_what_cannot_be_is_never_accepted(update: Callable, sheet_with: Callable) -> None:
    for lat, lon in (("91", "106.555"), ("106.555", "29.555"), ("40", "106.555"), ("", "106.555")):
        with pytest.raises(RegistryError):
            update(hospitals=sheet_with(far={"lat": lat, "lon": lon}), accept="it is so")


def test_totals_and_places_are_two_decisions(update: Callable, sheet_with: Callable, geodata: Path) -> None:
    publish(geodata, update().edition_id)
    both = sheet_with(z=None, far={"lat": "29.572", "lon": "106.555", "ct": "yes"})
    for accept in ("", "it is so", {"totals": "z has closed"}):
        with pytest.raises(RegistryError, match="--accept places=REASON") as caught:
            update(year=2028, hospitals=both, accept=accept)
        assert ("--accept totals=REASON" in caught.value.next_step) == isinstance(accept, str)
    with pytest.raises(GateError) as gate:
        update(year=2028, hospitals=both, accept={"places": "the road is new"})
    assert "--accept totals=REASON" in gate.value.next_step
    made = update(year=2028, hospitals=both, accept={"places": "the road is new", "totals": "z has closed"})
    info = verify_edition(geodata, made.edition_id)
    assert info.accepted == "z has closed"
    assert [line.partition("accepted: ")[2] for line in info.accepted_problems] == ["the road is new"]


def test_what_was_rolled_back_does_not_come_back_by_itself(
    update: Callable, geodata: Path, sheet_with: Callable
) -> None:
    update(publish=True, **PEOPLE)
    other = sheet_with(z={"phone": "023-1"})
    update(publish=True, hospitals=other, **PEOPLE)
    rollback(geodata)
    with pytest.raises(EditionError, match=r"2027\.1 has taken its place"):
        update(publish=True, hospitals=other, **PEOPLE)
    assert read_publication(geodata).edition == "2027.1"
    assert publish(geodata, "2027.2", approved_by="李敏").edition == "2027.2"


def test_an_id_never_means_two_editions(update: Callable, geodata: Path, sheet_with: Callable) -> None:
    for phone in ("1", "2", "3"):
        update(publish=True, hospitals=sheet_with(z={"phone": f"023-{phone}"}), **PEOPLE)
    shutil.rmtree(geodata / "editions" / "2027.1")  # as prune does
    assert update(hospitals=sheet_with(z={"phone": "023-4"})).edition_id == "2027.4"
    shutil.rmtree(geodata / "editions" / "2027.4")  # it has never served
    rollback(geodata)
    shutil.rmtree(geodata / "editions" / "2027.3")
    assert update(hospitals=sheet_with(z={"phone": "023-5"})).edition_id == "2027.4"


@pytest.mark.parametrize("step", ["roads car", "arrivals ambulance", "seal"])
@pytest.mark.parametrize("replaced", ["hospitals", "osm"])
def test_a_file_that_is_replaced_on_the_way_makes_no_edition(
    update: Callable, town: dict[str, Path], sheet_with: Callable, tmp_path: Path, *, step: str, replaced: str
) -> None:
    files = {"hospitals": sheet_with(z={"phone": "023-1"}), "osm": Path(shutil.copy(town["osm"], tmp_path / "x.osm"))}
    news = {
        "hospitals": sheet_with("new.csv", z={"phone": "023-2"}),
        "osm": Path(shutil.copy(town["osm"], tmp_path / "new.osm")),
    }

    def replace(name: str, share: float) -> None:
        if (name, share) == (step, 0.0):
            news[replaced].replace(files[replaced])

    with pytest.raises(EditionError, match=f"{files[replaced].name} was replaced"):
        update(**files, progress=replace)
    made = update(**files)
    phones = {hospital.id: hospital.phone for hospital in Edition(made.folder).hospitals}
    assert phones["z"] == ("023-2" if replaced == "hospitals" else "023-1")


def test_a_list_that_now_has_the_coordinates_of_another_map_is_found_by_the_edition_before(
    update: Callable, geodata: Path, sheet_with: Callable
) -> None:
    publish(geodata, update().edition_id)
    lat, lon = from_wgs84(29.5570, 106.5590, GCJ_02)
    wrong = sheet_with(a={"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"})
    with pytest.raises(
        RegistryError, match=r"as WGS-84 this is \d+ m from where 乙医院 \(a\) is known to be, as GCJ-02 0 m"
    ):
        update(year=2028, hospitals=wrong)
    right = sheet_with(a={"lat": f"{lat:.6f}", "lon": f"{lon:.6f}", "crs": "GCJ-02"})
    assert update(year=2028, hospitals=right).state == "built"
