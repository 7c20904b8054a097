"""`LiveView`: the live state as one worker sees it, at hand for every question.

Every question asks whether anything changed since: on SQLite that is one stat and one PRAGMA (some ten microseconds), on
PostgreSQL one SELECT of one number. Only what changed is read. All reading is done by a thread of the view's own, so that a
database that hangs holds up no question for longer than `PATIENCE_S`; until it is back, the last known state is given,
marked stale.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stroke_map.errors import LiveStoreError
from stroke_map.live.records import TOPIC

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from stroke_map.live.closures import Closure
    from stroke_map.live.store import LiveStore

#: The longest a question waits for the database.
PATIENCE_S = 0.05
_FIRST_RETRY_S, _LAST_RETRY_S = 0.1, 5.0
log = logging.getLogger("stroke_map.live")

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is known at the moment of one question.

    Attributes
    ----------
    as_of
        The last moment at which this was known to be all; None: nothing was ever read.
    stale
        The database could not be asked just now: there may be changes this does not know of.
    version
        Changes whenever a closure is added or ended. Not when one ends by itself.
    closures
        Those that hold now or later, in the order of their ids. The same object as long as it has the same members.
    """

    as_of: datetime | None
    stale: bool
    version: int
    closures: tuple[Closure, ...]


@dataclass(frozen=True)
class _Known:
    """Everything that was read; replaced as a whole, so that no question sees half a change."""

    version: int = 0
    closures: dict[int, Closure] | None = None


class LiveView:
    """The live state as one worker sees it; safe to share between threads.

    Parameters
    ----------
    store
        Where it is kept. The database is created or migrated at the first question, if need be.
    patience_s
        The longest a question waits for the database.
    """

    def __init__(self, store: LiveStore, *, patience_s: float = PATIENCE_S) -> None:
        self._store = store
        self._patience_s = patience_s
        self._watch = None if store.file is None else _SqliteWatch(store.file)
        self._known = _Known()
        self._as_of: datetime | None = None
        self._stale = True
        self._shown: tuple[_Known, datetime | None, datetime | None, tuple[Closure, ...]] = (
            self._known,
            None,
            None,
            (),
        )
        # Questions draw numbers; the reader says up to which one its last answer holds.
        self._turn = threading.Condition()
        self._asked = self._answered = 0
        self._overdue = False
        self._now: datetime | None = None
        self._reader: threading.Thread | None = None
        self._retry_at, self._retry_s = 0.0, _FIRST_RETRY_S

    def state(self, now: datetime) -> LiveState:
        """The live state at `now` (aware), the moment of asking. Never raises; waits at most `patience_s`."""
        if (
            self._known.closures is not None
            and not self._stale
            and self._watch is not None
            and self._watch.is_unchanged()
        ):
            self._as_of = now
        else:
            self._ask(now)
        known = self._known
        return LiveState(self._as_of, self._stale, known.version, self._closures_at(known, now))

    def _closures_at(self, known: _Known, now: datetime) -> tuple[Closure, ...]:
        """Everything that is not over; made again only when something changed or ended by itself."""
        shown, since, until, closures = self._shown
        if shown is not known or since is None or now < since or (until is not None and now >= until):
            closures = tuple(c for c in (known.closures or {}).values() if not c.is_over(now))
            until = min((c.until for c in closures if c.until is not None), default=None)
            self._shown = (known, now, until, closures)
        return closures

    def _ask(self, now: datetime) -> None:
        """Have the reader look, and wait for it, but not for long, and not at all while it is known to be late."""
        with self._turn:
            if time.monotonic() < self._retry_at:
                return
            self._asked += 1
            number, self._now = self._asked, now
            if self._reader is None or not self._reader.is_alive():
                self._reader = threading.Thread(target=self._read, name="live-state", daemon=True)
                self._reader.start()
            self._turn.notify_all()
            if self._overdue:
                return
            if not self._turn.wait_for(lambda: self._answered >= number, self._patience_s):
                self._overdue = self._stale = True

    def _read(self) -> None:
        """The reader's life: answer all questions there are at once, then wait for the next."""
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._answered < self._asked)
                number, now = self._asked, self._now
            known = None
            try:
                known = self._refreshed(now)  # type: ignore[arg-type]  # set by whoever drew the number
            except LiveStoreError:
                pass  # told in the log by the store
            except Exception:
                log.exception("live state: an unexpected failure while reading")
            with self._turn:
                self._answered, self._overdue = number, False
                if known is None:
                    self._stale = True
                    self._retry_at = time.monotonic() + self._retry_s
                    self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)
                else:
                    self._known, self._as_of, self._stale = known, now, False
                    self._retry_s = _FIRST_RETRY_S
                    if self._watch is not None:
                        self._watch.confirm()
                self._turn.notify_all()

    def _refreshed(self, now: datetime) -> _Known:
        """What is known after a look at the database.

        Raises
        ------
        LiveStoreError
            It is away or locked.
        """
        known = self._known
        if known.closures is None:
            self._store.migrate()
        elif self._watch is None and self._store.peek_version(TOPIC) == known.version:
            return known
        # Before anything is read: a change meanwhile is then seen at the next look.
        same_file = self._watch is None or self._watch.look()
        with self._store.reading() as connection:
            version = self._store.read_version(connection, TOPIC)
            if version == known.version and same_file and known.closures is not None:
                return known
            if known.closures is None or not same_file or version < known.version:
                return _Known(version, self._store.closures.current(connection, now))
            changed = self._store.closures.changed_since(connection, known.version)
        kept = known.closures | {closure.id: closure for closure in changed}
        return _Known(version, {i: closure for i, closure in kept.items() if not closure.is_over(now)})


class _SqliteWatch:
    """Tells cheaply whether a SQLite file is still the one last looked at, and nobody has written into it since.

    `PRAGMA data_version` changes whenever another connection, of this process or another, has committed; it reads shared
    memory alone.
    """

    def __init__(self, file: Path) -> None:
        self._file = str(file)
        self._path = file
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._seen: _Stamp | None = None
        self._looked: _Stamp | None = None

    def is_unchanged(self) -> bool:
        """Whether nothing has changed since the `look` that was confirmed; False also when that cannot be told."""
        with self._lock:
            try:
                return self._seen is not None and self._stamp() == self._seen
            except (sqlite3.Error, OSError):
                return False

    def look(self) -> bool:
        """Take note of the file as it is, for `confirm`; True when it is the same file as before.

        Raises
        ------
        LiveStoreError
            There is none, or it cannot be read.
        """
        with self._lock:
            before = self._seen
            try:
                if before is None or not self._is_same_file(before):
                    self._open()
                self._looked = self._stamp()
            except (sqlite3.Error, OSError) as error:
                self._seen = None
                raise LiveStoreError("the database of live state cannot be used") from error
            return before is not None and before[:2] == self._looked[:2]

    def confirm(self) -> None:
        """What was read after the last `look` is known to everyone: from now on it is what `is_unchanged` compares with."""
        with self._lock:
            self._seen = self._looked

    def _open(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        self._connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )

    def _is_same_file(self, stamp: _Stamp) -> bool:
        status = self._path.stat()
        return (status.st_dev, status.st_ino) == stamp[:2]

    def _stamp(self) -> _Stamp:
        status = os.stat(self._file)  # noqa: PTH116  this runs at every question: a third of what pathlib takes
        if self._connection is None:
            raise sqlite3.OperationalError("not open")
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return status.st_dev, status.st_ino, version
