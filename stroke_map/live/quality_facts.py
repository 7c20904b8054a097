"""What is measured of single cases, out of the database; and what is kept of them when they are deleted."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import insert, select, update

from stroke_map.live.case_tables import alert_events, alerts, case_events, case_figures, case_tallies, cases
from stroke_map.live.cases import timeline_of
from stroke_map.live.quality import Alerted, Facts, Mark, figures_of, marks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Table

_ANSWERS: Final = ("acknowledged", "activated", "diverted")


def keep_figures(connection: Connection, ids: Sequence[int]) -> None:
    """Count cases that are about to be deleted. Whoever holds the counter of their topic is alone."""
    marks: Counter[Mark] = Counter()
    for _, facts in load_facts(connection, ids):
        marks.update(marks_of(facts))
        of = {"month": facts.month, "condition": facts.condition, "hospital_id": facts.hospital_id}
        for measure, seconds in figures_of(facts).items():
            _add(connection, case_figures, of | {"measure": measure}, cases=1, total_s=seconds)
    for mark, number in marks.items():
        _add(connection, case_tallies, mark._asdict(), cases=number)


def load_facts(connection: Connection, ids: Sequence[int]) -> Iterator[tuple[int, Facts]]:
    """What is measured of cases, by their ids; neither questions nor answers are read."""
    told: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    events = select(case_events.c.case_id, case_events.c.name, case_events.c.at).where(case_events.c.case_id.in_(ids))
    for event in connection.execute(events.order_by(case_events.c.id)):
        told[event.case_id].append((event.name, event.at))
    alerted = _alerted(connection, ids)
    names = ("id", "month", "condition", "hospital_id", "override_reason", "capable")
    for row in connection.execute(select(*(cases.c[name] for name in names)).where(cases.c.id.in_(ids))):
        facts = Facts(
            month=row.month,
            condition=row.condition,
            hospital_id=row.hospital_id,
            overridden=row.override_reason != "",
            capable=row.capable,
            timeline=timeline_of(told[row.id]),
            alerts=tuple(alerted[row.id]),
        )
        yield row.id, facts


def _alerted(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[Alerted]]:
    """The alerts of each case, with who answered when."""
    names = ("id", "case_id", "hospital_id", "created_at", "teams")
    rows = connection.execute(select(*(alerts.c[name] for name in names)).where(alerts.c.case_id.in_(ids))).all()
    happened: dict[int, list[Row[Any]]] = defaultdict(list)
    of_cases = select(alerts.c.id).where(alerts.c.case_id.in_(ids))
    events = select(alert_events).where(alert_events.c.alert_id.in_(of_cases), alert_events.c.kind.in_(_ANSWERS))
    # The latest first, so that of two the earlier stays: a team that is activated has acknowledged.
    for event in connection.execute(events.order_by(alert_events.c.at.desc())):
        happened[event.alert_id].append(event)
    found: dict[int, list[Alerted]] = defaultdict(list)
    for row in rows:
        told = Alerted(
            hospital_id=row.hospital_id,
            created_at=row.created_at,
            teams=tuple(team for team, _ in orjson.loads(row.teams)),
            acknowledged={event.team: event.at for event in happened[row.id] if event.kind != "diverted"},
            diverted=any(event.kind == "diverted" for event in happened[row.id]),
        )
        found[row.case_id].append(told)
    return found


def _add(connection: Connection, table: Table, key: Mapping[str, Any], **more: int) -> None:
    """Add to the numbers of one row, which may be new."""
    here = [table.c[name] == value for name, value in key.items()]
    grown = {name: table.c[name] + number for name, number in more.items()}
    if connection.execute(update(table).where(*here).values(grown)).rowcount == 0:
        connection.execute(insert(table).values({**key, **more}))
