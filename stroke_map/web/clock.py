"""What happens by time alone, while nobody asks: a thread of each worker that does what is due, once a second."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from stroke_map.clocks import JumpWatch
from stroke_map.errors import LiveStoreError
from stroke_map.live.alert_records import MOST_AT_ONCE
from stroke_map.live.turning import turn_over

if TYPE_CHECKING:
    from stroke_map.live import LiveStore
    from stroke_map.web.counts import Counts

EVERY_S: Final = 1.0
_LONGEST_WAIT_S: Final = 5.0
log = logging.getLogger("stroke_map.web")


class Clock(threading.Thread):
    """Puts calls into the outbox, closes alerts, and lets closures and statuses begin and end, when it is time.

    Any number may run: each thing is done by one of them.

    Parameters
    ----------
    store
        Where all of it is.
    counts
        What is counted on the way, for the metrics of this worker.
    every_s
        How often it looks; while the database is away it waits longer and longer, a few seconds at the most.
    """

    def __init__(self, store: LiveStore, counts: Counts, every_s: float = EVERY_S) -> None:
        super().__init__(name="clock", daemon=True)
        self._store, self._counts, self._every_s, self._ended = store, counts, every_s, threading.Event()
        self._jumps, self._set_back = JumpWatch(), False

    def run(self) -> None:
        """Look until told to end."""
        wait_s = self._every_s
        while not self._ended.wait(wait_s):
            try:
                self._turn()
                wait_s = self._every_s
            except LiveStoreError:  # told in the log by the store
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            except Exception:
                log.exception("an unexpected failure while doing what is due")

    def _turn(self) -> None:
        self._set_back = self._jumps.look() < 0.0 or self._set_back
        if self._set_back:
            self._store.alerts.look_again(datetime.now(UTC))
            self._set_back = False
        while self._store.alerts.work_off(datetime.now(UTC)) == MOST_AT_ONCE and not self._ended.is_set():
            pass
        turn_over(self._store, datetime.now(UTC))
        self._counts.refresh(datetime.now(UTC))

    def end(self) -> None:
        """End, and wait until it has."""
        self._ended.set()
        self.join()
