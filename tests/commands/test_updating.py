"""A year at the command line: update, publish, amend, status, prune, and what each refusal is called."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from stroke_map import errors
from stroke_map.cli import cli
from stroke_map.editions.info import SealedProtocol, read_info
from stroke_map.editions.seal import seal

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "annual_update.py"
HEADER = "id,name_zh,lat,lon,crs,thrombolysis,ct,phone\n"
PLACES = [(100, 100), (900, 100), (500, 500), (100, 900), (900, 900)]
NAMES = ("--prepared-by", "王芳", "--approved-by", "李敏")


@pytest.fixture(scope="module")
def town(write_osm, place_of, tmp_path_factory):
    """The roads and the sheet of a town of five hospitals."""
    side = range(0, 1001, 250)
    nodes = {f"{x}-{y}": (x, y) for x in side for y in side}
    ways = [([f"{x}-{y}" for x in side], {"highway": "residential"}) for y in side]
    ways += [([f"{x}-{y}" for y in side], {"highway": "residential"}) for x in side]
    sheet = tmp_path_factory.mktemp("sheet") / "hospitals.csv"
    rows = [
        f"h{n},医院{n},{lat:.6f},{lon:.6f},WGS-84,yes,yes,023-{n}\n"
        for n, (lat, lon) in enumerate(place_of(*at) for at in PLACES)
    ]
    sheet.write_text(HEADER + "".join(rows), encoding="utf-8")
    return {"osm": write_osm(nodes, ways), "sheet": sheet}


@pytest.fixture(scope="module")
def made(town, tmp_path_factory):
    """A geodata folder with the edition 2026.1 of the town, published. Tests take a copy."""
    folder = tmp_path_factory.mktemp("made")
    options = ("--year", "2026", "--hospitals", town["sheet"], "--osm", town["osm"], "--publish", *NAMES)
    done = invoke(folder, "edition", "update", *options)
    assert done.exit_code == 0, done.stderr
    return folder


def invoke(geodata, *arguments, **options):
    variables = {"STROKE_MAP_GEODATA_DIR": str(geodata), "STROKE_MAP_CACHE_DIR": str(geodata / "cache")}
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(cli, words, env=variables, catch_exceptions=False, **options)


@pytest.fixture
def run(made, tmp_path):
    """Run a command over a copy of the town's editions."""
    shutil.copytree(made, tmp_path / "geodata")
    return lambda *arguments, **options: invoke(tmp_path / "geodata", *arguments, **options)


@pytest.fixture
def sheet_of(town, tmp_path):
    """The town's sheet with a text in it replaced."""

    def write(old, new):
        text = town["sheet"].read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "other.csv").write_text(text.replace(old, new), encoding="utf-8")
        return tmp_path / "other.csv"

    return write


def test_an_update_leaves_an_edition_with_its_report_and_says_each_step(town, tmp_path):
    options = ("--year", "2026", "--hospitals", town["sheet"], "--osm", town["osm"])
    first = invoke(tmp_path, "edition", "update", *options, "--dry-run")
    assert (first.exit_code, first.stdout) == (0, "Edition 2026.1: dry run\n")
    (report,) = tmp_path.glob("editions/.work-*/edition/report.html")
    assert str(report) in first.stderr
    done = invoke(tmp_path, "edition", "update", *options)
    assert (done.exit_code, done.stdout) == (0, "Edition 2026.1: built\n")
    steps = [line.split(":")[0] for line in done.stderr.splitlines() if line.endswith(" s")]
    assert steps[0] == "check"
    assert {"roads car", "arrivals ambulance", "tiles", "report", "seal"} <= set(steps)
    folder = tmp_path / "editions" / "2026.1"
    assert {"changes.json", "coverage.json", "report.html", "edition.json"} <= {path.name for path in folder.iterdir()}
    again = invoke(tmp_path, "edition", "update", *options)
    assert (again.exit_code, again.stdout) == (0, "Edition 2026.1: already built\n")


