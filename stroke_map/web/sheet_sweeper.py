"""Sheets of editors go when their time is over, though nobody looks at them any more: a thread of each worker that looks once an hour."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stroke_map.editions.sheets import Sheets

EVERY_S: Final = 3600.0
log = logging.getLogger("stroke_map.web")


class SheetSweeper(threading.Thread):
    """Deletes old sheets. Any number may run: each sheet is deleted by one of them.

    Parameters
    ----------
    sheets
        Where they are.
    every_s
        How often it looks, from the start on.
    """

    def __init__(self, sheets: Sheets, every_s: float = EVERY_S) -> None:
        super().__init__(name="sheet-sweeper", daemon=True)
        self._sheets, self._every_s, self._ended = sheets, every_s, threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        while True:
            try:
                self._sheets.remove_old(datetime.now(UTC))
            except Exception:
                log.exception("old sheets could not be deleted")
            if self._ended.wait(self._every_s):
                return

    def end(self) -> None:
        """End, and wait until it has."""
        self._ended.set()
        self.join()
