"""Cases in the database: begin, time, list; and what is deleted when they are old."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal

import orjson
from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.case_tables import alert_events, alerts, case_events, case_figures, cases
from stroke_map.live.cases import Case, timeline_of
from stroke_map.live.holding import CASE_TOPIC, hold_cases, mark_changed
from stroke_map.live.quality_facts import keep_figures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta, tzinfo

    from sqlalchemy import Connection, Row

    from stroke_map.live.alert_rules import Kind
    from stroke_map.live.cases import NewCase
    from stroke_map.live.store import LiveStore

#: A case has fourteen moments; more words than this about one are no corrections.
MOST_EVENTS = 200
#: And where so many words were said, whoever comes by a link says no more: one who means harm leaves room for all others.
MOST_EVENTS_BY_LINK = 100
#: So many old cases are deleted at once, so that whoever begins one does not wait for a year of others.
_MOST_DELETED = 100
_LARGEST_ID = 2**31 - 1
# Made once: they are asked in every transaction that concerns a case or an alert, and making them takes as long as asking them.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CASES = select(cases).where(cases.c.id.in_(_IDS)).order_by(cases.c.id)
_EVENTS = select(case_events).where(case_events.c.case_id.in_(_IDS)).order_by(case_events.c.id)


class CaseRecords:
    """The cases of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails.

    Parameters
    ----------
    keep
        How long a case is kept after it began.
    """

    def __init__(self, store: LiveStore, keep: timedelta) -> None:
        self._store, self._keep = store, keep

    def add(self, new: NewCase, *, now: datetime, key: str | None = None, digest: str = "", zone: tzinfo = UTC) -> Case:
        """Begin a case; delete those that are too old, and add them to the figures.

        Parameters
        ----------
        key, digest
            The caller's name for this request, and the hash of its body: the same twice is one case, given as it stands then.
        zone
            By which its month is told.

        Raises
        ------
        ConflictError
            The key was used for another request.
        """
        try:
            return self._add(new, now, key, digest, zone)
        except IntegrityError:  # the same request came twice, at this very moment
            return self._add(new, now, key, digest, zone)

    def _add(self, new: NewCase, now: datetime, key: str | None, digest: str, zone: tzinfo) -> Case:
        with self._store.writing() as connection:
            if key is not None and (earlier := _begun(connection, new.author, key, digest)) is not None:
                return load_case(connection, earlier)
            _delete_old(self._store, connection, now - self._keep)
            statement = insert(cases).values(
                changed=0,  # until the end of the transaction
                condition=new.condition,
                question=orjson.dumps(new.question).decode(),
                answer=orjson.dumps(new.answer).decode(),
                edition=new.edition,
                first_choice=new.first_choice,
                hospital_id=new.hospital_id,
                override_reason=new.override_reason,
                vehicle=new.vehicle,
                author=new.author,
                created_at=now,
                month=now.astimezone(zone).strftime("%Y-%m"),
                capable=new.capable,
                idempotency_key=key,
                digest=digest if key is not None else None,
            )
            case_id = connection.execute(statement.returning(cases.c.id)).scalar_one()
            for name, at in new.timeline.items():
                _tell(connection, case_id, name, at, by=new.author, now=now)
            case = load_case(connection, case_id)
            mark_changed(connection, self._store.bump(connection, CASE_TOPIC, now), of_cases=[case_id])
            return case

    def begun(self, author: str, key: str, digest: str) -> Case | None:
        """The case that the same request of this author began, see `add`; None where there was none.

        Raises
        ------
        ConflictError
            The key was used for another request.
        """
        with self._store.reading() as connection:
            earlier = _begun(connection, author, key, digest)
            return None if earlier is None else load_case(connection, earlier)

    def get(self, case_id: int, *, hospital: str | None = None) -> Case:
        """One case; with `hospital` only if it goes to that one.

        Raises
        ------
        NotFoundError
            There is none with that id.
        """
        with self._store.reading() as connection:
            found = load_case(connection, case_id)
        if hospital is not None and found.hospital_id != hospital:
            raise no_such_case()
        return found

    def list(
        self, *, hospital: str | None = None, include_closed: bool = False, after: int = 0, most: int | None = None
    ) -> Sequence[Case]:
        """Cases in the order of their ids: those that are open, or all; from behind the id `after` on, `most` at the most."""
        wanted = select(cases.c.id).where(cases.c.id > min(after, _LARGEST_ID)).order_by(cases.c.id).limit(most)
        if not include_closed:
            wanted = wanted.where(cases.c.closed_at.is_(None))
        if hospital is not None:
            wanted = wanted.where(cases.c.hospital_id == hospital)
        with self._store.reading() as connection:
            return list(load_cases(connection, connection.execute(wanted).scalars().all()).values())

    def record(
        self,
        case_id: int,
        name: str,
        at: datetime,
        by: str,
        *,
        now: datetime,
        instead_of: datetime | Literal["any"] | None = "any",
        hospital: str | None = None,
        most: int = MOST_EVENTS,
    ) -> Case:
        """Say when a moment of a case was; said again, the last word counts. "door" and "closed" reach its alert.

        Parameters
        ----------
        instead_of
            What whoever says so saw in its place, None: nothing. "any": whatever it is.
        hospital
            Only if this hospital was alerted for it, and neither diverted it nor was stood down.
        most
            Only while fewer words than this were said of the case; its end can always be told.

        Raises
        ------
        NotFoundError
            There is none with that id.
        ConflictError
            Somebody said otherwise meanwhile (`facts["recorded"]`), or more was said of this case than can be meant.
        """
        with self._store.writing() as connection:
            hold_cases(connection, [case_id] if 0 < case_id <= _LARGEST_ID else [])
            case = load_case(connection, case_id)
            if hospital is not None and not _takes_part(connection, case_id, hospital):
                raise no_such_case()
            recorded = case.timeline.get(name)
            if recorded == at:  # the same request again, or two who saw the same
                return case
            if instead_of not in ("any", recorded):
                raise ConflictError("Somebody has recorded this moment meanwhile.", recorded=recorded)
            count = select(func.count()).where(case_events.c.case_id == case_id)
            if name != "closed" and connection.execute(count).scalar_one() >= most:
                raise ConflictError(f"{most} moments of this case are recorded already.")
            _tell(connection, case_id, name, at, by=by, now=now)
            followed: Sequence[int] = ()
            if name == "closed":
                connection.execute(update(cases).where(cases.c.id == case_id).values(closed_at=at))
            if name in {"door", "closed"}:
                kind: Kind = "arrived" if name == "door" else "closed"
                followed = self._store.alerts.follow(connection, case_id, kind, at=at, by=by, now=now)
            told = load_case(connection, case_id)
            version = self._store.bump(connection, CASE_TOPIC, now)
            mark_changed(connection, version, of_cases=[case_id], of_alerts=followed)
            return told

    def figures(self) -> Sequence[dict[str, Any]]:
        """What is left of deleted cases, by month, condition, hospital and measure; times are sums of seconds."""
        order = (case_figures.c.month, case_figures.c.condition, case_figures.c.hospital_id, case_figures.c.measure)
        with self._store.reading() as connection:
            rows = connection.execute(select(case_figures).order_by(*order))
            # Names of columns are a kind of str of SQLAlchemy's own, which no writer of JSON takes.
            return [{str(name): value for name, value in row.items()} for row in rows.mappings()]


def load_case(connection: Connection, case_id: int) -> Case:
    """One case, as this transaction sees it.

    Raises
    ------
    NotFoundError
        There is none with that id.
    """
    found = load_cases(connection, [case_id] if 0 < case_id <= _LARGEST_ID else [])
    if not found:
        raise no_such_case()
    return found[case_id]


def _begun(connection: Connection, author: str, key: str, digest: str) -> int | None:
    """The case that the same request began, None where there was none."""
    same_key = (cases.c.author == author, cases.c.idempotency_key == key)
    earlier = connection.execute(select(cases.c.id, cases.c.digest).where(*same_key)).one_or_none()
    if earlier is not None and earlier.digest != digest:
        raise ConflictError("This Idempotency-Key was used for another request.", next_step="Send a new key with a new request.")  # fmt: skip
    return None if earlier is None else int(earlier.id)


def _takes_part(connection: Connection, case_id: int, hospital: str) -> bool:
    gone = select(alert_events.c.alert_id).where(alert_events.c.kind.in_(("diverted", "cancelled")))
    here = alerts.c.case_id == case_id, alerts.c.hospital_id == hospital, alerts.c.id.not_in(gone)
    return connection.execute(select(alerts.c.id).where(*here).limit(1)).one_or_none() is not None


def no_such_case() -> NotFoundError:
    """The error for a case that is not there, or is none of the caller's business."""
    return NotFoundError("There is no case with that id.", next_step="List them with GET /api/v1/cases.")


