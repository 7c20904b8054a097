"""The examples in scripts/deploy against what they start."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from stroke_map.cli import cli
from stroke_map.registry.limits import MAX_FILE_BYTES
from stroke_map.settings import SETTINGS
from stroke_map.web.server import HEAD_TIMEOUT_MS

DEPLOY = Path(__file__).resolve().parents[1] / "scripts" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
TIMERS = sorted(DEPLOY.glob("*.timer"))
SERVERS = [unit for unit in UNITS if unit.name != "stroke-map-update.service"]


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def test_there_is_a_unit_for_each_process():
    assert {unit.name for unit in SERVERS} == {
        "stroke-map@.service",
        "stroke-map-backup.service",
        "stroke-map-deliver.service",
        "stroke-map-stream.service",
    }


@pytest.mark.parametrize("name", ["stroke-map-backup", "stroke-map-update"])
def test_what_a_timer_starts_has_failed_after_a_few_attempts(name):
    unit = DEPLOY / f"{name}.service"
    pause_s = 60 * int(*re.findall(r"(\d+)min", *values(unit, "RestartSec")))
    hours = {"12h": 12, "1day": 24}[values(unit, "StartLimitIntervalSec")[0]]
    assert int(*values(unit, "StartLimitBurst")) * pause_s < hours * 3600  # else systemd never gives up


@pytest.mark.parametrize("unit", SERVERS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_there_is(unit):
    (line,) = values(unit, "ExecStart")
    program, name, *options = shlex.split(line.replace("%i", "clinical"))
    assert program.endswith("/bin/stroke-map")
    cli.commands[name].make_context(name, options)  # raises where an option is none


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_set_settings_that_there_are_and_write_nowhere_else(unit):
    variables = {setting.variable for setting in SETTINGS}
    names = re.findall(r"\b(STROKE_MAP_[A-Z_]+)=", unit.read_text(encoding="utf-8"))
    assert set(names) <= variables
    # The yearly update's too: an edition is built for the ambulances of the settings.
    assert values(unit, "EnvironmentFile") == [f"/etc/stroke-map/{'%i' if '@' in unit.name else 'clinical'}.env"]
    assert values(unit, "ProtectSystem") == ["strict"]
    assert values(unit, "NoNewPrivileges") == ["yes"]
    folders = dict(text.split("=") for text in values(unit, "Environment"))
    backups = re.findall(r"/stroke-map backup .* (/\S+)", unit.read_text(encoding="utf-8"))
    assert values(unit, "ReadWritePaths")[0].split() == [
        folders["STROKE_MAP_GEODATA_DIR"],
        folders["STROKE_MAP_CACHE_DIR"],
        *backups,
    ]


def test_a_timer_starts_a_unit_that_there_is_and_makes_up_for_a_night_without_it():
    assert {timer.stem for timer in TIMERS} == {"stroke-map-backup", "stroke-map-update"}
    for timer in TIMERS:
        assert values(timer.with_suffix(".service"), "Type") == ["oneshot"]
        assert values(timer, "Persistent") == ["yes"]


def test_a_reload_asks_the_server_itself_and_no_other_unit_claims_to_know_one():
    assert {unit.name: values(unit, "ExecReload") for unit in UNITS if values(unit, "ExecReload")} == {
        "stroke-map@.service": ["/bin/kill -HUP $MAINPID"]
    }


def test_the_public_stands_back_where_both_planes_share_a_machine():
    (drop_in,) = DEPLOY.glob("stroke-map@public.service.d/*.conf")
    (weight,), (adjustment,) = values(drop_in, "CPUWeight"), values(drop_in, "OOMScoreAdjust")
    assert int(weight) < 100  # what the others have
    assert int(adjustment) > 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_every_unit(tmp_path):
    for unit in (*UNITS, *TIMERS):
        text = unit.read_text(encoding="utf-8")
        # The programs and the user are not on this machine.
        text = re.sub(r"^ExecStart=/\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
        (tmp_path / unit.name.replace("@.", "@clinical.")).write_text(text, encoding="utf-8")
    for drop_in in DEPLOY.glob("*.service.d"):
        shutil.copytree(drop_in, tmp_path / drop_in.name)
    units = [str(path) for path in sorted(tmp_path.iterdir()) if path.is_file()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in done.stderr.splitlines() if "stroke-map" in line]
    assert said == []


@pytest.mark.skipif(None in map(shutil.which, ("nginx", "openssl")), reason="nginx or openssl is not here")
def test_nginx_understands_its_example(tmp_path):
    key = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-keyout", "x.key", "-out", "x.pem"]  # fmt: skip
    subprocess.run(key, cwd=tmp_path, check=True, capture_output=True)
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"/etc/ssl/\S+\.(pem|key);", rf"{tmp_path}/x.\1;", text)
    text = text.replace("/var/log/nginx", str(tmp_path)).replace("listen 443", "listen 127.0.0.1:44443")
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {text} }}", encoding="utf-8")
    done = subprocess.run(
        ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(whole), "-e", str(tmp_path / "error")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_nginx_limits_what_is_reckoned_hands_streams_on_and_shows_no_figures():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (limited,) = re.findall(r"location ~ (\S+) \{\s+limit_req ", text)
    pattern = re.compile(limited)
    for path in ("/api/v1/route", "/api/v1/route.gpx", "/api/v1/search", "/search", "/map"):
        assert pattern.search(path), path
    for path in ("/", "/hospitals", "/map.js", "/tiles/7/1/2.png", "/api/v1/hospitals", "/hospitals/ex-1/ct.svg"):
        assert not pattern.search(path), path
    (log_in,) = re.findall(r"location = /api/v1/session \{([^}]+)\}", text)
    assert "limit_req zone=stroke_map_logins " in log_in
    # Of POST alone, as pages ask there who is logged in.
    (key,) = re.findall(r"limit_req_zone (\S+) zone=stroke_map_logins:", text)
    assert f'map $request_method {key} {{ POST $binary_remote_addr; default ""; }}' in text
    # An error's line would repeat the coordinates of an address.
    assert text.count("    error_log /dev/null crit;  #") == text.count("server_name")
    (stream,) = re.findall(r"location = /api/v1/events \{([^}]+)\}", text)
    assert "proxy_buffering off;" in stream
    assert "proxy_pass http://stroke_map_stream;" in stream
    assert text.count("location = /metrics { return 404; }") == text.count("server_name") == 2
    # A service must not end a connection that nginx still means to use: what came on it would be lost.
    kept_s = {int(seconds) for seconds in re.findall(r"keepalive \d+; keepalive_timeout (\d+)s;", text)}
    assert len(kept_s) == 1
    assert max(kept_s) * 1000 < HEAD_TIMEOUT_MS
    (sheets,) = re.findall(r"location = /api/v1/sheets \{([^}]+)\}", text)
    assert f"client_max_body_size {MAX_FILE_BYTES // 10**6}m;" in sheets
    assert set(re.findall(r"STROKE_MAP_[A-Z_]+", text)) <= {setting.variable for setting in SETTINGS}
    assert text.count("{") == text.count("}")
