"""What begins, ends or runs out by time alone: it gets a new version then, as any other change, so that whoever follows changes is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from stroke_map.live.records import TOPIC, load_closures
from stroke_map.live.status_records import STATUS_TOPIC, load_statuses
from stroke_map.live.tables import closures, statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Table

    from stroke_map.live.store import LiveStore

#: So many rows are turned in one transaction; the rest in the next.
_MOST_AT_ONCE: Final = 200


def turn_over(store: LiveStore, now: datetime) -> int:
    """Let closures, slow-downs and statuses change whose moment has come by `now`. Returns how many that were.

    Any number of processes may do so at once; each thing is done by one of them.

    Raises
    ------
    LiveStoreError
        The database is away or locked.
    """
    return _turn(store, closures, TOPIC, load_closures, now) + _turn(store, statuses, STATUS_TOPIC, load_statuses, now)


def _turn(store: LiveStore, table: Table, topic: str, load: Callable[..., Sequence[Any]], now: datetime) -> int:
    waiting = select(table.c.id).where(table.c.turns_at <= now).order_by(table.c.turns_at, table.c.id)
    with store.reading() as connection:
        if connection.execute(waiting.limit(1)).one_or_none() is None:
            return 0
    with store.writing() as connection:
        store.hold(connection, topic)
        # Asked again: another process may have done it before we held the counter.
        ids = connection.execute(waiting.limit(_MOST_AT_ONCE)).scalars().all()
        if ids:
            version = store.bump(connection, topic, now)
            for each in load(connection, ids):
                turned = {"changed": version, "turns_at": each.turns_at(now)}
                connection.execute(update(table).where(table.c.id == each.id).values(turned))
        return len(ids)
