"""Alerts out of the database, with all that happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import BindParameter, bindparam, select

from stroke_map.errors import NotFoundError
from stroke_map.live.alert_rules import Alert, Callees, Happening
from stroke_map.live.alerts import RecordedAlert
from stroke_map.live.case_records import load_cases
from stroke_map.live.case_tables import alert_events, alerts, deliveries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from stroke_map.live.cases import Case

LARGEST_ID: Final = 2**31 - 1
# Made once: they are asked in every transaction that concerns an alert, and making them takes as long as asking them.
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_ALERTS: Final = select(alerts).where(alerts.c.id.in_(_IDS)).order_by(alerts.c.id)
_EVENTS: Final = select(alert_events).where(alert_events.c.alert_id.in_(_IDS))
_CALLS: Final = (
    select(deliveries).where(deliveries.c.alert_id.in_(_IDS), deliveries.c.kind == "call").order_by(deliveries.c.id)
)


def load_alert(connection: Connection, alert_id: int) -> RecordedAlert:
    """One alert, as this transaction sees it.

    Raises
    ------
    NotFoundError
        There is none with that id.
    """
    found = load_alerts(connection, [alert_id] if 0 < alert_id <= LARGEST_ID else [])
    if not found:
        raise no_such_alert()
    return found[0]


def no_such_alert() -> NotFoundError:
    """The error for an alert that is not there, or is none of the caller's business."""
    return NotFoundError("There is no alert with that id.", next_step="List them with GET /api/v1/alerts.")


def load_alerts(connection: Connection, ids: Sequence[int]) -> Sequence[RecordedAlert]:
    """Alerts with all that happened to them, in the order of their ids."""
    if not ids:
        return []
    wanted = {"ids": ids}
    rows = connection.execute(_ALERTS, wanted).all()
    happened: dict[int, list[Happening]] = {row.id: [] for row in rows}
    for event in connection.execute(_EVENTS, wanted):
        told = Happening(event.kind, event.at, event.team, 0, event.author, event.reason)
        happened[event.alert_id].append(told)
    called: dict[tuple[int, Happening], None] = {}  # a call may go several ways, and is one
    for call in connection.execute(_CALLS, wanted):
        for kind, at in (("called", call.at), ("sent", call.sent_at), ("delivered", call.delivered_at)):
            if at is not None:
                called[call.alert_id, Happening(kind, at, call.team, call.contact)] = None  # type: ignore[arg-type]
    for alert_id, happening in called:
        happened[alert_id].append(happening)
    of = load_cases(connection, sorted({row.case_id for row in rows}))
    return [
        RecordedAlert(
            id=row.id,
            hospital_id=row.hospital_id,
            telephone=row.telephone,
            author=row.author,
            alert=Alert(row.created_at, tuple(Callees(team, tuple(p)) for team, p in orjson.loads(row.teams)), row.eta),
            happenings=tuple(happened[row.id]),
            case=of[row.case_id],
            replaces=row.replaces,
            next_choice=next_choice(connection, of[row.case_id], happened[row.id]),
        )
        for row in rows
        if row.case_id in of  # deleted since the row was read
    ]


def next_choice(connection: Connection, case: Case, happened: Sequence[Happening]) -> str | None:
    """The next hospital of the answer, where this one diverted: none that was alerted for this case before."""
    if not any(happening.kind == "diverted" for happening in happened):
        return None
    asked = set(connection.execute(select(alerts.c.hospital_id).where(alerts.c.case_id == case.id)).scalars())
    return next((hospital["id"] for hospital in case.answer["hospitals"] if hospital["id"] not in asked), None)
