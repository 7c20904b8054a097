import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from stroke_map.errors import InvalidRequestError
from stroke_map.settings import SETTINGS, Settings, read_settings


def test_the_table_and_the_values_in_force_name_the_same_settings():
    assert [setting.name for setting in SETTINGS] == [field.name for field in fields(Settings)]


def test_every_setting_says_what_it_is():
    for setting in SETTINGS:
        assert setting.help.endswith((".", "them")) or "审图号" in setting.help
        assert setting.unit
        assert setting.variable == f"STROKE_MAP_{setting.name.upper()}"


def test_environment_beats_default_and_override_beats_both(tmp_path):
    environment = {
        "STROKE_MAP_PORT": "9000",
        "STROKE_MAP_GEODATA_DIR": str(tmp_path),
        "STROKE_MAP_SNAP_LIMIT_M": "250.5",
    }
    values = read_settings(environment, port=9001, workers=None)
    assert (values.port, values.geodata_dir, values.snap_limit_m, values.workers) == (9001, tmp_path, 250.5, 2)


def test_an_empty_variable_is_as_good_as_none():
    assert read_settings({"STROKE_MAP_PORT": ""}).port == 8120


def test_without_settings_the_checkout_holds_the_editions():
    values = read_settings({})
    assert values.geodata_dir == Path(__file__).resolve().parents[1] / "geodata"
    assert values.clinical_key == ""


@pytest.mark.parametrize(
    ("variable", "text"),
    [("STROKE_MAP_PORT", "eighty"), ("STROKE_MAP_SNAP_LIMIT_M", "1,5"), ("STROKE_MAP_PLANE", "secret")],
)
def test_a_bad_value_names_its_variable(variable, text):
    with pytest.raises(InvalidRequestError, match=variable):
        read_settings({variable: text})


def test_kernels_are_cached_under_the_cache_folder_by_the_state_of_their_sources(tmp_path):
    """In a process of its own: the folder is chosen once, before numba is imported."""
    code = "from stroke_map.settings import prepare_numba_cache, os; prepare_numba_cache(); print(os.environ['NUMBA_CACHE_DIR'])"
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment["STROKE_MAP_CACHE_DIR"] = str(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path / "numba"
    assert re.fullmatch("[0-9a-f]{16}", folder.name)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("STROKE_MAP_WALK_SPEED_KPH", "0"),
        ("STROKE_MAP_WALK_SPEED_KPH", "nan"),
        ("STROKE_MAP_SNAP_LIMIT_M", "inf"),
        ("STROKE_MAP_WORKERS", "0"),
        ("STROKE_MAP_LIMIT_MAX", "-3"),
        ("STROKE_MAP_AMBULANCE_HEIGHT_M", "0"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_by_name(variable, text):
    with pytest.raises(InvalidRequestError, match=f"{variable} must be .*at least"):
        read_settings({variable: text})
