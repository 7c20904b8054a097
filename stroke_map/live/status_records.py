"""Statuses of hospitals in the database: set, end, list. Rows are only ever added and ended, so the table is its own history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, or_, select, update

from stroke_map.live.statuses import TROUBLES, UNCONFIRMED_FOR, HospitalStatus
from stroke_map.live.tables import statuses

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from stroke_map.live.statuses import NewStatus
    from stroke_map.live.store import LiveStore

STATUS_TOPIC = "statuses"
#: What was over for longer is deleted whenever something is recorded.
KEPT = timedelta(days=400)
_LARGEST_ID = 2**31 - 1


class StatusRecords:
    """The statuses of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def set(self, new: NewStatus, *, now: datetime) -> HospitalStatus:
        """Record a status in the place of one of the same kind, which thereby ends; delete those long over (`KEPT`)."""
        with self._store.writing() as connection:
            # Whoever holds the counter is alone: two who say the same at once follow each other.
            version = self._store.bump(connection, STATUS_TOPIC, now)
            long_ago = now - KEPT
            connection.execute(
                delete(statuses).where(or_(statuses.c.ended_at <= long_ago, statuses.c.until <= long_ago))
            )
            _end(connection, new.hospital_id, {new.kind}, by=new.author, reason=new.reason, version=version, now=now)
            statement = insert(statuses).values(
                hospital_id=new.hospital_id,
                kind=new.kind,
                until=new.until,
                open_ended=new.open_ended,
                reason=new.reason,
                author=new.author,
                created_at=now,
                ended_by="",
                end_reason="",
                changed=version,
                turns_at=new.turns_at(now),
            )
            return _status(connection.execute(statement.returning(statuses)).one())

    def end(
        self, hospital_id: str, by: str, reason: str, *, now: datetime, kinds: Collection[str] = TROUBLES
    ) -> Sequence[HospitalStatus]:
        """End those of a hospital, also such as ran out and were never confirmed; nothing where there is none."""
        with self._store.writing() as connection:
            version = self._store.bump(connection, STATUS_TOPIC, now)
            return _end(connection, hospital_id, kinds, by=by, reason=reason, version=version, now=now)

    def list(
        self,
        *,
        now: datetime,
        hospital_id: str | None = None,
        include_ended: bool = False,
        after: int = 0,
        most: int | None = None,
    ) -> Sequence[HospitalStatus]:
        """Statuses in the order of their ids.

        Parameters
        ----------
        now
            The moment of asking: without `include_ended`, what says nothing any more is left out.
        hospital_id
            Only those of one hospital.
        include_ended
            The history too.
        after, most
            Only those with a larger id, and no more than so many: one page after the other.
        """
        wanted = select(statuses).where(statuses.c.id > min(after, _LARGEST_ID)).order_by(statuses.c.id).limit(most)
        if not include_ended:
            wanted = wanted.where(_not_gone(now))
        if hospital_id is not None:
            wanted = wanted.where(statuses.c.hospital_id == hospital_id)
        with self._store.reading() as connection:
            return [_status(row) for row in connection.execute(wanted)]

    @staticmethod
    def current(connection: Connection, now: datetime) -> tuple[HospitalStatus, ...]:
        """Everything that says something at `now` or later, in the order of the ids."""
        rows = connection.execute(select(statuses).where(_not_gone(now)).order_by(statuses.c.id))
        return tuple(_status(row) for row in rows)


def load_statuses(connection: Connection, ids: Sequence[int]) -> Sequence[HospitalStatus]:
    """Statuses in the order of their ids, as this transaction sees them."""
    return [
        _status(row)
        for row in connection.execute(select(statuses).where(statuses.c.id.in_(ids)).order_by(statuses.c.id))
    ]


def _not_gone(now: datetime) -> Any:
    unconfirmed = and_(statuses.c.open_ended, statuses.c.until > now - UNCONFIRMED_FOR)
    return and_(statuses.c.ended_at.is_(None), or_(statuses.c.until > now, unconfirmed))


def _end(
    connection: Connection,
    hospital_id: str,
    kinds: Collection[str],
    *,
    by: str,
    reason: str,
    version: int,
    now: datetime,
) -> Sequence[HospitalStatus]:
    of_these = and_(
        statuses.c.hospital_id == hospital_id, statuses.c.kind.in_(sorted(kinds)), statuses.c.ended_at.is_(None)
    )
    told = {"ended_at": now, "ended_by": by, "end_reason": reason, "changed": version, "turns_at": None}
    ending = update(statuses).where(of_these).values(told)
    ended = [_status(row) for row in connection.execute(ending.returning(statuses))]
    return sorted(ended, key=lambda status: status.id)


def _status(row: Row[Any]) -> HospitalStatus:
    told = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    del told["changed"], told["turns_at"]
    return HospitalStatus(**told)
