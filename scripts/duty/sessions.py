"""The processes of a service: all that were started in one session. Linux alone."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Collection

_KB_PER_MB = 1024.0


def processes_of(sessions: Collection[int]) -> dict[int, int]:
    """Every process that runs in one of the sessions, and which: {process: session}."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, session = (path / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) in sessions and state != "Z":
                found[int(path.name)] = int(session)
    return found


def memory_mb(session: int) -> float:
    """What the processes of a session take, in MB: what several share counts once (the sum of PSS)."""
    kb = 0
    for process in processes_of((session,)):
        with suppress(OSError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
            kb += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kb / _KB_PER_MB


class Memory:
    """What a session takes, looked at again and again for as long as the block runs.

    Attributes
    ----------
    seen
        (seconds since the beginning, MB).
    """

    def __init__(self, session: int, every_s: float) -> None:
        self.seen: list[tuple[float, float]] = []
        self._session, self._every_s = session, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        begun = time.monotonic()
        while True:
            self.seen.append((time.monotonic() - begun, memory_mb(self._session)))
            if self._ended.wait(self._every_s):
                return

    def between(self, first_s: float, last_s: float) -> list[float]:
        """What was seen in that time."""
        return [mb for at_s, mb in self.seen if first_s <= at_s <= last_s]
