"""The examples in scripts/deploy against what they start."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from stroke_map.cli import cli
from stroke_map.settings import SETTINGS

DEPLOY = Path(__file__).resolve().parents[1] / "scripts" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
SERVERS = [unit for unit in UNITS if unit.name != "stroke-map-update.service"]


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def test_there_is_a_unit_for_each_process():
    assert {unit.name for unit in SERVERS} == {
        "stroke-map@.service",
        "stroke-map-deliver.service",
        "stroke-map-stream.service",
    }


@pytest.mark.parametrize("unit", SERVERS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_there_is(unit):
    (line,) = values(unit, "ExecStart")
    program, name, *options = shlex.split(line.replace("%i", "clinical"))
    assert program.endswith("/bin/stroke-map")
    cli.commands[name].make_context(name, options)  # raises where an option is none
    assert values(unit, "EnvironmentFile") == [f"/etc/stroke-map/{'%i' if '@' in unit.name else 'clinical'}.env"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_set_settings_that_there_are_and_write_nowhere_else(unit):
    variables = {setting.variable for setting in SETTINGS}
    names = re.findall(r"\b(STROKE_MAP_[A-Z_]+)=", unit.read_text(encoding="utf-8"))
    assert set(names) <= variables
    assert values(unit, "ProtectSystem") == ["strict"]
    assert values(unit, "NoNewPrivileges") == ["yes"]
    folders = dict(text.split("=") for text in values(unit, "Environment"))
    assert values(unit, "ReadWritePaths")[0].split() == [
        folders["STROKE_MAP_GEODATA_DIR"],
        folders["STROKE_MAP_CACHE_DIR"],
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_every_unit(tmp_path):
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        # The programs and the user are not on this machine.
        text = re.sub(r"^ExecStart=/\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
        (tmp_path / unit.name.replace("@.", "@clinical.")).write_text(text, encoding="utf-8")
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in done.stderr.splitlines() if "stroke-map" in line]
    assert said == []


def test_nginx_limits_what_is_reckoned_hands_streams_on_and_shows_no_figures():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (limited,) = re.findall(r"location ~ (\S+) \{\s+limit_req ", text)
    pattern = re.compile(limited)
    for path in ("/api/v1/route", "/api/v1/route.gpx", "/api/v1/search", "/search", "/map"):
        assert pattern.search(path), path
    for path in ("/", "/hospitals", "/map.js", "/tiles/7/1/2.png", "/api/v1/hospitals", "/hospitals/ex-1/ct.svg"):
        assert not pattern.search(path), path
    (stream,) = re.findall(r"location = /api/v1/events \{([^}]+)\}", text)
    assert "proxy_buffering off;" in stream
    assert "proxy_pass http://stroke_map_stream;" in stream
    assert text.count("location = /metrics { return 404; }") == text.count("server_name") == 2
    assert set(re.findall(r"STROKE_MAP_[A-Z_]+", text)) <= {setting.variable for setting in SETTINGS}
    assert text.count("{") == text.count("}")
