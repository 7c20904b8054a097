"""What must be true after a shift, whatever was killed meanwhile."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from duty import Violation
from stroke_map.live.case_tables import alert_events, alerts, deliveries

if TYPE_CHECKING:
    from duty.bed import Service
    from duty.load import Load
    from duty.receiver import Received

_DELIVERED_WITHIN_S = 120.0


async def check(service: Service, load: Load, received: Received) -> dict[str, int]:
    """Hold what was answered against what is recorded and what came in; figures worth telling.

    Raises
    ------
    Violation
        An alert or an acknowledgement is lost or doubled, a stream or a receiver was not told, or an answer was none that is documented.
    """
    shift = load.shift
    if shift.unexpected:
        raise Violation(f"unexpected answers: {dict(shift.unexpected.most_common(5))}")
    missing = load.missing()
    if missing:
        raise Violation(f"{len(missing)} events never reached their streams, as {missing[:5]}")
    store = service.open_store()
    try:
        with store.reading() as connection:
            recorded = {
                row.idempotency_key: row.id for row in connection.execute(select(alerts.c.id, alerts.c.idempotency_key))
            }
            told = {
                (row.alert_id, row.team)
                for row in connection.execute(
                    select(alert_events.c.alert_id, alert_events.c.team).where(alert_events.c.kind == "acknowledged")
                )
            }
        wanted = {key: alert for alert, (_, _, _, key) in shift.alerts.items()}
        if recorded != wanted:
            raise Violation(f"{len(wanted)} alerts were answered, {len(recorded)} are recorded, or under another key")
        if not shift.acknowledged <= told:
            raise Violation(f"{len(shift.acknowledged - told)} acknowledgements are lost")
        end = time.monotonic() + _DELIVERED_WITHIN_S
        while undelivered := _undelivered(store):
            if time.monotonic() > end:
                raise Violation(f"{undelivered} deliveries were not made within {_DELIVERED_WITHIN_S:.0f} s")
            await asyncio.sleep(0.2)
        untold = set(shift.alerts) - set(received.alerts.values())
        if untold or received.forged:
            raise Violation(f"receivers were not told of {len(untold)} alerts; {received.forged} forged messages")
    finally:
        store.close()
    return {
        "messages received": len(received.messages),
        "messages received again": received.messages.total() - len(received.messages),
    }


def _undelivered(store: object) -> int:
    with store.reading() as connection:  # type: ignore[attr-defined]
        open_ones = select(func.count()).where(deliveries.c.delivered_at.is_(None), deliveries.c.dead_at.is_(None))
        return int(connection.execute(open_ones).scalar_one())
