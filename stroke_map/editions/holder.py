"""The published edition, always: a server's only way to it. A switch is noticed without a restart."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from stroke_map.editions.edition import Edition, open_published
from stroke_map.editions.publish import CURRENT_FILE
from stroke_map.errors import EditionDamagedError, EditionError, NoEditionError, NoMemoryError

if TYPE_CHECKING:
    from pathlib import Path

# How often, at most, `current` is looked at: one stat, about a microsecond.
CHECK_INTERVAL_S = 0.5
# An edition that could not be opened is tried again after this: it may have been repaired in place.
RETRY_INTERVAL_S = 5.0
_NO_MEMORY = "there is no memory left to open the edition"

#: The file `current` as it was: its inode, when it was written in nanoseconds, its size.
Stamp = tuple[int, int, int]


class EditionHolder:
    """Gives every request the published edition as one object.

    A new edition is opened in full, in a thread of its own, before it takes the place of the old one; requests go on
    with the old one meanwhile, and keep theirs to their end. While what is published cannot be opened, the edition
    that served before goes on serving, and `problem` says why.

    Parameters
    ----------
    geodata_dir
        The folder with `current` and `editions/`.
    check_interval_s, retry_interval_s
        Seconds between two looks at `current`, and between two attempts to open an edition that cannot be opened.
    """

    def __init__(
        self,
        geodata_dir: Path,
        *,
        check_interval_s: float = CHECK_INTERVAL_S,
        retry_interval_s: float = RETRY_INTERVAL_S,
    ) -> None:
        self.geodata_dir = geodata_dir
        self._check_interval_s = check_interval_s
        self._retry_interval_s = retry_interval_s
        self._edition: Edition | None = None
        self._opened: Stamp | None = None
        self._failed: Stamp | None = None
        self._problem: EditionError | NoMemoryError | None = None
        self._damage: tuple[str, EditionDamagedError] | None = None
        self._next_look = 0.0
        self._retry_at = 0.0
        self._looking = threading.Lock()

    def current(self) -> Edition:
        """The edition to answer this request with.

        Raises
        ------
        NoEditionError
            Nothing was ever published.
        EditionDamagedError
            What is published is damaged, and this process has no other edition open.
        NoMemoryError
            There is no memory to open it, and this process has no other edition open.
        """
        if self._edition is None or time.monotonic() >= self._next_look:
            self._look()
        edition, problem = self._edition, self._problem
        if edition is None:
            problem = problem or NoEditionError(f"nothing is published in {self.geodata_dir}")
            # A new object for every caller: an exception that is raised twice collects both tracebacks.
            raise type(problem)(problem.detail, next_step=problem.next_step, **problem.facts)
        return edition

    @property
    def problem(self) -> EditionError | NoMemoryError | None:
        """Why what is published now could not be opened, None when it serves."""
        return self._problem

    @property
    def opened(self) -> Stamp | None:
        """Which `current` the edition that serves was opened by: another after each publishing, also of the same edition."""
        return self._opened

    @property
    def damage(self) -> EditionDamagedError | None:
        """What the full check found wrong with the edition that serves, None when nothing (yet)."""
        edition, damage = self._edition, self._damage
        return damage[1] if edition is not None and damage is not None and damage[0] == edition.info.seal else None

    def report_damage(self, seal: str, error: EditionDamagedError | None) -> None:
        """Take note of what the full check of the edition with that seal found."""
        self._damage = None if error is None else (seal, error)

    def _look(self) -> None:
        # Whoever comes first looks. The others go on with what is open; only when nothing is do they wait.
        if not self._looking.acquire(blocking=self._edition is None):
            return
        handed_over = False
        try:
            if time.monotonic() < self._next_look:
                return
            self._next_look = time.monotonic() + self._check_interval_s
            stamp = _stamp(self.geodata_dir / CURRENT_FILE)
            if self._edition is None:
                self._open(stamp)
            elif stamp != self._opened and (stamp != self._failed or time.monotonic() >= self._retry_at):
                try:
                    threading.Thread(
                        target=self._open_and_release, args=(stamp,), name="edition-switch", daemon=True
                    ).start()
                    handed_over = True
                except RuntimeError:  # the system gives no more threads
                    self._note(stamp, NoMemoryError(_NO_MEMORY))
        finally:
            if not handed_over:
                self._looking.release()

    def _open_and_release(self, stamp: Stamp | None) -> None:
        try:
            self._open(stamp)
        finally:
            self._looking.release()

    def _open(self, stamp: Stamp | None) -> None:
        """Open what is published; `stamp` was read before, so that a switch meanwhile is seen at the next look."""
        try:
            edition = open_published(self.geodata_dir)
        except (EditionError, NoMemoryError) as error:
            self._note(stamp, error)
        except MemoryError:
            self._note(stamp, NoMemoryError(_NO_MEMORY))
        else:
            self._problem, self._opened, self._edition = None, stamp, edition

    def _note(self, stamp: Stamp | None, problem: EditionError | NoMemoryError) -> None:
        self._failed, self._retry_at = stamp, time.monotonic() + self._retry_interval_s
        self._problem = problem


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
