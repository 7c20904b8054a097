"""The one reader of the database: what changed, written down as JSON once for all streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from stroke_map.errors import LiveStoreError
from stroke_map.live.account_records import ACCOUNT_TOPIC
from stroke_map.live.accounts import NOBODY, Accounts
from stroke_map.live.alerts import RecordedAlert
from stroke_map.live.cases import Case
from stroke_map.live.changed import TOPICS, Versions, changes_since
from stroke_map.live.closures import Closure
from stroke_map.live.watch import SqliteWatch
from stroke_map.stream.events import Event

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from stroke_map.live.changed import Changed, Changes
    from stroke_map.live.store import LiveStore

#: Of each topic so much is told again to whoever was away; whoever missed more reads the lists.
MOST_REPLAYED: Final = 500
#: Of a case what never changes is left out: the question and the answer are several kilobytes.
_LEFT_OUT: Final = ("question", "answer")


class News(NamedTuple):
    """What is told after a look at the database.

    Attributes
    ----------
    current
        The versions up to which all is told now.
    whole_from
        All that is newer than these is among `events`.
    events
        By topic, and in the order of their versions.
    """

    current: Versions
    whole_from: Versions
    events: tuple[Event, ...]


class Feed:
    """What the stream process knows of the database. `look` is for one thread alone; attributes may be read by any.

    Parameters
    ----------
    store
        Where live state is kept; migrated at the first look, if need be.

    Attributes
    ----------
    current
        The versions last seen; None: nothing was ever read.
    accounts
        Who may listen.
    """

    def __init__(self, store: LiveStore) -> None:
        self._store = store
        self._watch = None if store.file is None else SqliteWatch(store.file)
        self.current: Versions | None = None
        self.accounts: Accounts = NOBODY

    def look(self, told: Collection[Versions], now: datetime) -> News | None:
        """What is new to those who were told up to these versions, or to this feed; None: nothing.

        Raises
        ------
        LiveStoreError
            The database is away or locked.
        """
        if self.current is None:
            self._store.migrate()
        look = None if self._watch is None else self._watch.look()
        if self._watch is not None and look is None:
            raise LiveStoreError("the database of live state cannot be used")
        news = None
        if self._has_changed(confirmed=look is not None and look.confirmed) or any(
            versions != self.current for versions in told
        ):
            with self._store.reading() as connection:
                news = self._read(connection, told, now)
        if look is not None:
            look.confirm()
        return news

    def _has_changed(self, *, confirmed: bool) -> bool:
        if self.current is None:
            return True
        if self._watch is not None:
            return not confirmed
        return self._store.peek_versions(*TOPICS, ACCOUNT_TOPIC) != (*self.current, self.accounts.version)

    def _read(self, connection: Connection, told: Collection[Versions], now: datetime) -> News | None:
        *read, account_version = self._store.read_versions(connection, *TOPICS, ACCOUNT_TOPIC)
        current, known_to_all = Versions(*read), {*told, self.current} - {None}
        if account_version != self.accounts.version:
            # A backup was put in its place where the version is a smaller one.
            known = self.accounts if account_version > self.accounts.version else NOBODY
            self.accounts = self._store.accounts.changed_since(connection, known, account_version, now)
        self.current = current
        if known_to_all <= {current}:
            return None
        since = Versions(*map(min, zip(current, *known_to_all, strict=True)))
        changes = changes_since(connection, since, most=MOST_REPLAYED)
        return News(current, changes.whole_from, tuple(self._events(changes, current, now)))

    def _events(self, changes: Changes, current: Versions, now: datetime) -> Iterator[Event]:
        for topic, some in enumerate((changes.cases, changes.statuses, changes.closures)):
            for changed in some:
                # On PostgreSQL a later SELECT of a transaction sees more: what is newer is told after the next look, all of it.
                if changed.version <= current[topic]:
                    yield self._event(topic, changed, now)

    def _event(self, topic: int, changed: Changed, now: datetime) -> Event:
        what, members = changed.what, dict[str, Any]()
        if isinstance(what, RecordedAlert):
            kind, members = "alert", what.as_json(now, self._store.alerts.timers)
        elif isinstance(what, Case):
            kind = "case"
            members = {name: value for name, value in what.as_json().items() if name not in _LEFT_OUT}
        else:
            kind, members = "closure" if isinstance(what, Closure) else "status", what.as_json(now)
        hospital = "" if isinstance(what, Closure) else what.hospital_id
        return Event(kind, topic, changed.version, hospital, orjson.dumps(members))
