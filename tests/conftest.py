"""Fixtures every room shares."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_OSM = Path(__file__).resolve().parents[2] / "shared" / "osm"


@pytest.fixture(scope="session")
def shared_osm() -> Path:
    """The folder of real OpenStreetMap extracts, which lies beside the project and never in it."""
    if not SHARED_OSM.is_dir():
        pytest.skip("the real OpenStreetMap extracts are not beside this checkout (../shared/osm)")
    return SHARED_OSM
