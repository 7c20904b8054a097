"""Check every byte of the edition that serves, in the background, in one of the server's processes.

The quick check at the start cannot see a flipped byte in the middle of a large file. The process that holds the lock
checks; it writes down what it found, and the others read that, so that any of them can answer `/readyz`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from stroke_map.editions.files import lock_now, write_atomically
from stroke_map.editions.seal import damaged, verify
from stroke_map.errors import EditionDamagedError, EditionError

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.editions.edition import Edition
    from stroke_map.editions.holder import EditionHolder, Stamp

CHECK_INTERVAL_S = 5.0
# The full check gives way to requests.
NICENESS = 15


class _Report(BaseModel):
    """What the full check of one edition, opened by one `current`, found: by file, what is wrong.

    Published again it is checked again: it may have been repaired in place.
    """

    model_config = ConfigDict(frozen=True)

    edition: str
    opened: tuple[int, int, int] | None
    problems: dict[str, str]


class BackgroundVerifier:
    """One thread of a server process; start it in the process that serves, not in its parent.

    Parameters
    ----------
    holder
        Told of damage by `report_damage`; `holder.damage` is what `/readyz` shows.
    cache_dir
        Where the processes of one server share the lock and the report.
    check_interval_s
        Seconds between two looks for a new edition or a new report.
    """

    def __init__(self, holder: EditionHolder, cache_dir: Path, *, check_interval_s: float = CHECK_INTERVAL_S) -> None:
        # Two servers may share a cache folder, each with editions of its own.
        served = hashlib.sha256(str(holder.geodata_dir.resolve()).encode()).hexdigest()[:16]
        self._folder = cache_dir / "verification" / served
        self._holder = holder
        self._check_interval_s = check_interval_s
        self._lock: int | None = None
        self._checked: Edition | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="edition-verifier", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the check that runs, and let another process take over."""
        self._stopping.set()
        self._thread.join()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    @property
    def is_checking_process(self) -> bool:
        """Whether this is the process that checks."""
        return self._lock is not None

    def _run(self) -> None:
        if sys.platform == "linux":  # where a thread has a niceness of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while True:
            with suppress(EditionError, MemoryError):  # nothing serves, as the holder says itself; or not now
                self._check(self._holder.current())
            if self._stopping.wait(self._check_interval_s):
                return

    def _check(self, edition: Edition) -> None:
        if edition is self._checked:
            return
        opened = self._holder.opened
        if self._take_part():
            report = _check_fully(edition, opened)
            self._write(report)
            self._checked = edition
        else:
            found = self._read()
            if found is None or (found.edition, found.opened) != (edition.info.id, opened):
                return  # the other process is still at it
            report = found
        damage = damaged(report.edition, report.problems) if report.problems else None
        self._holder.report_damage(edition.info.seal, damage)

    def _take_part(self) -> bool:
        """Whether this process checks; the lock is kept as long as it lives."""
        if self._lock is None:
            try:
                self._lock = lock_now(self._folder / "lock")
            except OSError:
                return True  # no shared folder: every process checks for itself
        return self._lock is not None

    def _write(self, report: _Report) -> None:
        with suppress(OSError):
            write_atomically(self._folder / "report.json", report.model_dump_json().encode())

    def _read(self) -> _Report | None:
        try:
            return _Report.model_validate_json((self._folder / "report.json").read_bytes())
        except (OSError, ValidationError):
            return None


def _check_fully(edition: Edition, opened: Stamp | None) -> _Report:
    try:
        verify(edition.folder, edition_id=edition.info.id, full=True)
        problems: dict[str, str] = {}
    except EditionDamagedError as error:
        problems = error.facts["problems"]
    return _Report(edition=edition.info.id, opened=opened, problems=problems)