def test_the_same_inputs_give_the_same_edition_with_its_report(town, made, tmp_path):
    options = ("--year", "2026", "--hospitals", town["sheet"], "--osm", town["osm"], "--prepared-by", "王芳")
    assert invoke(tmp_path, "edition", "update", *options).exit_code == 0
    one, other = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (made / "editions" / "2026.1", tmp_path / "editions" / "2026.1")
    )
    infos = [orjson.loads(files.pop(Path("edition.json"))) for files in (one, other)]
    for info in infos:
        del info["created_at"], info["seal"]
    assert infos[0] == infos[1]
    assert one == other
    assert {path.parts[0] for path in one} >= {"report.html", "coverage.json", "changes.json", "protocols"}


@pytest.mark.parametrize("roads", [(), ("--same-roads", "--place", "Monaco")])
def test_an_update_takes_its_roads_from_one_place(run, town, roads):
    done = run("edition", "update", "--year", "2027", "--hospitals", town["sheet"], *roads)
    assert done.exit_code == 2
    assert "--same-roads" in done.stderr


def test_a_list_is_checked_against_the_districts_of_the_edition_that_serves(run, sheet_of, tmp_path):
    folder = tmp_path / "geodata" / "editions" / "2026.1"
    info = read_info((folder / "edition.json").read_bytes())
    (folder / "edition.json").unlink()
    region = info.region.model_copy(update={"districts": ("渝中区", "万州区")})
    seal(folder, info.model_copy(update={"region": region}))
    sheet = sheet_of("thrombolysis", "district")
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("WGS-84,yes", "WGS-84,渝中"), encoding="utf-8")
    checked = run("registry", "check", sheet, "--json")
    assert {p["would_be_right"] for p in orjson.loads(checked.stdout)["problems"]} == {"渝中区"}
    elsewhere = run("registry", "check", sheet, "--region", "demo", "--json")
    assert "渝中区" not in {p["would_be_right"] for p in orjson.loads(elsewhere.stdout)["problems"]}
    amended = run("edition", "amend", "--set", "h1.district=渝中", "--reason", "x")
    assert "is no district of this region ('渝中'); right would be: 渝中区" in amended.stderr


@pytest.fixture
def malta(run, tmp_path):
    """The folder of regions, with none in it; what serves is an edition of the region malta, without districts of its own."""
    folder = tmp_path / "geodata" / "editions" / "2026.1"
    info = read_info((folder / "edition.json").read_bytes())
    (folder / "edition.json").unlink()
    signed = [SealedProtocol(**one.model_dump() | {"local_version": "malta 1"}) for one in info.protocols]
    region = info.region.model_copy(update={"id": "malta", "districts": ()})
    seal(folder, info.model_copy(update={"region": region, "protocols": tuple(signed)}))
    (tmp_path / "geodata" / "regions").mkdir()
    return tmp_path / "geodata" / "regions"


MALTA = 'id = "malta"\ndistricts = ["渝中区"]\nname = { zh = "马耳他", en = "Malta" }\n'


def test_an_update_keeps_the_clinical_values_of_the_region_or_says_that_it_cannot(run, town, malta):
    options = ("edition", "update", "--hospitals", town["sheet"], "--same-roads", "--year", "2027")
    refused = run(*options)
    assert (refused.exit_code, refused.stdout) == (errors.EditionError.exit_code, "")
    assert "the region's own clinical values" in refused.stderr
    assert "--region FILE" in refused.stderr
    assert "malta.protocol.toml" in refused.stderr
    assert not (malta.parent / "editions" / "2027.1").exists()
    (malta / "malta.toml").write_text(MALTA, encoding="utf-8")
    (malta / "malta.protocol.toml").write_text('version = "malta 2"', encoding="utf-8")
    assert run(*options).stdout == "Edition 2027.1: built\n"
    made = read_info((malta.parent / "editions" / "2027.1" / "edition.json").read_bytes())
    assert {one.local_version for one in made.protocols} == {"malta 2"}
    assert (made.region.id, made.region.districts) == ("malta", ("渝中区",))


