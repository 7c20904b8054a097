import json

import pytest
from click.testing import CliRunner

from stroke_map.cli import cli


@pytest.fixture
def run(demo_geodata):
    return lambda *words: CliRunner().invoke(cli, ["search", *words], env={"STROKE_MAP_GEODATA_DIR": str(demo_geodata)})


def test_hospitals_are_listed_with_their_place(run, demo_edition):
    hospital = demo_edition.hospitals[0]
    done = run(hospital.name_zh)
    assert done.exit_code == 0, done.output
    header, first, *_ = done.stdout.splitlines()
    assert header.split()[:2] == ["KIND", "NAME"]
    assert hospital.name_zh in first
    assert f"{hospital.entrance_lat:.5f}" in first


def test_programs_get_json_of_the_edition_they_name(run, demo_edition):
    done = run("--json", "--limit", "1", "--edition", demo_edition.info.id, demo_edition.hospitals[0].name_zh)
    (found,) = json.loads(done.stdout)
    assert (found["kind"], found["id"]) == ("hospital", demo_edition.hospitals[0].id)


def test_an_edition_that_is_not_there_is_named(run):
    done = run("--edition", "1999.1", "x")
    assert done.exit_code == 6
    assert "1999.1" in done.output
