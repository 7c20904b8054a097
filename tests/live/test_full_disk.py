"""A disk that is full under SQLite: what would be recorded is refused and nothing half done, what is known is read, and room ends it."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from stroke_map.errors import LiveStoreError
from stroke_map.live import LiveStore, LiveView
from stroke_map.live.audit_reads import ReadLog
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB; only root may make one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


@pytest.fixture
def store(disk: Path, empty_sqlite: Path) -> Iterator[LiveStore]:
    shutil.copy(empty_sqlite, disk / "live.db")
    store = LiveStore(read_settings({}, geodata_dir=disk))
    yield store
    store.close()


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free)
    return ballast


def add_until_refused(store: LiveStore, new_closure: Callable) -> int:
    """What of the file is free is used first; how many were recorded."""
    for count in range(1000):
        try:
            store.closures.add(new_closure(reason="x" * 400), now=datetime.now(UTC))
        except LiveStoreError:
            return count
    raise AssertionError("it was never full")


def test_what_is_recorded_is_read_and_what_is_not_is_refused_until_there_is_room(
    store: LiveStore, disk: Path, new_closure: Callable
) -> None:
    view, now = LiveView(store), datetime.now(UTC)
    store.closures.add(new_closure(), now=now)
    assert len(view.state(datetime.now(UTC)).closures) == 1
    ballast = fill(disk)
    recorded = 1 + add_until_refused(store, new_closure)
    state = view.state(datetime.now(UTC))
    assert (state.stale, len(state.closures)) == (False, recorded)
    with pytest.raises(LiveStoreError):
        store.closures.end(1, "x", now=now)
    ballast.unlink()
    store.closures.add(new_closure(), now=now)
    state = view.state(datetime.now(UTC))
    assert (state.stale, len(state.closures)) == (False, recorded + 1)
    assert store.audit.verify()[1] == []


def test_who_read_what_waits_for_room_and_nothing_of_it_is_lost(store: LiveStore, disk: Path) -> None:
    reads, ballast = ReadLog(disk / "audit", store), fill(disk)
    for number in range(50):
        reads.record({"action": "read", "place": number})
    reads._work(look_round=False)
    assert len(reads._waiting) == 50
    ballast.unlink()
    reads.close()
    kept = [line["place"] for line in store.audit.list(most=100) if line["action"] == "read"]
    assert sorted(kept) == list(range(50))
    assert store.audit.verify()[1] == []