def test_nor_are_they_lost_to_a_region_that_is_given_by_hand(run, town, malta, tmp_path):
    (malta / "malta.toml").write_text(MALTA, encoding="utf-8")
    (tmp_path / "own.toml").write_text(MALTA, encoding="utf-8")
    square = {"type": "Polygon", "coordinates": [[[106, 29], [107, 29], [107, 30], [106, 30], [106, 29]]]}
    (tmp_path / "border.geojson").write_bytes(orjson.dumps(square))
    update = "update", "--hospitals", town["sheet"], "--same-roads", "--year", "2027"
    build = "build", "2027.1", "--osm", town["osm"], "--sheet", town["sheet"]
    given = [(*update, "--region", region) for region in ("malta", tmp_path / "own.toml", tmp_path / "border.geojson")]
    for command in (*given, build, (*build, "--region", "malta")):
        refused = run("edition", *command)
        assert (refused.exit_code, refused.stdout) == (errors.EditionError.exit_code, "")
        assert "the region's own clinical values" in refused.stderr
        assert "malta.protocol.toml into the folder `regions`" in refused.stderr
    assert not (malta.parent / "editions" / "2027.1").exists()
    (tmp_path / "own.protocol.toml").write_text('version = "malta 2"', encoding="utf-8")
    assert run("edition", *update, "--region", tmp_path / "own.toml").stdout == "Edition 2027.1: built\n"
    (malta / "gozo.toml").write_text(MALTA.replace("malta", "gozo"), encoding="utf-8")
    assert run("edition", *build[:1], "gozo", *build[2:], "--region", "gozo").exit_code == 0  # no values of Malta's


def test_what_serves_and_is_damaged_is_not_taken_for_a_region_without_values(run, town, malta):
    (malta.parent / "current").write_bytes(b"x")
    options = ("--hospitals", town["sheet"], "--same-roads", "--against", "2026.1", "--year", "2027")
    done = run("edition", "update", *options)
    assert done.exit_code == errors.EditionDamagedError.exit_code
    assert not (malta.parent / "editions" / "2027.1").exists()


def test_every_command_finds_a_region_of_ones_own(run, town, malta, sheet_of):
    (malta / "malta.toml").write_text(MALTA, encoding="utf-8")
    (malta / "malta.protocol.toml").write_text("version = 7", encoding="utf-8")
    for command in (
        ("update", "--year", "2027", "--hospitals", town["sheet"], "--same-roads"),
        ("update", "--year", "2027", "--hospitals", town["sheet"], "--same-roads", "--region", "malta"),
        ("build", "2027.1", "--sheet", town["sheet"], "--osm", town["osm"], "--region", "malta"),
    ):
        done = run("edition", *command)
        assert (done.exit_code, "malta.protocol.toml" in done.stderr) == (errors.ProtocolError.exit_code, True)
    sheet = sheet_of("thrombolysis", "district")
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("WGS-84,yes", "WGS-84,渝中"), encoding="utf-8")
    for region in ((), ("--region", "malta")):
        checked = run("registry", "check", sheet, *region, "--json")
        assert "渝中区" in {p["would_be_right"] for p in orjson.loads(checked.stdout)["problems"]}
    amended = run("edition", "amend", "--set", "h1.district=渝中", "--reason", "x")
    assert "is no district of this region ('渝中'); right would be: 渝中区" in amended.stderr


def test_a_report_is_by_the_districts_of_the_regions_own_file(run, malta, monkeypatch, tmp_path):
    (malta / "malta.toml").write_text(MALTA, encoding="utf-8")
    checked = []
    monkeypatch.setattr(
        "stroke_map.registry.checks.check_hospitals", lambda _list, *, districts, **_: checked.append(districts) or []
    )
    assert run("edition", "report", "--out", tmp_path / "report.html").exit_code == 0
    assert checked == [("渝中区",)]


