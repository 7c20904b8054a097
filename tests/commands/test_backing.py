"""The commands over `stroke_map.backups`."""

import orjson
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli

pytestmark = pytest.mark.usefixtures("in_the_city")


def run(*arguments, **environment):
    return CliRunner().invoke(cli, list(map(str, arguments)), env=environment)


def test_what_is_backed_up_is_restored_where_the_settings_say(tmp_path):
    made = orjson.loads(run("backup", tmp_path / "backups", "--json").stdout)
    assert (made["database"], made["editions"], made["serving"]) == ("sqlite", ["demo"], "demo")
    elsewhere = {"STROKE_MAP_GEODATA_DIR": str(tmp_path / "elsewhere"), "STROKE_MAP_DATABASE_URL": ""}
    done = run("restore", made["backup"], **elsewhere)
    assert (done.exit_code, done.stdout[:26]) == (0, "Restored what was there on"), done.output
    assert run("audit", "verify", "--against", f"{made['backup']}/audit-ends.json", **elsewhere).exit_code == 0
    refused = run("restore", made["backup"], **elsewhere)
    assert refused.exit_code == 15
    assert "live.db is there already" in refused.stderr


def test_a_damaged_edition_ends_it_with_its_exit_code_and_all_else_is_there(copy_demo, tmp_path):
    geodata = copy_demo(tmp_path / "geodata")
    (geodata / "editions" / "demo" / "region.geojson").unlink()
    done = run("backup", tmp_path / "backups", STROKE_MAP_GEODATA_DIR=str(geodata))
    assert done.exit_code == 6
    assert "editions none" in done.stdout
    assert "demo: edition demo is damaged: region.geojson (missing)" in done.stderr
