"""`stroke-map protocol`."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.errors import InvalidRequestError, NoCapableHospitalError, ProtocolError

SIGNED = Path(__file__).resolve().parents[1] / "protocols" / "signed.toml"
CASE = {
    "question": {
        "condition": "stroke",
        "now": "2026-05-01T20:30:00+08:00",
        "onset": "2026-05-01T19:30:00+08:00",
        "scale": "LAMS",
        "items": {"facial_droop": 1, "arm_drift": 2, "grip_strength": 2},
        "setting": "suburban",
    },
    "options": [
        {
            "hospital": "P",
            "travel_min": 10,
            "capabilities": {"thrombolysis": "yes", "thrombectomy": "no"},
            "onward": [{"hospital": "C", "travel_min": 35, "agreed": True}],
        },
        {"hospital": "C", "travel_min": 32, "capabilities": {"thrombolysis": "yes", "thrombectomy": "yes"}},
    ],
    "names": {"C": "Central"},
}


@pytest.fixture
def run(tmp_path):
    def invoke(*arguments):
        return CliRunner().invoke(cli, ["protocol", *map(str, arguments)], catch_exceptions=False)

    return invoke


@pytest.fixture
def case(tmp_path):
    def write(**changes):
        path = tmp_path / "case.json"
        path.write_bytes(orjson.dumps(CASE | changes))
        return path

    return write


def test_show_prints_every_value_and_rule(run):
    table = run("show", "stroke").stdout
    for words in ("thrombolysis_window", "270 min (verified)", "G-FAST.cut_off", "lvo-bypass"):
        assert words in table
    told = orjson.loads(run("show", "stroke", "--region", SIGNED, "--json").stdout)
    assert told["values"]["bypass_total_urban"]["status"] == "local"
    assert len(told["sha256"]) == 64


def test_check_says_what_nobody_signed_and_names_a_mistake(run, tmp_path):
    stroke, chest_pain = run("check", SIGNED).stdout.splitlines()
    assert "signed by Example association on 2026-01-01" in stroke
    assert "neither verified nor signed: angiography_from" in chest_pain
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("version = '1'\n[stroke]\ndoor_to_needle = { value = 1, unit = 'h' }")
    result = run("check", wrong)
    assert result.exit_code == ProtocolError.exit_code
    assert result.stdout == ""
    assert "wrong.toml stroke.door_to_needle.unit must be min" in result.stderr


def test_explain_decides_a_case(run, case):
    assert run("explain", case()).stdout.startswith("To P: a drive of 10 min.\nThen on to Central.\n")
    assert run("explain", case(), "--region", SIGNED, "--lang", "zh").stdout.startswith("送往 Central：行车 32 分钟。")
    told = orjson.loads(run("explain", case(), "--region", SIGNED, "--json").stdout)
    assert (told["rule"], told["ranking"][0]["hospital"], told["protocol"]["signed_on"]) == (
        "lvo-bypass",
        "C",
        "2026-01-01",
    )


def test_explain_names_a_mistake_and_an_empty_list(run, case):
    result = run("explain", case(question={"condition": "stroke", "now": "2026-05-01"}))
    assert (result.exit_code, "now: " in result.stderr) == (InvalidRequestError.exit_code, True)
    assert run("explain", case(options=[])).exit_code == NoCapableHospitalError.exit_code


def test_diff_lists_what_a_region_says_otherwise(run):
    assert "bypass_total_urban        30 min (unverified)    30 min (local)" in run("diff", "stroke", SIGNED).stdout
    assert orjson.loads(run("diff", "stroke", SIGNED, SIGNED, "--json").stdout) == []
    (change,) = orjson.loads(run("diff", "chest_pain", SIGNED, "--json").stdout)
    assert change == {"key": "late_pain", "before": "720 min (unverified)", "after": "720 min (local)"}
