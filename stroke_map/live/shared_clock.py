"""What the time is for all who share a database, however wrong the clock of one machine is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

if TYPE_CHECKING:
    from stroke_map.live.store import LiveStore

_ASK_EVERY_S: Final = 10.0


class SharedClock:
    """PostgreSQL's own clock, asked now and then and counted on between; that of the machine where SQLite is. For one thread."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store
        self._told: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The time.

        Raises
        ------
        LiveStoreError
            The database is away, and was when it was asked last.
        """
        if self._store.file is not None:
            return datetime.now(UTC)
        if self._told is None or time.monotonic() - self._told[1] >= _ASK_EVERY_S:
            self._told = clock_of(self._store), time.monotonic()
        told, at_s = self._told
        return told + timedelta(seconds=time.monotonic() - at_s)


def clock_of(store: LiveStore) -> datetime:
    """What PostgreSQL says that the time is, at this moment.

    Raises
    ------
    LiveStoreError
        It is away.
    """
    with store.reading() as connection:
        told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return told


def ahead_s(store: LiveStore) -> float:
    """By how many seconds the clock of the database is ahead of that of this machine; 0.0 for SQLite, which has none.

    Raises
    ------
    LiveStoreError
        It is away.
    """
    if store.file is not None:
        return 0.0
    before = datetime.now(UTC)
    told = clock_of(store)
    return (told - before - (datetime.now(UTC) - before) / 2).total_seconds()
