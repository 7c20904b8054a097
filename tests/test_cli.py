import csv
import io
import re
import subprocess
import sys

import click
import orjson
import pytest
from click.testing import CliRunner

from stroke_map import errors
from stroke_map.cli import cli, exit_codes
from stroke_map.settings import SETTINGS


def leaves(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(leaves(cli))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command where nothing is published."""
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(tmp_path / "geodata"))
    monkeypatch.setenv("STROKE_MAP_CACHE_DIR", str(tmp_path / "cache"))

    def invoke(*arguments, **environment):
        return CliRunner().invoke(
            cli, [str(argument) for argument in arguments], env=environment, catch_exceptions=False
        )

    return invoke


@pytest.fixture
def run_on_demo(run, demo_geodata, monkeypatch):
    """Run a command over the demonstration city, which it must not change."""
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(demo_geodata))
    return run


def test_the_promised_commands_exist():
    names = {" ".join(path) for path in COMMANDS}
    assert names == {
        *(
            "backup",
            "calibrate",
            "demo",
            "hospitals-from-osm",
            "nearest",
            "poster",
            "restore",
            "route",
            "search",
            "serve",
            "settings",
            "stream",
        ),
        *("deliver", "channel add", "channel list", "channel remove", "delivery list", "delivery resend"),
        *(f"edition {name}" for name in ("amend", "build", "coverage", "fetch", "list", "prune")),
        *(f"edition {name}" for name in ("publish", "push", "report", "rollback", "status", "update", "verify")),
        *(f"registry {name}" for name in ("check", "export", "figures", "template")),
        *(f"closure {name}" for name in ("add", "list", "end")),
        *(f"status {name}" for name in ("set", "list", "clear")),
        *(f"user {name}" for name in ("add", "list", "reset", "revoke", "unlock")),
        *(f"key {name}" for name in ("add", "list", "revoke", "rotate")),
        *(f"audit {name}" for name in ("archive", "list", "verify")),
        *(f"protocol {name}" for name in ("show", "check", "explain", "diff")),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_has_help(path, run):
    assert len(COMMANDS[path].help) > 30
    assert all(option.help for option in COMMANDS[path].params if isinstance(option, click.Option))
    assert run(*path, "--help").exit_code == 0


def test_help_documents_every_exit_code(run):
    text = run("--help").stdout
    for code, names in exit_codes().items():
        assert re.search(rf"\n  {code} +{names[0]}", text)


def test_settings_prints_the_table_and_masks_secrets(run):
    text = run("settings", STROKE_MAP_CLINICAL_KEY="Zq7secret").stdout
    assert all(setting.variable in text and setting.help in text for setting in SETTINGS)
    assert "Zq7secret" not in text
    rows = orjson.loads(run("settings", "--json", STROKE_MAP_PORT="9000", STROKE_MAP_CLINICAL_KEY="Zq7secret").stdout)
    values = {row["variable"]: row["value"] for row in rows}
    assert (values["STROKE_MAP_PORT"], values["STROKE_MAP_CLINICAL_KEY"]) == ("9000", "********")


def test_an_error_is_a_message_and_a_next_step_on_stderr_with_its_exit_code(run):
    result = run("edition", "verify", "no-such-edition")
    assert result.exit_code == errors.EditionError.exit_code
    assert result.stdout == ""
    assert "no-such-edition" in result.stderr
    assert "stroke-map edition list" in result.stderr


def test_a_bad_setting_ends_a_command_with_its_name(run):
    result = run("edition", "list", STROKE_MAP_PORT="eighty")
    assert (result.exit_code, "STROKE_MAP_PORT" in result.stderr) == (errors.InvalidRequestError.exit_code, True)


def test_nearest_lists_hospitals_best_first(run_on_demo, demo_edition):
    hospital = demo_edition.hospitals[0]
    place = ("--lat", hospital.entrance_lat, "--lon", hospital.entrance_lon)
    answer = orjson.loads(run_on_demo("nearest", *place, "--condition", "stroke", "--json").stdout)
    times = [hospital["travel_time_s"] for hospital in answer["hospitals"]]
    assert times == sorted(times)
    table = run_on_demo("nearest", *place, "--condition", "stroke")
    assert answer["hospitals"][0]["name"]["zh"] in table.stdout
    assert "demo" in table.stderr or "演示" in table.stderr


def test_nearest_names_each_mistake(run_on_demo):
    result = run_on_demo("nearest", "--lat", "north", "--lon", "106.5", "--condition", "toothache")
    assert result.exit_code == errors.InvalidRequestError.exit_code
    assert "lat: must be a number" in result.stderr
    assert "condition: must be one of" in result.stderr


def test_nearest_outside_the_region_has_an_exit_code_of_its_own(run_on_demo):
    assert run_on_demo("nearest", "--lat", "60", "--lon", "5").exit_code == errors.OutsideAreaError.exit_code


def test_without_an_edition_nearest_says_how_to_get_one(run):
    result = run("nearest", "--lat", "29", "--lon", "106")
    assert result.exit_code == errors.NoEditionError.exit_code
    assert "stroke-map demo" in result.stderr


def test_edition_list_and_verify_tell_of_the_published_one(run_on_demo, demo_edition):
    (row,) = orjson.loads(run_on_demo("edition", "list", "--json").stdout)
    assert (row["id"], row["state"]) == (demo_edition.info.id, "published")
    assert demo_edition.info.id in run_on_demo("edition", "list").stdout
    assert orjson.loads(run_on_demo("edition", "verify", "--json").stdout)["sound"] is True


def test_demo_leaves_a_published_edition_alone_when_asked_to(run_on_demo, demo_geodata):
    before = (demo_geodata / "current").read_bytes()
    result = run_on_demo("demo", "--unless-published", "--id", "another")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (demo_geodata / "current").read_bytes() == before


def test_route_between_any_two_points_of_a_file(run, shared_osm):
    points = ("--from", "43.7311,7.4197", "--to", "43.7402,7.4277")
    result = run("route", "--osm", shared_osm / "monaco.osm.pbf", "--profile", "car", *points, "--json")
    answer = orjson.loads(result.stdout)
    assert answer["distance_m"] > 1000
    assert answer["travel_time_s"] == pytest.approx(sum(step["travel_time_s"] for step in answer["steps"]), rel=0.02)
    assert answer["geometry"]["type"] == "LineString"
    table = run("route", "--osm", shared_osm / "monaco.osm.pbf", "--profile", "car", *points)
    assert "min" in table.stdout


def test_route_far_from_any_road_has_an_exit_code_of_its_own(run, shared_osm):
    result = run("route", "--osm", shared_osm / "monaco.osm.pbf", "--from", "43.0,7.0", "--to", "43.7402,7.4277")
    assert result.exit_code == errors.OffNetworkError.exit_code


def test_a_file_that_is_no_road_data_has_an_exit_code_of_its_own(run, tmp_path):
    path = tmp_path / "text.osm.pbf"
    path.write_text("not a map")
    result = run("route", "--osm", path, "--from", "43.7,7.4", "--to", "43.7,7.41")
    assert result.exit_code == errors.RoadDataError.exit_code


@pytest.mark.parametrize("point", ["43.7", "43.7,7.4,1", "north,east", "106.5,29.5", "nan,1"])
def test_a_point_that_is_none_is_a_usage_error(run, tmp_path, point):
    path = tmp_path / "a.osm"
    path.write_text("<osm/>")
    result = run("route", "--osm", path, "--from", point, "--to", "43.7,7.4")
    assert result.exit_code == 2
    assert "--from" in result.stderr


def test_hospitals_from_osm_writes_the_sheet_alone_to_stdout(run, shared_osm):
    result = run("hospitals-from-osm", shared_osm / "malta.osm.pbf")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 19
    assert {row["crs"] for row in rows} == {"WGS-84"}
    assert {row["thrombolysis"] for row in rows} == {"unknown"}
    assert "19 hospitals" in result.stderr


def test_a_log_has_the_place_of_an_unexpected_failure_and_never_its_words():
    code = "import sys; from stroke_map import cli; cli.cli = lambda: int(sys.argv[1]); cli.main()"
    done = subprocess.run([sys.executable, "-c", code, "Zq7secret"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = orjson.loads(done.stderr)
    assert (told["process"], told["error"]) == ("command", "ValueError")
    assert "cli.py" in told["frames"]
    assert "Zq7secret" not in done.stderr
