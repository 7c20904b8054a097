"""What the clock of this worker counted last in the database: neither `/metrics` nor `/readyz` waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from stroke_map.live.counting import count
from stroke_map.live.shared_clock import ahead_s
from stroke_map.web.live_state import live_store_of

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from stroke_map.live import LiveStore
    from stroke_map.live.counting import Counted

_EVERY: Final = timedelta(seconds=5)
#: What is older is not told any more: the database is away.
_TOO_OLD: Final = timedelta(minutes=2)
_COUNTS: Final = "stroke_map.counts"


class Counts:
    """The counts of one worker; `refresh` is for its clock alone."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store
        self._known: Counted | None = None
        #: By how many seconds the database's clock was ahead of this machine's when it was asked last.
        self.clock_ahead_s = 0.0

    def refresh(self, now: datetime) -> None:
        """Count again where that was a while ago.

        Raises
        ------
        LiveStoreError
            The database is away.
        """
        if self._known is None or not timedelta(0) <= now - self._known.as_of < _EVERY:
            self._known = count(self._store, now)
            self.clock_ahead_s = ahead_s(self._store)

    def at(self, now: datetime) -> Counted | None:
        """What was counted a short time before; None: nothing was."""
        known = self._known
        return known if known is not None and now - known.as_of < _TOO_OLD else None


def counts_of(app: Flask) -> Counts:
    """The counts of `app`."""
    counts: Counts = app.extensions[_COUNTS]
    return counts


def install(app: Flask) -> None:
    """Give `app` its counts. On the public plane nobody counts: what is not known is not told."""
    app.extensions[_COUNTS] = Counts(live_store_of(app))
