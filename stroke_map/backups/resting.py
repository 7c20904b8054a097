"""What is restored calls nobody by itself: its patients are those of the day of the backup, and others may have been told since."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, func, select, true, update

from stroke_map.live.alert_records import MOST_AT_ONCE
from stroke_map.live.case_tables import alert_events, alerts, deliveries

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from stroke_map.live import LiveStore
    from stroke_map.live.alert_rules import Timers

RESTORED: Final = "restored from a backup: not sent since, perhaps before"


def work_off(store: LiveStore, now: datetime) -> None:
    """Put into the outbox whom alerts would call the next time anybody, or an open screen, touches them; close those that stood too long."""
    while store.alerts.work_off(now) == MOST_AT_ONCE:
        pass


def let_rest(connection: Connection, timers: Timers, now: datetime) -> int:
    """Keep back all messages, to be sent again by hand, and let alerts stand as they are until somebody acts on them.

    Nobody's action makes up for calls that were missed, for these are in the outbox already (`work_off`).

    Returns
    -------
    How many messages were kept back. Whoever cancels an alert stands down whom they may have reached.
    """
    dead = {
        "due_at": None,
        "dead_at": now,
        "leased_by": "",
        "leased_until": None,
        "perhaps": true(),
        "problem": RESTORED,
    }
    kept_back = connection.execute(update(deliveries).where(deliveries.c.due_at.is_not(None)).values(dead)).rowcount
    _look_next_when_over(connection, timers)
    return kept_back


def _look_next_when_over(connection: Connection, timers: Timers) -> None:
    """Have alerts looked at by time alone only when they are closed for their age: without a next moment they would not be counted."""
    arrived = and_(alert_events.c.alert_id == alerts.c.id, alert_events.c.kind == "arrived")
    since = func.coalesce(alert_events.c.at, alerts.c.created_at)
    standing = (
        select(alerts.c.id, since.label("since")).outerjoin(alert_events, arrived).where(alerts.c.over_at.is_(None))
    )
    close_after = timedelta(seconds=timers.close_after_s)
    closing = [{"alert": row.id, "at": row.since + close_after} for row in connection.execute(standing)]
    if closing:
        here = alerts.c.id == bindparam("alert")
        connection.execute(update(alerts).where(here).values(next_at=bindparam("at")), closing)