def test_what_the_map_lacks_is_found_by_its_name_and_a_mistake_in_it_is_named(run, town, tmp_path, place_of):
    places = tmp_path / "places.csv"
    options = ("--year", "2027", "--hospitals", town["sheet"], "--same-roads", "--places", places)
    places.write_text("name,lat,lon,crs\n春森彼岸,north,106.5,WGS-84\n", encoding="utf-8")
    wrong = run("edition", "update", *options)
    assert (wrong.exit_code, "places.csv, row 2, lat" in wrong.stderr) == (errors.RegistryError.exit_code, True)
    lat, lon = place_of(300, 300)
    places.write_text(f"name,alias,lat,lon,crs\n春森彼岸,CSBA,{lat},{lon},WGS-84\n", encoding="utf-8")
    assert run("edition", "update", *options).stdout == "Edition 2027.1: built\n"
    for asked in ("春森", "chunsen", "csba"):
        assert "春森彼岸" in run("search", asked, "--edition", "2027.1").stdout
    told = orjson.loads((tmp_path / "geodata" / "editions" / "2027.1" / "edition.json").read_bytes())
    assert [source["name"] for source in told["built_from"] if source["role"] == "places"] == ["places.csv"]


def test_a_refused_sheet_and_a_refused_change_have_exit_codes_of_their_own(run, sheet_of):
    wrong = run("edition", "update", "--year", "2027", "--hospitals", sheet_of("h1,", "h0,"), "--same-roads")
    assert wrong.exit_code == errors.RegistryError.exit_code
    assert "row 3 id: is the id of row 2 too" in wrong.stderr
    fewer = sheet_of("yes,yes,023-4", "no,yes,023-4")
    fewer.write_text(fewer.read_text(encoding="utf-8").replace("yes,yes,023-3", "no,yes,023-3"), encoding="utf-8")
    gate = run("edition", "update", "--year", "2027", "--hospitals", fewer, "--same-roads")
    assert gate.exit_code == errors.GateError.exit_code == 10
    assert "5 -> 3" in gate.stderr
    assert "report.html" in gate.stderr
    told = run(
        "edition", "update", "--year", "2027", "--hospitals", fewer, "--same-roads", "--accept", "two have stopped"
    )
    assert told.stdout == "Edition 2027.1: built\n"
    assert "h3" in told.stderr


def test_each_thing_that_is_accepted_has_a_reason_of_its_own(run, sheet_of, place_of, tmp_path):
    lat, lon = place_of(500, 5000)
    both = sheet_of("yes,yes,023-4", "no,yes,023-4")
    text = both.read_text(encoding="utf-8").replace("yes,yes,023-3", "no,yes,023-3")
    both.write_text(f"{text}h5,医院五,{lat:.6f},{lon:.6f},WGS-84,no,yes,023-5\n", encoding="utf-8")
    options = ("edition", "update", "--year", "2027", "--hospitals", both, "--same-roads", "--accept")
    wrong = run(*options, "it is so")
    assert (wrong.exit_code, "--accept totals=REASON" in wrong.stderr) == (errors.RegistryError.exit_code, True)
    assert run(*options, "places=the road is new").exit_code == errors.GateError.exit_code
    twice = run(*options, "places=the road is new", "--accept", "places=so it is")
    assert (twice.exit_code, "is given twice" in twice.stderr) == (2, True)
    done = run(*options, "places=the road is new", "--accept", "totals=two have stopped: a=b")
    assert done.stdout == "Edition 2027.1: built\n"
    told = orjson.loads((tmp_path / "geodata" / "editions" / "2027.1" / "edition.json").read_bytes())
    assert told["accepted"] == "two have stopped: a=b"
    assert [line.partition(":")[0] for line in told["accepted_problems"]] == ["h5"]


def test_who_prepared_cannot_approve(run, town):
    options = ("--year", "2027", "--hospitals", town["sheet"], "--same-roads", "--publish")
    done = run("edition", "update", *options, "--prepared-by", "王芳", "--approved-by", "王 芳")
    assert done.exit_code == errors.EditionError.exit_code
    assert "cannot approve it too" in done.stderr
    assert run("edition", "publish", "2026.1").exit_code == errors.EditionError.exit_code
    assert run("edition", "publish", "2026.1", "--approved-by", "李敏").stdout == "Published 2026.1\n"


