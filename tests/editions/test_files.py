"""A full or read-only disk is met for real, and leaves the file that was there."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stroke_map.editions.files import disk_faults, exclusive_lock, write_atomically
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

FULL = Path("/dev/full")


@pytest.fixture
def small_limit(file_limit: Callable[[int], None]) -> int:
    """No file of this process may grow beyond 4 kB."""
    file_limit(4096)
    return 4096


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "current"
    (tmp_path / ".current.tmp").write_bytes(b"left by a killed process")
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, small_limit: int) -> None:
    path = tmp_path / "current"
    write_atomically(path, b"one")
    with (
        pytest.raises(EditionError, match=r"has no room: about 0\.1 MB are needed") as caught,
        disk_faults(tmp_path, lambda: 8192),
    ):
        write_atomically(path, bytes(2 * small_limit))
    assert caught.value.facts["needed_bytes"] == 8192
    assert caught.value.facts["free_bytes"] > 0
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_an_array_that_does_not_fit_is_a_full_disk(tmp_path: Path, small_limit: int) -> None:
    with pytest.raises(EditionError, match="has no room"), disk_faults(tmp_path, lambda: 1):
        np.save(tmp_path / "a.npy", np.zeros(small_limit, np.int64))


def test_a_database_that_does_not_fit_is_a_full_disk(tmp_path: Path, small_limit: int) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:  # noqa: SIM117 - closed after the error
        with pytest.raises(EditionError, match="has no room"), disk_faults(tmp_path, lambda: 1):
            database.execute("create table t as select 1 as x")


@pytest.mark.skipif(not FULL.exists(), reason="needs Linux's /dev/full")
def test_no_space_left_is_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(EditionError, match="has no room"), disk_faults(tmp_path / "not" / "yet", lambda: 1):
        FULL.write_bytes(b"x")


def test_other_errors_pass_unchanged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), disk_faults(tmp_path, lambda: 1):
        (tmp_path / "none").read_bytes()
    with pytest.raises(sqlite3.OperationalError), disk_faults(tmp_path, lambda: 1):
        sqlite3.connect(tmp_path / "b.db").execute("select * from none")


def test_a_folder_that_cannot_be_written_is_named() -> None:
    folder = Path("/sys/kernel")  # read-only even for root
    with pytest.raises(EditionError, match="/sys/kernel cannot be written"), disk_faults(folder, lambda: 1):
        (folder / "editions").mkdir()


def test_a_held_lock_is_refused_with_its_reason(tmp_path: Path) -> None:
    def lock() -> AbstractContextManager[None]:
        return exclusive_lock(tmp_path / "lock", busy="it is busy")

    with lock(), pytest.raises(EditionError, match="it is busy"), lock():
        pytest.fail("two hold the lock")
    with lock():
        assert (tmp_path / "lock").exists()


def test_editions_can_be_listed_without_the_heavy_libraries() -> None:
    """Nor can a rollback wait for them; so the command line loads none either."""
    code = (
        "import sys, stroke_map.cli, stroke_map.editions as e; e.list_editions(__import__('pathlib').Path('/nowhere'));"
        "heavy = {'osmnx','networkx','folium','numba','numpy','shapely','osmium','flask','scipy'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
