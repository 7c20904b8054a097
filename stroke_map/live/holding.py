"""Who changes a case, an alert of it or a message of that holds the case to the end of the transaction, and the counter only at its end.

So two cases keep each other waiting for one statement and the commit, not for all that is read and decided. What is held is held in one
order, cases by their ids, then the counter, then the end of the audit log: none waits for another in a circle. SQLite lets one
transaction write at a time, and needs nothing of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from stroke_map.live.case_tables import alerts, cases, deliveries

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Select

CASE_TOPIC = "cases"


def hold_cases(connection: Connection, ids: Collection[int] | Select[Any], *, wait: bool = True) -> Sequence[int]:
    """Be alone with cases until the end of a writing transaction; do it first, and once. Returns which there are.

    Parameters
    ----------
    wait
        Whether to wait for those that somebody else holds; without it they are left out.
    """
    wanted = select(cases.c.id).where(cases.c.id.in_(ids)).order_by(cases.c.id)
    return connection.execute(wanted.with_for_update(key_share=True, skip_locked=not wait)).scalars().all()


def case_of_alerts(ids: Collection[int] | Select[Any]) -> Select[Any]:
    """The cases of alerts."""
    return select(alerts.c.case_id).where(alerts.c.id.in_(ids))


def case_of_deliveries(ids: Collection[int]) -> Select[Any]:
    """The cases of messages."""
    return case_of_alerts(select(deliveries.c.alert_id).where(deliveries.c.id.in_(ids)))


def mark_changed(
    connection: Connection, version: int, *, of_cases: Collection[int] = (), of_alerts: Collection[int] = ()
) -> None:
    """Say at which version rows changed; the last thing in a transaction, right after its `bump`."""
    for table, ids in ((cases, of_cases), (alerts, of_alerts)):
        if ids:
            connection.execute(update(table).where(table.c.id.in_(ids)).values(changed=version))
