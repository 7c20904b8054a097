"""What is put into the outbox, in the transaction of whatever made it necessary: calls, and stand-downs for those who were called."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import insert, select, update

from stroke_map.live.alert_rules import standing_of
from stroke_map.live.case_tables import deliveries
from stroke_map.live.channel_records import channels_of
from stroke_map.live.deliveries import ENDED, NO_CHANNEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from stroke_map.live.alerts import RecordedAlert


class Way(NamedTuple):
    """To whom a message goes and how: `via` a kind of channel, "" where there is none."""

    team: str
    contact: int
    phone: str
    via: str
    channel_id: int | None


def put_calls(
    connection: Connection, alert: RecordedAlert, whom: Iterable[tuple[str, int]], contacts_via: str, now: datetime
) -> None:
    """Call contacts by every channel of the hospital for that team, and by number.

    Parameters
    ----------
    whom
        Teams, and which of their contacts.
    contacts_via
        "sms" or "voice": how numbers of the list are called; "" where no gateway is set.
    """
    phones = {callees.team: callees.phones or ("",) for callees in alert.alert.teams}
    known = channels_of(connection, alert.hospital_id)
    ways = []
    for team, contact in whom:
        phone = phones[team][contact]
        found = [
            Way(team, contact, channel.target if channel.kind in {"sms", "voice"} else "", channel.kind, channel.id)
            for channel in known
            if channel.team in {"", team}
        ]
        if contacts_via and phone:
            found.append(Way(team, contact, phone, contacts_via, None))
        ways += found or [Way(team, contact, phone, "", None)]
    _put(connection, alert.id, "call", ways, now)


def end_calls(connection: Connection, alert: RecordedAlert, now: datetime) -> None:
    """Of an alert that has ended: drop calls that were not sent, and stand down those who were called, each once.

    Nobody is stood down where the patient arrived or the case was closed. What is being sent at this moment is left to whoever
    sends it, who comes here again.
    """
    ending = standing_of(alert.alert, alert.happenings).ending
    if ending is None:
        return
    rows = connection.execute(select(deliveries).where(deliveries.c.alert_id == alert.id).order_by(deliveries.c.id)).all()  # fmt: skip
    calls = [row for row in rows if row.kind == "call"]
    idle = [row for row in calls if row.due_at is not None and (row.leased_until is None or row.leased_until <= now)]
    # Whoever held a lease that ran out may have sent it before it died.
    perhaps = {row.id for row in calls if row.perhaps} | {row.id for row in idle if row.leased_by}
    for row in idle:
        dropped = {"due_at": None, "leased_by": "", "leased_until": None, "perhaps": row.id in perhaps, "problem": ENDED}  # fmt: skip
        connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(dropped))
    if ending.kind in {"cancelled", "diverted"}:
        told = [row for row in calls if not row.via or row.sent_at or row.delivered_at or row.id in perhaps]
        stood_down = {_way(row) for row in rows if row.kind == "stand_down"}
        ways = dict.fromkeys(way for way in map(_way, told) if way not in stood_down)
        _put(connection, alert.id, "stand_down", sorted(ways, key=lambda way: (way.team, way.contact)), now)


def _way(row: Row[Any]) -> Way:
    return Way(row.team, row.contact, row.phone, row.via, row.channel_id)


def _put(connection: Connection, alert_id: int, kind: str, ways: Sequence[Way], now: datetime) -> None:
    rows = [
        {"alert_id": alert_id, "kind": kind, "at": now, "message_id": secrets.token_hex(16)}
        | {"due_at": now if way.via else None, "problem": "" if way.via else NO_CHANNEL}
        | way._asdict()
        for way in ways
    ]
    if rows:
        connection.execute(insert(deliveries), rows)
