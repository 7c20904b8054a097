"""Alerts in the database. Every change works off what is due then, in the same transaction: so no call is ever forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson
from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from stroke_map.errors import ConflictError, InvalidRequestError
from stroke_map.live.alert_reading import LARGEST_ID, load_alert, load_alerts, next_choice, no_such_alert
from stroke_map.live.alert_rules import Alert, Happening, due, refusal, standing_of
from stroke_map.live.alerts import RecordedAlert
from stroke_map.live.case_records import load_case
from stroke_map.live.case_tables import alert_events, alerts, cases
from stroke_map.live.holding import CASE_TOPIC, case_of_alerts, hold_cases, mark_changed
from stroke_map.live.outbox import end_calls, put_calls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from stroke_map.live.alert_rules import Kind, Timers
    from stroke_map.live.alerts import NewAlert
    from stroke_map.live.cases import Case
    from stroke_map.live.store import LiveStore

#: How long an alert that has ended is still shown, so that everybody sees that it has.
SHOWN_AFTER: Final = timedelta(minutes=30)
ANOTHER_DESTINATION: Final = "another destination"
#: So many alerts are moved on in one transaction: whoever alerts a hospital meanwhile does not wait for all that is due after a pause.
MOST_AT_ONCE: Final = 50
#: Who closes an alert that nobody closed.
BY_ITSELF: Final = "by itself"


class AlertRecords:
    """The alerts of a `LiveStore`; every method but `follow` is one transaction and raises LiveStoreError when that fails.

    Parameters
    ----------
    contacts_via
        How numbers of the yearly list are called, see `put_calls`.
    """

    def __init__(self, store: LiveStore, timers: Timers, contacts_via: str = "") -> None:
        self._store, self.timers, self._contacts_via = store, timers, contacts_via

    def create(
        self, new: NewAlert, *, key: str, digest: str, now: datetime, instead_of: int | Literal["any"] | None = "any"
    ) -> bytes:
        """Alert a hospital, and stand down another one that was alerted for the same case; all or nothing.

        Parameters
        ----------
        key, digest
            The caller's name for this request, and the hash of its body: the same twice is answered twice alike, and done once.
        instead_of
            The id of the case's alert that the caller saw standing, None: none. "any": whatever stands gives way.

        Returns
        -------
        The alert as JSON, as it was created.

        Raises
        ------
        NotFoundError
            There is no such case.
        ConflictError
            The key was used for another request, the case is closed, its alert to this hospital stands, or another one stands than
            the caller saw (`facts["alert"]`).
        InvalidRequestError
            It is not the first choice, and no reason is given.
        """
        for again in (False, True):
            try:
                with self._store.writing() as connection:
                    return self._create(connection, new, key=key, digest=digest, now=now, instead_of=instead_of)
            except IntegrityError:  # the key was used for another case, at this very moment
                if again:
                    raise
        raise AssertionError  # the loop returns or raises

    def _create(
        self,
        connection: Connection,
        new: NewAlert,
        *,
        key: str,
        digest: str,
        now: datetime,
        instead_of: int | Literal["any"] | None,
    ) -> bytes:
        hold_cases(connection, [new.case_id] if 0 < new.case_id <= LARGEST_ID else [])
        earlier = _answered(connection, new.author, key, digest)
        if earlier is not None:
            return earlier
        case = load_case(connection, new.case_id)
        if case.closed_at is not None:
            raise ConflictError("The case is closed.")
        of_case = select(alerts.c.id).where(alerts.c.case_id == case.id)
        before = load_alerts(connection, connection.execute(of_case).scalars().all())
        reason = _override_reason(case, before, new)
        standing = next((a for a in before if standing_of(a.alert, a.happenings).ending is None), None)
        stands = standing.id if standing else None
        if instead_of not in {"any", stands}:
            raise ConflictError("Another alert of this case stands by now, or none.", alert=stands)
        if standing is not None:
            self._make_way(connection, standing, new, now)
        chosen: dict[str, Any] = {"hospital_id": new.hospital_id, "override_reason": reason, "capable": new.capable}
        connection.execute(update(cases).where(cases.c.id == case.id).values(chosen))
        alert_id = _insert(connection, new, created_at=now, replaces=stands, idempotency_key=key, digest=digest)
        created = _recorded(alert_id, new, replace(case, **chosen), now, replaces=stands)
        answer = orjson.dumps(self._settle(connection, created, now).as_json(now, self.timers))
        connection.execute(update(alerts).where(alerts.c.id == alert_id).values(answer=answer.decode()))
        concerned = [alert_id] if stands is None else [stands, alert_id]
        self._mark(connection, concerned, now, of_cases=[case.id])
        return answer

    def _mark(self, connection: Connection, ids: Sequence[int], now: datetime, of_cases: Sequence[int] = ()) -> None:
        mark_changed(connection, self._store.bump(connection, CASE_TOPIC, now), of_cases=of_cases, of_alerts=ids)

    def _make_way(self, connection: Connection, standing: RecordedAlert, new: NewAlert, now: datetime) -> None:
        """End the alert that stands for the case of a new one: stood down, or closed where the patient had arrived and goes on."""
        arrived = standing_of(standing.alert, standing.happenings).arrived
        if arrived is None and standing.hospital_id == new.hospital_id:
            raise ConflictError("The alert to this hospital stands already.", alert=standing.id)
        kind: Kind = "closed" if arrived else "cancelled"
        ended = _happened(connection, standing, Happening(kind, now, by=new.author, reason=ANOTHER_DESTINATION))
        self._settle(connection, ended, now)

    def act(
        self,
        alert_id: int,
        kind: Kind,
        by: str,
        *,
        now: datetime,
        team: str = "",
        reason: str = "",
        hospital: str | None = None,
    ) -> RecordedAlert:
        """Record that it reached a team's screen, a team acknowledged or is activated, the hospital diverts, or the dispatcher cancels.

        Who did so first stays written; the same again changes nothing.

        Parameters
        ----------
        hospital
            Only if it is an alert to this hospital.

        Raises
        ------
        NotFoundError
            There is none with that id.
        ConflictError
            It has ended otherwise, or the patient has arrived; `facts["state"]` says how it stands.
        InvalidRequestError
            The alert does not call that team.
        """
        with self._store.writing() as connection:
            hold_cases(connection, case_of_alerts([alert_id] if 0 < alert_id <= LARGEST_ID else []))
            found = load_alert(connection, alert_id)
            if hospital is not None and found.hospital_id != hospital:
                raise no_such_alert()
            named = team or kind in {"acknowledged", "activated"}
            if named and team not in {callees.team for callees in found.alert.teams}:
                called = ", ".join(callees.team for callees in found.alert.teams)
                problem = f"is none that this alert calls: {called}"
                raise InvalidRequestError(f"team {problem}", errors=[{"field": "team", "problem": problem, "example": "emergency"}])  # fmt: skip
            standing = standing_of(found.alert, found.happenings)
            refused = refusal(standing, kind)
            if refused:
                raise ConflictError(f"This can no longer be: {refused}.", state=standing.state)
            if not any((h.kind, h.team) == (kind, team) for h in found.happenings):
                found = _happened(connection, found, Happening(kind, now, team, by=by, reason=reason))
            found = self._settle(connection, found, now)
            self._mark(connection, [alert_id], now)
            return found

    def follow(
        self, connection: Connection, case_id: int, kind: Kind, *, at: datetime, by: str, now: datetime
    ) -> Sequence[int]:
        """Let the alert of a case that has not ended arrive or close with it, in the transaction of whoever says so and holds the case.

        Returns the ids of alerts that changed.
        """
        ids = _standing_ids(connection, case_id)
        for found in load_alerts(connection, ids):
            new = not any(happening.kind == kind for happening in found.happenings)
            followed = _happened(connection, found, Happening(kind, at, by=by)) if new else found
            self._settle(connection, followed, now)
        return ids

    def set_eta(self, case_id: int, eta: datetime, *, now: datetime) -> None:
        """Say when the ambulance of a case will arrive; nothing that has happened is taken back."""
        with self._store.writing() as connection:
            hold_cases(connection, [case_id])
            ids = _standing_ids(connection, case_id)
            if ids:
                connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(eta=eta))
                for found in load_alerts(connection, ids):
                    self._settle(connection, found, now)
                self._mark(connection, ids, now)

    def get(self, alert_id: int, *, hospital: str | None = None) -> RecordedAlert:
        """One alert; with `hospital` only if it is to that one.

        Raises
        ------
        NotFoundError
            There is none with that id.
        """
        with self._store.reading() as connection:
            found = load_alert(connection, alert_id)
        if hospital is not None and found.hospital_id != hospital:
            raise no_such_alert()
        return found

    def list(
        self,
        *,
        now: datetime,
        hospital: str | None = None,
        case_id: int | None = None,
        include_ended: bool = False,
        after: int = 0,
        most: int | None = None,
    ) -> Sequence[RecordedAlert]:
        """Alerts in the order of their ids: those that stand or ended within `SHOWN_AFTER`, or all; see `CaseRecords.list`."""
        wanted = select(alerts.c.id).where(alerts.c.id > min(after, LARGEST_ID)).order_by(alerts.c.id).limit(most)
        if not include_ended:
            wanted = wanted.where(or_(alerts.c.over_at.is_(None), alerts.c.over_at > now - SHOWN_AFTER))
        if hospital is not None:
            wanted = wanted.where(alerts.c.hospital_id == hospital)
        if case_id is not None:
            wanted = wanted.where(alerts.c.case_id == min(case_id, LARGEST_ID))
        with self._store.reading() as connection:
            return load_alerts(connection, connection.execute(wanted).scalars().all())

    def work_off(self, now: datetime) -> int:
        """Do what is due by `now`: put calls into the outbox, close what stood too long. Returns how many alerts that concerned.

        That is `MOST_AT_ONCE` at the most, those that have waited longest. Any number of processes may do so at once; each thing is
        done by one of them.
        """
        waiting = select(alerts.c.id).where(alerts.c.next_at <= now).order_by(alerts.c.next_at, alerts.c.id)
        with self._store.reading() as connection:
            if connection.execute(waiting.limit(1)).one_or_none() is None:
                return 0
        with self._store.writing() as connection:
            some = connection.execute(waiting.limit(MOST_AT_ONCE)).scalars().all()
            held = hold_cases(connection, case_of_alerts(some), wait=False)  # whoever holds another does what is due
            # Asked again: another process may have done it before we held its case.
            still = waiting.where(alerts.c.id.in_(some), alerts.c.case_id.in_(held))
            ids = connection.execute(still).scalars().all()
            for found in load_alerts(connection, ids):
                self._settle(connection, found, now)
            if ids:
                self._mark(connection, ids, now)
            return len(ids)

    def look_again(self, now: datetime) -> None:
        """Let everything that stands be worked off anew: the clock was set back, and what was due soon would be so much later."""
        later = alerts.c.next_at > now
        with self._store.writing(audited=False) as connection:
            hold_cases(connection, select(alerts.c.case_id).where(later))
            connection.execute(update(alerts).where(later).values(next_at=now))

    def _settle(self, connection: Connection, found: RecordedAlert, now: datetime) -> RecordedAlert:
        """Write down what is due for an alert, and when to look again; whoever ended it, who was called is stood down."""
        now_due = due(found.alert, found.happenings, now, self.timers)
        if now_due.close:
            found = _happened(connection, found, Happening("closed", now, by=BY_ITSELF))
        elif now_due.calls:
            whom = [(call.team, call.contact) for call in now_due.calls]
            put_calls(connection, found, whom, self._contacts_via, now)
            called = tuple(Happening("called", now, team, contact) for team, contact in whom)
            found = replace(found, happenings=(*found.happenings, *called))
        ending = standing_of(found.alert, found.happenings).ending
        end_calls(connection, found, now)
        next_at = due(found.alert, found.happenings, now, self.timers).next_at
        changed = {"next_at": next_at, "over_at": ending.at if ending else None}
        connection.execute(update(alerts).where(alerts.c.id == found.id).values(changed))
        return replace(found, next_choice=next_choice(connection, found.case, found.happenings))


def _answered(connection: Connection, author: str, key: str, digest: str) -> bytes | None:
    """What was answered to the same request, None where there was none."""
    same_key = (alerts.c.author == author, alerts.c.idempotency_key == key)
    earlier = connection.execute(select(alerts.c.digest, alerts.c.answer).where(*same_key)).one_or_none()
    if earlier is not None and earlier.digest != digest:
        raise ConflictError("This Idempotency-Key was used for another request.", next_step="Send a new key with a new request.")  # fmt: skip
    return None if earlier is None else str(earlier.answer).encode()


def _insert(connection: Connection, new: NewAlert, **values: Any) -> int:
    statement = insert(alerts).values(
        case_id=new.case_id,
        hospital_id=new.hospital_id,
        telephone=new.telephone,
        teams=orjson.dumps([[callees.team, callees.phones] for callees in new.teams]).decode(),
        eta=new.eta,
        author=new.author,
        answer="",
        changed=0,  # until the end of the transaction
        **values,
    )
    return int(connection.execute(statement.returning(alerts.c.id)).scalar_one())


def _recorded(alert_id: int, new: NewAlert, case: Case, now: datetime, replaces: int | None) -> RecordedAlert:
    """A new alert, as it would be read."""
    return RecordedAlert(
        id=alert_id,
        hospital_id=new.hospital_id,
        telephone=new.telephone,
        author=new.author,
        alert=Alert(now, new.teams, new.eta),
        happenings=(),
        case=case,
        replaces=replaces,
        next_choice=None,
    )


def _override_reason(case: Case, before: Sequence[RecordedAlert], new: NewAlert) -> str:
    """Why another hospital than the first choice is alerted; "" where it is the first."""
    if new.hospital_id == case.first_choice:
        return ""
    if new.override_reason:
        return new.override_reason
    if new.hospital_id == case.hospital_id and case.override_reason:
        return case.override_reason
    for alert in before:
        ending = standing_of(alert.alert, alert.happenings).ending
        if alert.hospital_id == case.first_choice and ending is not None and ending.kind == "diverted":
            return f"{case.first_choice} diverted: {ending.reason}"
    problem = "is missing: this hospital is not the first choice"
    raise InvalidRequestError(
        f"override_reason {problem}",
        errors=[{"field": "override_reason", "problem": problem, "example": "relatives insist"}],
    )


def _happened(connection: Connection, alert: RecordedAlert, happening: Happening) -> RecordedAlert:
    """Write down what happened to an alert; returns it with that."""
    told = {"kind": happening.kind, "team": happening.team, "author": happening.by, "reason": happening.reason}
    connection.execute(insert(alert_events).values(alert_id=alert.id, at=happening.at, **told))
    return replace(alert, happenings=(*alert.happenings, happening))


def _standing_ids(connection: Connection, case_id: int) -> Sequence[int]:
    return connection.execute(
        select(alerts.c.id).where(alerts.c.case_id == case_id, alerts.c.over_at.is_(None))
    ).scalars().all()  # fmt: skip
