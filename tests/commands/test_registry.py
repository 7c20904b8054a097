"""`registry template`, `check` and `export`, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import orjson
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.registry import read_sheet

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "id,name_zh,lat,lon,crs,phone\nh1,第一医院,29.5574,106.577,WGS-84,120\n"
BAD = GOOD + "h2,\x1b[2J[red]二院,x,106.6,WGS-84,ask\n"


@pytest.fixture
def run(demo_geodata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command over the demonstration city, in a folder of its own."""
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(demo_geodata))
    monkeypatch.setenv("STROKE_MAP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(cli, ["registry", *(str(argument) for argument in arguments)], catch_exceptions=False)

    return invoke


@pytest.fixture
def sheet(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "hospitals.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_template_is_written_once_and_checks_clean(run, tmp_path: Path) -> None:
    assert run("template").exit_code == 0
    book = openpyxl.load_workbook(tmp_path / "hospitals.xlsx")
    assert [sheet.title for sheet in book] == ["医院名单", "说明"]
    again = run("template")
    assert (again.exit_code, "there already" in again.stderr) == (2, True)
    assert run("check", "hospitals.xlsx").exit_code == 0
    assert run("template", "--lang", "en", "--out", "en.xlsx").exit_code == 0
    assert openpyxl.load_workbook(tmp_path / "en.xlsx").sheetnames == ["Hospitals", "Notes"]


def test_a_place_that_cannot_be_written_to_is_said(run) -> None:
    for command in (["template"], ["export", "--edition", "--format", "csv"]):
        result = run(*command, "--out", "none/x.xlsx")
        assert (result.exit_code, "No such file or directory" in result.stderr) == (1, True)


def test_a_sound_sheet_passes(run, sheet) -> None:
    result = run("check", sheet(GOOD))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 sound hospital, 0 mistakes, 0 warnings" in result.stderr


def test_every_problem_is_printed_and_mistakes_stop(run, sheet) -> None:
    result = run("check", sheet(BAD))
    assert result.exit_code == 5
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["SHEET", "ROW", "CELL", "COLUMN", "VALUE", "PROBLEM", "RIGHT", "WOULD", "BE"]
    assert sorted(line.split()[:4] for line in lines[1:]) == [
        ["error", "hospitals.csv", "3", "lat"],
        ["error", "hospitals.csv", "3", "name_zh"],
        ["warning", "hospitals.csv", "3", "phone"],
    ]
    assert "1 sound hospital, 2 mistakes, 1 warning" in result.stderr
    assert "hospitals.csv: 2 mistakes" in result.stderr


def test_a_cell_cannot_command_the_terminal(run, sheet) -> None:
    result = run("check", sheet(BAD))
    assert "\x1b" not in result.stdout + result.stderr
    assert "\ufffd[2J[red]二院" in result.stdout


def test_programs_get_json(run, sheet) -> None:
    result = run("check", sheet(BAD), "--json")
    assert result.exit_code == 5
    told = orjson.loads(result.stdout)
    assert (told["hospitals"], told["errors"], told["warnings"]) == (1, 2, 1)
    assert {problem["column"] for problem in told["problems"]} == {"name_zh", "lat", "phone"}
    assert set(told["problems"][0]) == {
        "severity", "sheet", "row", "column", "value", "message", "would_be_right", "address", "acceptable",
        "hospital",
    }  # fmt: skip


def test_warnings_alone_do_not_stop(run, sheet) -> None:
    result = run("check", sheet(GOOD.replace(",120", ",ask")))
    assert result.exit_code == 0
    assert "0 mistakes, 1 warning" in result.stderr


def test_what_stands_between_the_rows_is_checked(run, sheet) -> None:
    result = run("check", sheet(GOOD + "h2,第一医院,29.7,106.577,WGS-84,120\n"))
    assert "第一医院" in result.stdout


def test_the_days_of_the_edition_to_be_made_count(run, sheet) -> None:
    text = "id,name_zh,lat,lon,crs,ct,ct_valid_until\nh1,第一医院,29.5574,106.577,WGS-84,yes,2030-06-30\n"
    told = {}
    for year in (2029, 2030):
        days = ("--valid-from", f"{year}-01-01", "--valid-until", f"{year}-12-31")
        told[year] = orjson.loads(run("check", sheet(text), *days, "--json").stdout)["problems"]
    assert told[2029] == []
    assert [problem["column"] for problem in told[2030]] == ["ct_valid_until"]


def test_a_region_bounds_where_hospitals_lie(run, sheet) -> None:
    far = sheet(GOOD.replace("29.5574", "40.1"))
    assert run("check", far).exit_code == 0
    result = run("check", far, "--region", "chongqing")
    assert result.exit_code == 5
    assert "lies outside the region" in result.stdout


def test_districts_are_those_of_the_region_or_of_an_edition_that_is_named(run, sheet) -> None:
    elsewhere = sheet(GOOD.replace(",phone", ",district").replace(",120", ",渝中"))
    told = {}
    for region in ((), ("--region", "chongqing"), ("--edition", "demo")):
        problems = orjson.loads(run("check", elsewhere, *region, "--json").stdout)["problems"]
        told[region] = [problem["would_be_right"] for problem in problems if problem["column"] == "district"]
    # What serves is a made-up city, whose districts nobody's list must have.
    assert (told[()], told["--region", "chongqing"]) == ([], ["渝中区"])
    assert len(told["--edition", "demo"]) == 1


def test_the_roads_of_a_file_or_of_an_edition_tell_where_hospitals_cannot_be(run, sheet, demo_files) -> None:
    assert run("check", demo_files.sheet, "--osm", demo_files.osm).exit_code == 0
    assert run("check", demo_files.sheet, "--edition").exit_code == 0
    nowhere = sheet(GOOD)
    for against in (["--osm", demo_files.osm], ["--edition"], ["--edition", "demo"]):
        result = run("check", nowhere, *against)
        assert result.exit_code == 5
        assert "road" in result.stdout
    assert run("check", nowhere, "--edition", "2099.1").exit_code == 6


def test_a_copy_of_the_workbook_is_marked(run, tmp_path: Path) -> None:
    run("template")
    book = openpyxl.load_workbook(tmp_path / "hospitals.xlsx")
    book.worksheets[0].append(["h1", "一院"])
    book.save(tmp_path / "hospitals.xlsx")
    result = run("check", "hospitals.xlsx", "--annotate", "marked.xlsx")
    assert result.exit_code == 5
    marked = openpyxl.load_workbook(tmp_path / "marked.xlsx").worksheets[0]
    assert [marked[f"{column}4"].comment is not None for column in "ABCIJK"] == [False, False, False, True, True, True]
    refused = run("check", "hospitals.xlsx", "--annotate", "none/marked.xlsx")
    assert (refused.exit_code, "No such file" in refused.stderr) == (1, True)


@pytest.mark.parametrize("format_", ["csv", "xlsx", "geojson", "gpkg", "fhir"])
def test_hospitals_are_exported_from_a_sheet_or_an_edition(run, tmp_path: Path, demo_files, format_: str) -> None:
    name = "hospitals.json" if format_ == "fhir" else f"hospitals.{format_}"
    contents = []
    for source in ([demo_files.sheet], ["--edition"]):
        result = run("export", *source, "--format", format_)
        assert result.exit_code == 0
        assert f"hospitals to {name}" in result.stderr
        contents.append((tmp_path / name).read_bytes())
    if format_ not in {"xlsx", "gpkg"}:  # these have the time in them
        assert contents[0] == contents[1]


def test_contacts_are_exported_into_sheets_on_request_alone(run, tmp_path: Path, demo_files) -> None:
    told = read_sheet(demo_files.sheet).hospitals
    assert any(hospital.contacts for hospital in told)
    assert run("export", demo_files.sheet, "--format", "csv", "--with-contacts").exit_code == 0
    assert read_sheet(tmp_path / "hospitals.csv").hospitals == told
    assert run("export", demo_files.sheet, "--format", "csv").exit_code == 0
    assert not any(hospital.contacts for hospital in read_sheet(tmp_path / "hospitals.csv").hospitals)
    refused = run("export", demo_files.sheet, "--format", "fhir", "--with-contacts")
    assert (refused.exit_code, "public format" in refused.stderr) == (2, True)


def test_an_export_needs_one_source_and_a_sound_one(run, sheet, demo_files) -> None:
    assert run("export", "--format", "csv").exit_code == 2
    assert run("export", demo_files.sheet, "--edition", "--format", "csv").exit_code == 2
    assert run("export", sheet(BAD), "--format", "csv").exit_code == 5
