"""Commands over the demonstration city."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def in_the_city(demo_geodata: Path, empty_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are about the demonstration city, with an empty database of live state and a cache of the test's own."""
    shutil.copy(empty_sqlite, tmp_path / "live.db")
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(demo_geodata))
    monkeypatch.setenv("STROKE_MAP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STROKE_MAP_DATABASE_URL", f"sqlite:///{tmp_path / 'live.db'}")
