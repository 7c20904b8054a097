"""`registry figures`, from the command line: out of the database, or of a file that was saved from the screen."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.commands.figures import _MEDIANS, _NUMBERS, FEW
from stroke_map.live import LiveStore, quality
from stroke_map.live.cases import INTERVALS, NewCase
from stroke_map.registry import read_sheet
from stroke_map.registry.figures import FILLED
from stroke_map.settings import read_settings
from stroke_map.web.quality_files import HEADER

SHEET = (
    "id,name_zh,lat,lon,crs,figures_year,thrombolysis_cases,thrombectomy_cases,pci_cases,door_to_needle_min,door_to_puncture_min,door_to_wire_min\n"
    "h1,第一医院,29.5574,106.577,WGS-84,2024,210,,,38,,\n"
    "h2,第二医院,29.56,106.58,WGS-84,2024,5,,,,,\n"
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command over a sheet of two hospitals and an empty database."""
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(tmp_path))
    monkeypatch.setenv("STROKE_MAP_DATABASE_URL", f"sqlite:///{tmp_path / 'live.db'}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hospitals.csv").write_text(SHEET, encoding="utf-8")

    def invoke(*arguments):
        given = ["registry", "figures", "--hospitals", "hospitals.csv", "--out", "out.csv", *arguments]
        return CliRunner().invoke(cli, given, catch_exceptions=False)

    return invoke


@pytest.fixture
def recorded(tmp_path):
    """Cases of 2025: six strokes to h1 with a needle after 30 to 80 minutes, two to h2, one to a hospital that the sheet lacks."""
    store = LiveStore(read_settings({}, geodata_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'live.db'}"))
    store.migrate()
    begun = datetime(2025, 6, 1, tzinfo=UTC)
    for hospital, minutes in [*(("h1", 30 + 10 * number) for number in range(6)), ("h2", 50), ("h2", 60), ("gone", 70)]:
        told = {"door": begun, "needle": begun + timedelta(minutes=minutes)}
        case = NewCase(condition="stroke", question={}, answer={"hospitals": []}, edition="1", first_choice=hospital,
                       hospital_id=hospital, author="x", timeline=told)  # fmt: skip
        store.cases.add(case, now=begun)
    store.close()


def figures_in(path):
    return {hospital.id: hospital.figures.model_dump(exclude_none=True) for hospital in read_sheet(path).hospitals}


FILLED_IN = {
    "h1": {"year": 2025, "thrombolysis_cases": 6, "door_to_needle_min": 55},
    "h2": {"year": 2025, "thrombolysis_cases": 2},
}


def test_the_years_figures_are_put_into_a_copy_and_what_changes_is_shown(run, recorded, tmp_path):
    result = run("--year", "2025")
    assert result.exit_code == 0, result.stderr
    shown = [line.split() for line in result.stdout.splitlines()]
    assert ["h1", "door_to_needle_min", "38", "55"] in shown
    assert ["h2", "thrombolysis_cases", "5", "2"] in shown
    assert "Not in the sheet, and left out: gone" in result.stderr
    assert (tmp_path / "hospitals.csv").read_text(encoding="utf-8") == SHEET
    assert figures_in(tmp_path / "out.csv") == FILLED_IN
    again = run("--year", "2025")
    assert (again.exit_code, "there already" in again.stderr) == (2, True)


def test_a_median_is_taken_of_as_many_cases_as_one_says(run, recorded, tmp_path):
    told = orjson.loads(run("--year", "2025", "--at-least", "2", "--json").stdout)
    assert (told["year"], told["not_in_sheet"]) == (2025, ["gone"])
    assert figures_in(tmp_path / "out.csv")["h2"]["door_to_needle_min"] == 55


def test_another_year_changes_nothing(run, recorded, tmp_path):
    assert orjson.loads(run("--year", "2023", "--json").stdout)["changes"] == []
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig") == SHEET


def saved(path, *rows, **others):
    usual = {"from": "2025-01", "until": "2025-12", "by": "hospital", "condition": "stroke"}
    lines = [",".join(HEADER)]
    lines += [",".join(str((usual | others | row).get(name, "")) for name in HEADER) for row in rows]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8-sig")


def test_a_file_saved_from_the_screen_says_the_same(run, tmp_path):
    saved(
        tmp_path / "quality.csv",
        {"key": "h1", "needle": 6, "door_to_needle": 6, "door_to_needle_min": "55.0"},
        {"key": "h2", "needle": 2, "door_to_needle": 2, "door_to_needle_min": "55.0"},
    )
    assert run("--year", "2025", "--from", "quality.csv").exit_code == 0
    assert figures_in(tmp_path / "out.csv") == FILLED_IN


@pytest.mark.parametrize(
    "others", [{"until": "2025-11"}, {"by": "month"}, {"needle": "many"}, {"door_to_needle_min": "inf"}, {"needle": -1}]
)
def test_a_file_of_something_else_is_refused(run, tmp_path, others):
    saved(tmp_path / "quality.csv", {"key": "h1"}, **others)
    result = run("--year", "2025", "--from", "quality.csv")
    assert (result.exit_code, "does not hold the figures of 2025" in result.stderr) == (2, True)
    assert not (tmp_path / "out.csv").exists()


def test_another_table_is_refused(run, tmp_path):
    (tmp_path / "other.csv").write_bytes(b"\xff\xfe\x00id,name\n")
    assert run("--year", "2025", "--from", "other.csv").exit_code == 2
    assert run("--year", "2025", "--from", "hospitals.csv").exit_code == 2


def test_columns_and_measures_are_those_of_the_other_rooms():
    assert quality.FEW == FEW
    assert {*_NUMBERS, *_MEDIANS} <= set(FILLED)
    assert {measure for _, measure in _MEDIANS.values()} <= INTERVALS.keys()
    assert {measure for _, measure in _NUMBERS.values()} == set(quality.TREATMENTS)
