"""How many alerts stand, and how the outbox does: a few numbers, counted by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import and_, case, func, or_, select

from stroke_map.live.alert_rules import Alert, Callees, Happening, standing_of
from stroke_map.live.case_tables import alert_events, alerts, deliveries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select, Subquery

    from stroke_map.live.alert_rules import Kind, State
    from stroke_map.live.store import LiveStore

#: A message that was given up within this time is worth a word of `/readyz`: as long as a shift may take to look.
LATELY: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What was counted at a moment.

    Attributes
    ----------
    alerts
        Those that have not ended, by state: how many, and since when the oldest stands.
    waiting
        Messages that are still to be sent, now or later.
    due_since
        When the oldest message was due that nobody sends though it is time; None: there is none.
    dead, dead_lately
        Messages that were given up, by kind ("call", "stand_down") and way; how many of them within `LATELY`.
    """

    as_of: datetime
    alerts: Mapping[State, tuple[int, datetime]]
    waiting: int
    due_since: datetime | None
    dead: Mapping[tuple[str, str], int]
    dead_lately: int


def count(store: LiveStore, now: datetime) -> Counted:
    """Count.

    Raises
    ------
    LiveStoreError
        The database is away.
    """
    free = or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now)
    due_now = and_(deliveries.c.due_at <= now, free)
    with store.reading() as connection:
        given_up = select(deliveries.c.kind, deliveries.c.via, func.count()).where(deliveries.c.dead_at.is_not(None))
        dead = connection.execute(given_up.group_by(deliveries.c.kind, deliveries.c.via)).all()
        return Counted(
            as_of=now,
            alerts=_standing(connection),
            waiting=_number(connection, deliveries.c.due_at.is_not(None)),
            due_since=connection.execute(select(func.min(deliveries.c.due_at)).where(due_now)).scalar_one(),
            dead={(kind, via): number for kind, via, number in dead},
            dead_lately=_number(connection, deliveries.c.dead_at > now - LATELY),
        )


def _number(connection: Connection, which: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(deliveries).where(which)).scalar_one())


def _standing(connection: Connection) -> dict[State, tuple[int, datetime]]:
    """Alerts are put together by all that counts for their state: a handful of rows, however many stand."""
    events, calls = _events(), _calls()
    flags = [func.coalesce(column, 0) for column in (*list(events.c)[1:], *list(calls.c)[1:])]
    joined = alerts.outerjoin(events, events.c.alert_id == alerts.c.id).outerjoin(
        calls, calls.c.alert_id == alerts.c.id
    )
    wanted = select(alerts.c.teams, *flags, func.count(), func.min(alerts.c.created_at)).select_from(joined)
    found: dict[State, tuple[int, datetime]] = {}
    for teams, *told, number, oldest in connection.execute(
        wanted.where(alerts.c.next_at.is_not(None)).group_by(alerts.c.teams, *flags)
    ):
        state = _state([team for team, _ in orjson.loads(teams)], told, oldest)
        before, since = found.get(state, (0, oldest))
        found[state] = before + number, min(since, oldest)
    return found


def _events() -> Subquery:
    """By alert: how many teams have acknowledged, and whether it was shown, activated, arrived."""
    kind = alert_events.c.kind
    knows = case((kind.in_(("acknowledged", "activated")), alert_events.c.team))
    flags = (func.max(case((kind == one, 1), else_=0)).label(one) for one in ("delivered", "activated", "arrived"))
    wanted = select(alert_events.c.alert_id, func.count(knows.distinct()).label("teams"), *flags)
    return wanted.where(alert_events.c.alert_id.in_(_ids())).group_by(alert_events.c.alert_id).subquery()


def _calls() -> Subquery:
    """By alert: whether a call was sent, and was delivered."""
    sent, delivered = (
        func.max(case((column.is_not(None), 1), else_=0)).label(column.name)
        for column in (deliveries.c.sent_at, deliveries.c.delivered_at)
    )
    here = deliveries.c.kind == "call", deliveries.c.alert_id.in_(_ids())
    return select(deliveries.c.alert_id, sent, delivered).where(*here).group_by(deliveries.c.alert_id).subquery()


def _ids() -> Select[Any]:
    # An alert that has not ended always has a next moment, and these are found by their index.
    return select(alerts.c.id).where(alerts.c.next_at.is_not(None))


def _state(teams: list[str], told: list[int], at: datetime) -> State:
    """The state of an alert to which just that has happened, by the one rule there is."""
    acknowledged, shown, activated, arrived, sent, delivered = told
    happened: list[tuple[Kind, str]] = [("acknowledged", team) for team in teams[:acknowledged]]
    happened += [("activated", teams[0])] if activated else []
    happened += [("arrived", "")] if arrived else []
    happened += [("sent", "")] if sent else []
    happened += [("delivered", "")] if delivered or shown else []
    alert = Alert(at, tuple(map(Callees, teams)))
    return standing_of(alert, [Happening(kind, at, team) for kind, team in happened]).state
