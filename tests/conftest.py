"""Fixtures every room shares."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stroke_map.settings import prepare_numba_cache

if TYPE_CHECKING:
    from stroke_map.editions import Edition

# Before any test module imports numba, which reads its cache folder once.
prepare_numba_cache()

SHARED_OSM = Path(__file__).resolve().parents[2] / "shared" / "osm"


@pytest.fixture(scope="session")
def shared_osm() -> Path:
    """The folder of real OpenStreetMap extracts, which lies beside the project and never in it."""
    if not SHARED_OSM.is_dir():
        pytest.skip("the real OpenStreetMap extracts are not beside this checkout (../shared/osm)")
    return SHARED_OSM


@pytest.fixture(scope="session")
def demo_geodata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A geodata folder with the demonstration city published. Built once, also when pytest-xdist runs several
    processes; tests must not change it."""
    from stroke_map.commands.demo import publish_demo

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "demo-geodata"
    with (shared / "demo-geodata.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "current").exists():
            publish_demo(folder)
    return folder


@pytest.fixture(scope="session")
def demo_edition(demo_geodata: Path) -> Edition:
    """The demonstration city, open."""
    from stroke_map.editions import open_published

    return open_published(demo_geodata)
