"""Closures in the database: add, list, end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import shapely
from sqlalchemy import and_, delete, insert, or_, select, update

from stroke_map.errors import NotFoundError
from stroke_map.live.closures import Closure
from stroke_map.live.tables import closures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from stroke_map.live.closures import NewClosure
    from stroke_map.live.store import LiveStore

TOPIC = "closures"
#: What was over for longer is deleted whenever something is recorded: more than a year, so that one year can be held to the last.
KEPT = timedelta(days=400)
_LARGEST_ID = 2**31 - 1


class ClosureRecords:
    """The closures of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def add(self, *new: NewClosure, now: datetime) -> Sequence[Closure]:
        """Record closures, all or none, and give them back with their ids, in the same order; delete those long over (`KEPT`)."""
        if not new:
            return []
        with self._store.writing() as connection:
            version = self._store.bump(connection, TOPIC, now)
            long_ago = now - KEPT
            connection.execute(
                delete(closures).where(or_(closures.c.ended_at <= long_ago, closures.c.until <= long_ago))
            )
            statement = insert(closures).returning(closures, sort_by_parameter_order=True)
            rows = connection.execute(statement, [_row(closure, version, now) for closure in new])
            return [_closure(row) for row in rows]

    def list(
        self,
        *,
        now: datetime,
        at: datetime | None = None,
        include_ended: bool = False,
        after: int = 0,
        most: int | None = None,
    ) -> Sequence[Closure]:
        """Closures in the order of their ids.

        Parameters
        ----------
        now
            The moment of asking: without `include_ended`, what is over by then is left out.
        at
            Only those that hold at this moment.
        include_ended
            Also those that were ended or are over.
        after, most
            Only those with a larger id, and no more than so many: one page after the other.
        """
        wanted = select(closures).where(closures.c.id > min(after, _LARGEST_ID)).order_by(closures.c.id).limit(most)
        if not include_ended:
            wanted = wanted.where(_not_over(now))
        if at is not None:
            past = or_(closures.c.ended_at.is_(None), closures.c.ended_at > at)
            wanted = wanted.where(closures.c.begins <= at, or_(closures.c.until.is_(None), closures.c.until > at), past)
        with self._store.reading() as connection:
            return [_closure(row) for row in connection.execute(wanted)]

    def end(self, closure_id: int, by: str, *, now: datetime) -> Closure:
        """End a closure. Who ended it first stays written; ending it again changes nothing.

        Raises
        ------
        NotFoundError
            There is none with that id.
        """
        with self._store.writing() as connection:
            found = None
            if 0 < closure_id <= _LARGEST_ID:
                found = connection.execute(select(closures).where(closures.c.id == closure_id)).one_or_none()
            if found is None:
                raise NotFoundError("There is no closure with that id.", next_step="List them with GET /api/v1/closures, or `stroke-map closure list`.")  # fmt: skip
            if found.ended_at is None:
                version = self._store.bump(connection, TOPIC, now)
                # Asked again: on PostgreSQL someone else may have ended it before we held the counter.
                ending = update(closures).where(closures.c.id == closure_id, closures.c.ended_at.is_(None))
                connection.execute(ending.values(ended_at=now, ended_by=by, changed=version, turns_at=None))
                found = connection.execute(select(closures).where(closures.c.id == closure_id)).one()
            return _closure(found)

    def current(self, connection: Connection, now: datetime) -> dict[int, Closure]:
        """Everything that holds at `now` or later, by id."""
        return {row.id: _closure(row) for row in connection.execute(select(closures).where(_not_over(now)))}

    def changed_since(self, connection: Connection, version: int) -> Sequence[Closure]:
        """Closures that were added or ended after that version."""
        return [_closure(row) for row in connection.execute(select(closures).where(closures.c.changed > version))]


def load_closures(connection: Connection, ids: Sequence[int]) -> Sequence[Closure]:
    """Closures in the order of their ids, as this transaction sees them."""
    return [
        _closure(row)
        for row in connection.execute(select(closures).where(closures.c.id.in_(ids)).order_by(closures.c.id))
    ]


def _not_over(now: datetime) -> Any:
    return and_(closures.c.ended_at.is_(None), or_(closures.c.until.is_(None), closures.c.until > now))


def _row(new: NewClosure, version: int, now: datetime) -> dict[str, Any]:
    return {
        "changed": version,
        "kind": new.kind,
        "factor": new.factor,
        "geometry": None if new.geometry is None else shapely.to_geojson(new.geometry),
        "ways": orjson.dumps(new.ways).decode() if new.ways else None,
        "direction": new.direction,
        "begins": new.begins,
        "until": new.until,
        "reason": new.reason,
        "author": new.author,
        "layer": new.layer,
        "created_at": now,
        "ended_by": "",
        "turns_at": new.turns_at(now),
    }


def _closure(row: Row[Any]) -> Closure:
    return Closure(
        id=row.id,
        kind=row.kind,
        factor=row.factor,
        geometry=None if row.geometry is None else shapely.from_geojson(row.geometry),
        ways=tuple(orjson.loads(row.ways)) if row.ways else (),
        direction=row.direction,
        begins=row.begins,
        until=row.until,
        reason=row.reason,
        author=row.author,
        layer=row.layer,
        created_at=row.created_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )
