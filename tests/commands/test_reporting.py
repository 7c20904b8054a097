"""`edition report` and `edition coverage`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from stroke_map.cli import cli


@pytest.fixture
def geodata(copy_demo, tmp_path):
    return copy_demo(tmp_path / "geodata")


@pytest.fixture
def run(geodata, monkeypatch):
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(geodata))
    return lambda *arguments: CliRunner().invoke(cli, ["edition", *map(str, arguments)])


def test_a_report_of_the_published_edition_is_one_file(run, tmp_path, geodata) -> None:
    before = {path: path.stat().st_mtime_ns for path in geodata.rglob("*")}
    done = run("report", "--out", tmp_path / "r.html")
    assert done.exit_code == 0, done.output
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "首个版本" in html
    assert "演示数据，不可用于急救" in html
    after = {path: path.stat().st_mtime_ns for path in geodata.rglob("*")}
    assert after == before, "a sealed edition stays as it is"


def test_a_report_names_the_edition_it_is_compared_with(run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("report", "demo", "--against", "demo")
    assert done.exit_code == 0, done.output
    assert "Nothing in the list of hospitals is different" in (tmp_path / "report-demo.html").read_text(
        encoding="utf-8"
    )


def test_coverage_is_a_table_for_people_and_json_for_programs(run, demo_edition, tmp_path) -> None:
    done = run("coverage")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["CAPABILITY", "HOSPITALS", "OF", "15", "MIN", "30", "MIN", "45", "MIN", "60", "MIN"]
    able = sum(one.capabilities["thrombectomy"].status == "yes" for one in demo_edition.hospitals)
    row = next(line.split() for line in lines if line.startswith("thrombectomy "))
    assert row[1:3] == [str(able), "road"]
    one = demo_edition.hospitals[0]
    (tmp_path / "people.csv").write_text(f"lat,lon,people\n{one.lat},{one.lon},9\n", encoding="utf-8")
    told = json.loads(run("coverage", "demo", "--json", "--population", tmp_path / "people.csv").stdout)
    assert (told["edition"], told["people"]) == ("demo", 9)
    share = told["reach"]["thrombectomy"]["km"][0] / told["road_km"]
    assert row[3] == f"{share * 100:.1f}"
    table = run("coverage", "--population", tmp_path / "people.csv").stdout
    assert "people" in table


def test_an_edition_that_is_not_there_and_people_that_are_none_are_refused(run, tmp_path) -> None:
    assert run("report", "nowhere").exit_code == 6
    (tmp_path / "people.csv").write_text("lat,lon\n", encoding="utf-8")
    done = run("coverage", "--population", tmp_path / "people.csv")
    assert done.exit_code == 6
    assert "has no column people" in done.output
