"""What has changed since versions that somebody knows: rows found by their version, and read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import select

from stroke_map.live.alert_reading import load_alerts
from stroke_map.live.case_records import load_cases
from stroke_map.live.case_tables import alerts, cases
from stroke_map.live.holding import CASE_TOPIC
from stroke_map.live.records import TOPIC, load_closures
from stroke_map.live.status_records import STATUS_TOPIC, load_statuses
from stroke_map.live.tables import closures, statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Table

    from stroke_map.live.alerts import RecordedAlert
    from stroke_map.live.cases import Case
    from stroke_map.live.closures import Closure
    from stroke_map.live.statuses import HospitalStatus

#: The topics of `Versions`, in their order.
TOPICS: Final = CASE_TOPIC, STATUS_TOPIC, TOPIC


class Versions(NamedTuple):
    """How far somebody knows each of `TOPICS`."""

    cases: int
    statuses: int
    closures: int


class Changed(NamedTuple):
    """Something with the version at which it changed last."""

    version: int
    what: RecordedAlert | Case | HospitalStatus | Closure


class Changes(NamedTuple):
    """What is newer than some versions.

    Attributes
    ----------
    cases, statuses, closures
        By topic, in the order of the versions; cases with their alerts, each alert also when only its case changed.
    whole_from
        All that is newer than these is here: the versions that were asked for, unless there was too much.
    """

    cases: Sequence[Changed]
    statuses: Sequence[Changed]
    closures: Sequence[Changed]
    whole_from: Versions


def changes_since(connection: Connection, since: Versions, *, most: int) -> Changes:
    """Everything newer than `since`, as this transaction sees it; of each topic about `most` at the most, the newest."""
    of_cases, cases_from = _changed_cases(connection, since.cases, most)
    of_statuses, statuses_from = _changed_rows(connection, statuses, load_statuses, since.statuses, most)
    of_closures, closures_from = _changed_rows(connection, closures, load_closures, since.closures, most)
    return Changes(of_cases, of_statuses, of_closures, Versions(cases_from, statuses_from, closures_from))


def _newest(connection: Connection, table: Table, since: int, most: int) -> tuple[dict[int, int], int]:
    """Ids with versions of what is newer than `since`, and from which version on that is all."""
    wanted = select(table.c.id, table.c.changed).where(table.c.changed > since).order_by(table.c.changed.desc())
    rows = connection.execute(wanted.limit(most + 1)).all()
    return {row.id: row.changed for row in rows[:most]}, rows[most].changed if len(rows) > most else since


def _changed_cases(connection: Connection, since: int, most: int) -> tuple[Sequence[Changed], int]:
    """Cases and alerts; an alert shows its case, so it is as new as that is."""
    of_cases, cases_from = _newest(connection, cases, since, most)
    of_alerts, alerts_from = _newest(connection, alerts, since, most)
    if of_cases:
        theirs = select(alerts.c.id, alerts.c.case_id, alerts.c.changed).where(alerts.c.case_id.in_(of_cases))
        for row in connection.execute(theirs):
            of_alerts[row.id] = max(row.changed, of_cases[row.case_id])
    if not of_alerts and not of_cases:
        return (), since
    found = [Changed(of_cases[case.id], case) for case in load_cases(connection, sorted(of_cases)).values()]
    found += [Changed(of_alerts[alert.id], alert) for alert in load_alerts(connection, sorted(of_alerts))]
    return sorted(found, key=_version), max(cases_from, alerts_from)


def _changed_rows(
    connection: Connection, table: Table, load: Callable[..., Sequence[Any]], since: int, most: int
) -> tuple[Sequence[Changed], int]:
    versions, whole_from = _newest(connection, table, since, most)
    if not versions:
        return (), whole_from
    found = [Changed(versions[each.id], each) for each in load(connection, sorted(versions))]
    return sorted(found, key=_version), whole_from


def _version(changed: Changed) -> int:
    return changed.version