def test_a_telephone_number_is_amended_published_and_taken_back(run):
    cell = ("--set", "h1.phone=023-6869 0000", "--reason", "a new number")
    done = run("edition", "amend", *cell, "--publish", *NAMES)
    assert (done.exit_code, done.stdout) == (0, "Edition 2026.2: built, published\n")
    assert "023-1 → 023-6869 0000" in done.stderr
    assert str(Path("2026.2") / "report.html") in done.stderr
    assert orjson.loads(run("edition", "status", "--json").stdout)["edition"] == "2026.2"
    assert run("edition", "rollback").stdout == "Published 2026.1 again\n"


@pytest.mark.parametrize("options", [(), ("--set", "h1.phone=1", "--hospitals", SCRIPT)])
def test_an_amendment_is_a_sheet_or_cells(run, options):
    assert run("edition", "amend", *options).exit_code == 2


def test_an_amendment_of_cells_says_why(run):
    done = run("edition", "amend", "--set", "h1.phone=1")
    assert done.exit_code == errors.InvalidRequestError.exit_code
    assert "reason: is missing" in done.stderr


def test_status_says_who_answers_for_what_serves(run):
    told = orjson.loads(run("edition", "status", "--json").stdout)
    assert (told["edition"], told["prepared_by"], told["approved_by"]) == ("2026.1", "王芳", "李敏")
    assert (told["valid_from"], told["valid_until"]) == ("2026-01-01", "2026-12-31")
    table = run("edition", "status")
    assert "王芳" in table.stdout
    assert ("edition update" in table.stderr) == (told["state"] != "valid")


def test_pruning_asks_first_and_says_what_it_did(run):
    for number in (1, 2):
        run("edition", "amend", "--set", f"h1.phone=023-{number}00", "--reason", "x", "--publish", *NAMES)
    no = run("edition", "prune", "--keep", "1", input="n\n")
    assert no.exit_code == 1
    assert "Remove 2026.1?" in no.stderr
    yes = run("edition", "prune", "--keep", "1", "--yes")
    assert yes.stdout.startswith("Removed 2026.1; ")
    assert [row["id"] for row in orjson.loads(run("edition", "list", "--json").stdout)] == ["2026.2", "2026.3"]
    assert run("edition", "prune", "--yes").stdout == "Removed nothing; 0.0 MB are free again\n"


def test_the_script_is_the_same_command(made, tmp_path, sheet_of):
    shutil.copytree(made, tmp_path / "geodata")
    environment = os.environ | {"STROKE_MAP_GEODATA_DIR": str(tmp_path / "geodata")}

    def script(*arguments):
        command = [sys.executable, str(SCRIPT), *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert "refused by the gate" in script("--help").stdout
    wrong = script("--year", "2027", "--hospitals", sheet_of("h1,", "h0,"), "--same-roads")
    assert (wrong.returncode, wrong.stdout) == (5, "")
    done = script("--year", "2027", "--hospitals", sheet_of("023-1", "023-9"), "--same-roads")
    assert (done.returncode, done.stdout) == (0, "Edition 2027.1: built\n"), done.stderr


def test_every_check_knows_for_how_long_a_lapsed_accreditation_is_still_listed(run, sheet_of, monkeypatch):
    monkeypatch.setenv("STROKE_MAP_ACCREDITATION_GRACE_DAYS", "10")
    until = "as lapsed (class 2) until 2026-07-10"
    assert until in run("edition", "amend", "--set", "h1.ct_valid_until=2026-06-30", "--reason", "x").stderr
    sheet = sheet_of("thrombolysis,ct,phone", "thrombolysis,ct,ct_valid_until")
    text = re.sub("023-[02-9]", "", sheet.read_text(encoding="utf-8"))
    sheet.write_text(text.replace("023-1", "2026-06-30"), encoding="utf-8")
    days = ("--valid-from", "2026-01-01", "--valid-until", "2026-12-31")
    told = orjson.loads(run("registry", "check", sheet, *days, "--json").stdout)["problems"]
    assert any(until in problem["message"] for problem in told)
