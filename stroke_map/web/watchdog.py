"""A worker that is stuck is ended, and the server begins another: else whoever the system leads to it waits for ever.

Every worker says each second that it lives and that a question would have had its turn (`stroke_map.web.workers`). The server itself looks
whether it goes on saying so: a worker that stands still, or whose interpreter somebody holds, could not end itself.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from stroke_map import logs
from stroke_map.web.workers import pulses

if TYPE_CHECKING:
    from pathlib import Path

LOOK_EVERY_S: Final = 1.0
#: The server ends where a worker that took another's place ends within 5.5 s too; and two are never ended at once.
_APART_S: Final = 10.0
#: So long a worker has to write where its threads stand.
_LAST_WORDS_S: Final = 0.5
_ENDED_FILE: Final = "ended-stuck"


class Watchdog(threading.Thread):
    """Ends workers of one server that are stuck, one at a time; a daemon of the process that began them.

    Parameters
    ----------
    folder
        What the workers share.
    stuck_after_s
        How long one may say nothing. Counted in looks, not by a clock: a machine that stood still finds no worker stuck.
    """

    def __init__(self, folder: Path, stuck_after_s: float) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._folder, self._looks = folder, max(2, round(stuck_after_s / LOOK_EVERY_S))
        self._silent: dict[int, tuple[float, int]] = {}
        self._ended, self._next_at = ended_stuck(folder), 0.0

    def run(self) -> None:
        """Look every second, as long as the server runs."""
        while True:
            time.sleep(LOOK_EVERY_S)
            self.look()

    def look(self) -> None:
        """Look once."""
        silent: dict[int, tuple[float, int]] = {}
        for pid, said_at in pulses(self._folder):
            before_at, looks = self._silent.get(pid, (None, 0))
            silent[pid] = said_at, 0 if said_at != before_at else looks + 1
        self._silent = silent
        stuck = [pid for pid, (_, looks) in silent.items() if looks >= self._looks]
        if stuck and time.monotonic() >= self._next_at:
            self._end(stuck[0])

    def _end(self, pid: int) -> None:
        self._next_at = time.monotonic() + _APART_S
        logs.log.error("a worker is stuck and is ended", worker_pid=pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGUSR1)
            time.sleep(_LAST_WORDS_S)
            os.kill(pid, signal.SIGKILL)
        self._ended += 1
        with suppress(OSError):
            (self._folder / _ENDED_FILE).write_text(str(self._ended), encoding="ascii")


def ended_stuck(folder: Path) -> int:
    """How many workers of the server were ended."""
    with suppress(OSError, ValueError):
        return int((folder / _ENDED_FILE).read_text(encoding="ascii"))
    return 0
