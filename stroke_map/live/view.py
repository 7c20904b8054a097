"""`LiveView`: the live state as one worker sees it, at hand for every question.

Every question asks whether anything changed since: on SQLite that is one stat and one PRAGMA (some ten microseconds), on
PostgreSQL one SELECT of one number. Only what changed is read. All reading is done by a thread of the view's own, so that a
database that hangs holds up no question for longer than `PATIENCE_S`; until it is back, the last known state is given,
marked stale.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stroke_map.errors import LiveStoreError
from stroke_map.live.account_records import ACCOUNT_TOPIC
from stroke_map.live.accounts import NOBODY, Accounts
from stroke_map.live.records import TOPIC
from stroke_map.live.status_records import STATUS_TOPIC
from stroke_map.live.watch import SqliteWatch

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from stroke_map.live.closures import Closure
    from stroke_map.live.statuses import HospitalStatus
    from stroke_map.live.store import LiveStore
    from stroke_map.live.watch import File

#: The longest a question waits for the database, and once only while that is late. A twentieth of a second was too short: on a busy
#: machine the reader's turn came later, and answers went out without a closure just recorded (though marked stale).
PATIENCE_S = 0.5
_FIRST_RETRY_S, _LAST_RETRY_S = 0.1, 5.0
#: The reader ends when nobody has asked it for so long; it would keep a view alive that nobody uses any more.
_IDLE_S = 10.0
_TOPICS = TOPIC, STATUS_TOPIC, ACCOUNT_TOPIC
log = logging.getLogger("stroke_map.live")


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
        Changes whenever a closure is added or ended; a moment after one begins or ends by itself.
    closures
        Those that hold now or later, in the order of their ids. The same object as long as it has the same members.
    statuses
        What hospitals said of themselves that is not over, or ran out a short time ago without being confirmed.
    accounts
        Who may come in; the same object until one of them changes.
    """

    as_of: datetime | None
    stale: bool
    version: int
    closures: tuple[Closure, ...]
    statuses: tuple[HospitalStatus, ...] = ()
    accounts: Accounts = NOBODY


@dataclass(frozen=True)
class _Known:
    """Everything that was read; replaced as a whole, so that no question sees half a change."""

    version: int = 0
    closures: dict[int, Closure] | None = None
    statuses_version: int = 0
    statuses: tuple[HospitalStatus, ...] = ()
    accounts: Accounts = NOBODY

    @property
    def versions(self) -> tuple[int, int, int]:
        """Those of `_TOPICS`."""
        return self.version, self.statuses_version, self.accounts.version


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
        self._watch = None if store.file is None else SqliteWatch(store.file)
        self._known = _Known()
        self._file: File | None = None  # that was read last
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
        look = None if self._watch is None else self._watch.look()
        if look is not None and look.confirmed and not self._stale:
            self._as_of = now
        elif self._ask(now) and look is not None:
            look.confirm()
        known = self._known
        # Few, and mostly none at all.
        statuses = known.statuses and tuple(status for status in known.statuses if not status.is_gone(now))
        return LiveState(
            self._as_of, self._stale, known.version, self._closures_at(known, now), statuses, known.accounts
        )

    def _closures_at(self, known: _Known, now: datetime) -> tuple[Closure, ...]:
        """Everything that is not over; made again only when something changed or ended by itself."""
        shown, since, until, closures = self._shown
        if shown is not known or since is None or now < since or (until is not None and now >= until):
            closures = tuple(c for c in (known.closures or {}).values() if not c.is_over(now))
            until = min((c.until for c in closures if c.until is not None), default=None)
            self._shown = (known, now, until, closures)
        return closures

    def _ask(self, now: datetime) -> bool:
        """Have the reader look, and wait for it, but not for long, and not at all while it is known to be late.

        Returns whether all that was written before this call is known now.
        """
        with self._turn:
            if time.monotonic() < self._retry_at:
                return False
            self._asked += 1
            number, self._now = self._asked, now
            if self._reader is None or not self._reader.is_alive():
                self._reader = threading.Thread(target=self._read, name="live-state", daemon=True)
                try:
                    self._reader.start()
                except RuntimeError:  # the system gives no more threads
                    self._stale = True
                    return False
            self._turn.notify_all()
            if self._overdue:
                return False
            if not self._turn.wait_for(lambda: self._answered >= number, self._patience_s):
                self._overdue = self._stale = True
            return not self._stale

    def _read(self) -> None:
        """The reader's life: answer all questions there are at once, then wait for the next, but not for ever."""
        while True:
            with self._turn:
                if not self._turn.wait_for(lambda: self._answered < self._asked, _IDLE_S):
                    self._reader = None
                    return
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
        elif self._seen_versions() == known.versions:
            return known
        # Before anything is read: a file put in its place meanwhile is then noticed at the next look.
        file, was = self._file_now(), self._file
        self._file = None  # until it is read
        with self._store.reading() as connection:
            known = self._updated(connection, known if file == was else _Known(), now)
        self._file = file
        return known

    def _seen_versions(self) -> tuple[int, ...] | None:
        """The versions as they are now, by one SELECT; None where the whole is to be read anyway.

        Raises
        ------
        LiveStoreError
            PostgreSQL is away.
        """
        if self._watch is None:
            return self._store.peek_versions(*_TOPICS)
        look = self._watch.look()
        if look is None or look.file != self._file:
            return None
        # Most commits are of what no answer hangs on, as the log of who read what, and each is noticed by every thread that answers.
        try:
            return self._store.versions_over(look.connection, *_TOPICS)
        except sqlite3.Error:  # reading the whole waits for it, and says what is wrong
            return None

    def _updated(self, connection: Connection, known: _Known, now: datetime) -> _Known:
        versions = self._store.read_versions(connection, *_TOPICS)
        if versions == known.versions:
            return known
        version, statuses_version, accounts_version = versions
        closures, statuses = known.closures, known.statuses
        if closures is None or version < known.version:
            closures = self._store.closures.current(connection, now)
        elif version > known.version:
            changed = self._store.closures.changed_since(connection, known.version)
            kept = closures | {closure.id: closure for closure in changed}
            closures = {i: closure for i, closure in kept.items() if not closure.is_over(now)}
        if statuses_version != known.statuses_version:
            statuses = self._store.statuses.current(connection, now)
        accounts = known.accounts
        if accounts_version != accounts.version:
            before = accounts if accounts_version > accounts.version else NOBODY
            accounts = self._store.accounts.changed_since(connection, before, accounts_version, now)
        return _Known(version, closures, statuses_version, statuses, accounts)

    def _file_now(self) -> File | None:
        """Which file the database is; None for PostgreSQL.

        Raises
        ------
        LiveStoreError
            There is none, or it cannot be read.
        """
        if self._watch is None:
            return None
        look = self._watch.look()
        if look is None:
            raise LiveStoreError("the database of live state cannot be used")
        return look.file
