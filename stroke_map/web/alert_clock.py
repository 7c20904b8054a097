"""What moves alerts on while nobody asks: a thread of each worker that does what is due, once a second."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from stroke_map.errors import LiveStoreError

if TYPE_CHECKING:
    from stroke_map.live import LiveStore

EVERY_S: Final = 1.0
_LONGEST_WAIT_S: Final = 30.0
log = logging.getLogger("stroke_map.web")


class AlertClock(threading.Thread):
    """Puts calls into the outbox and closes alerts when it is time. Any number may run: each thing is done by one of them.

    Parameters
    ----------
    store
        Where the alerts are.
    every_s
        How often it looks; while the database is away it waits longer and longer, half a minute at the most.
    """

    def __init__(self, store: LiveStore, every_s: float = EVERY_S) -> None:
        super().__init__(name="alert-clock", daemon=True)
        self._store, self._every_s, self._ended = store, every_s, threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        wait_s = self._every_s
        while not self._ended.wait(wait_s):
            try:
                self._store.alerts.work_off(datetime.now(UTC))
                wait_s = self._every_s
            except LiveStoreError:  # told in the log by the store
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            except Exception:
                log.exception("alerts: an unexpected failure while doing what is due")

    def end(self) -> None:
        """End, and wait until it has."""
        self._ended.set()
        self.join()
