"""Channels in the database: add, list, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.case_tables import channels
from stroke_map.live.channels import Channel
from stroke_map.live.holding import CASE_TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from stroke_map.live.channels import NewChannel
    from stroke_map.live.store import LiveStore

_LARGEST_ID = 2**31 - 1


class ChannelRecords:
    """The channels of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def add(self, new: NewChannel, *, now: datetime) -> Channel:
        """Add a channel; alerts go by it from the next call on.

        Raises
        ------
        ConflictError
            The same is in use already: whoever is called would be called twice.
        """
        told = {"hospital_id": new.hospital_id, "team": new.team, "kind": new.kind, "target": new.target}
        told |= {"format": new.format}
        same = [channels.c[name] == value for name, value in told.items()]
        with self._store.writing() as connection:
            self._store.hold(connection, CASE_TOPIC)  # whoever adds the same at this moment comes after
            wanted = select(channels.c.id).where(*same, channels.c.ended_at.is_(None)).order_by(channels.c.id)
            before = connection.execute(wanted).scalars().first()
            if before is not None:
                raise ConflictError(f"Channel {before} is the same, and in use.", next_step="Use that one; where its secret is lost, remove it and add it again.", reason="already-there", channel=before)  # fmt: skip
            told |= {"secret": new.secret, "author": new.author}
            statement = insert(channels).values(created_at=now, ended_by="", **told).returning(channels)
            made = _channel(connection.execute(statement).one())
            self._store.audit.mention(channel=made.id, hospital=made.hospital_id)
            return made

    def list(self, *, hospital: str | None = None, include_ended: bool = False) -> Sequence[Channel]:
        """Channels in the order of their ids: those in use, or all."""
        wanted = select(channels).order_by(channels.c.id)
        if hospital is not None:
            wanted = wanted.where(channels.c.hospital_id == hospital)
        if not include_ended:
            wanted = wanted.where(channels.c.ended_at.is_(None))
        with self._store.reading() as connection:
            return [_channel(row) for row in connection.execute(wanted)]

    def remove(self, channel_id: int, by: str, *, now: datetime) -> Channel:
        """Send nothing more by a channel, and forget its secret; who removed it first stays written.

        Raises
        ------
        NotFoundError
            There is none with that id.
        """
        with self._store.writing() as connection:
            here = channels.c.id == min(channel_id, _LARGEST_ID)
            ending = {"ended_at": now, "ended_by": by, "secret": ""}
            connection.execute(update(channels).where(here, channels.c.ended_at.is_(None)).values(ending))
            row = connection.execute(select(channels).where(here)).one_or_none()
            if row is None:
                raise NotFoundError("There is no channel with that id.", next_step="See `stroke-map channel list`.")
            self._store.audit.mention(channel=row.id)
            return _channel(row)


def channels_of(connection: Connection, hospital_id: str) -> Sequence[Channel]:
    """The channels of a hospital that are in use, as this transaction sees them."""
    wanted = select(channels).where(channels.c.hospital_id == hospital_id, channels.c.ended_at.is_(None))
    return [_channel(row) for row in connection.execute(wanted.order_by(channels.c.id))]


def channels_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, Channel]:
    """Channels by id, also removed ones."""
    rows = connection.execute(select(channels).where(channels.c.id.in_(sorted(set(ids)))))
    return {row.id: _channel(row) for row in rows}


def _channel(row: Row[Any]) -> Channel:
    return Channel(**row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
