"""What stands around the making of an edition: the roads of a place, downloaded."""

import os
import resource
import tempfile
from pathlib import Path

import pytest

from stroke_map.commands.building import road_file
from stroke_map.roads import place

ANOTHER_DISK = Path("/dev/shm")  # noqa: S108 - nothing is kept there


def test_half_a_download_is_never_taken_for_roads(tmp_path, monkeypatch):
    """The temporary folder may be on another disk, from which a file can only be copied."""
    if not os.access(ANOTHER_DISK, os.W_OK) or ANOTHER_DISK.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other disk")
    monkeypatch.setattr(tempfile, "tempdir", str(ANOTHER_DISK))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def download(_name, path, _profiles):
        path.write_bytes(bytes(100_000))
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))  # now the disk is full

    monkeypatch.setattr(place, "save_place", download)
    try:
        with pytest.raises(OSError, match="too large"), road_file(None, "Monaco", keep_in=tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(place, "save_place", lambda _name, path, _profiles: path.write_bytes(b"roads"))
    for name in ("Monaco", "Monaco"):
        with road_file(None, name, keep_in=tmp_path) as file:
            assert (file.name, file.read_bytes()) == ("Monaco.osm.pbf", b"roads")
        monkeypatch.setattr(place, "save_place", lambda *_: pytest.fail("it is kept for a week"))