def _tell(connection: Connection, case_id: int, name: str, at: datetime, *, by: str, now: datetime) -> None:
    told = {"case_id": case_id, "name": name, "at": at, "author": by, "recorded_at": now}
    connection.execute(insert(case_events).values(told))


def load_cases(connection: Connection, ids: Sequence[int]) -> dict[int, Case]:
    """Cases by id, in the order of the ids."""
    told: dict[int, list[tuple[str, datetime]]] = {}
    for event in connection.execute(_EVENTS, {"ids": ids}):
        told.setdefault(event.case_id, []).append((event.name, event.at))
    rows = connection.execute(_CASES, {"ids": ids})
    return {row.id: _case(row, timeline_of(told.get(row.id, ()))) for row in rows}


def _case(row: Row[Any], timeline: dict[str, datetime]) -> Case:
    return Case(
        id=row.id,
        condition=row.condition,
        question=orjson.loads(row.question),
        answer=orjson.loads(row.answer),
        edition=row.edition,
        first_choice=row.first_choice,
        hospital_id=row.hospital_id,
        override_reason=row.override_reason,
        vehicle=row.vehicle,
        author=row.author,
        created_at=row.created_at,
        closed_at=row.closed_at,
        timeline=timeline,
        capable=row.capable,
    )


def _delete_old(store: LiveStore, connection: Connection, before: datetime) -> None:
    """Delete cases, and all that belongs to them, that began before; what is left are figures of their month."""
    of_old = select(cases.c.id).where(cases.c.created_at <= before).order_by(cases.c.id).limit(_MOST_DELETED)
    ids = connection.execute(of_old.with_for_update(skip_locked=True)).scalars().all()
    if ids:
        store.hold(connection, CASE_TOPIC)  # whoever adds to the figures is alone
        keep_figures(connection, ids)
        connection.execute(delete(cases).where(cases.c.id.in_(ids)))
