"""The wheel: what it carries, and that it finds it. `scripts/check_wheel.py` installs it in an empty environment and serves from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: Run outside of the checkout: what is imported is the wheel's, and it finds what it needs beside itself.
LOOK = """
import json
import stroke_map
from stroke_map.editions.region import load_region, regions_dir
from stroke_map.live import LiveStore
from stroke_map.maps.files import static_folder, templates_folder
from stroke_map.protocols import load_protocol
from stroke_map.registry import CENTRES
from stroke_map.roads.profile import load_profile
from stroke_map.settings import read_settings

LiveStore(read_settings()).migrate()
print(json.dumps({
    "folders": [str(folder) for folder in (stroke_map.__path__[0], regions_dir(), static_folder(), templates_folder())],
    "regions": [load_region("demo").id, load_region("chongqing").id],
    "protocols": [load_protocol("stroke").condition, load_protocol("chest_pain").condition],
    "centres": len(CENTRES),
    "profiles": [load_profile("car").name, load_profile("ambulance").name],
    "geodata_dir": str(read_settings().geodata_dir),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def files_below(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".mypy_cache"} & set(path.parts)
    }


def test_the_wheel_carries_every_file_of_the_package_and_what_lies_beside_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read(next(name for name in names if name.endswith("/entry_points.txt"))).decode()
    of_package = {name.removeprefix("stroke_map/") for name in names if name.startswith("stroke_map/")}
    beside = {f"_templates/{name}" for name in files_below(ROOT / "templates")}
    beside |= {f"_regions/{name}" for name in files_below(ROOT / "geodata" / "regions")}
    assert of_package == files_below(ROOT / "stroke_map") | beside
    deploy = {name.partition("/share/stroke-map/deploy/")[2] for name in names if "/share/" in name}
    assert deploy == files_below(ROOT / "scripts" / "deploy")
    assert "stroke-map = stroke_map.cli:main" in entry_points
    assert not any(name.startswith(("tests/", "scripts/")) for name in names)


def test_what_is_unpacked_from_it_finds_all_it_needs_without_the_checkout(wheel, tmp_path):
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STROKE_MAP_")}
    environment |= {"PYTHONPATH": str(site), "HOME": str(elsewhere), "XDG_DATA_HOME": str(elsewhere / "data")}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=elsewhere, env=environment, check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    package = site / "stroke_map"
    assert told.pop("folders") == [
        str(package), str(package / "_regions"), str(package / "maps" / "static"), str(package / "_templates")
    ]  # fmt: skip
    assert told == {
        "regions": ["demo", "chongqing"],
        "protocols": ["stroke", "chest_pain"],
        "centres": 5,
        "profiles": ["car", "ambulance"],
        "geodata_dir": str(elsewhere / "data" / "stroke-map"),
    }
