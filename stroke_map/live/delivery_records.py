"""The outbox as a deliverer sees it: lease what is due, say again that one is at it, write down what came of it."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.alert_reading import LARGEST_ID, load_alerts
from stroke_map.live.alert_rules import Happening, standing_of
from stroke_map.live.case_tables import alerts, deliveries
from stroke_map.live.channel_records import channels_by_id
from stroke_map.live.database import LEASING, hold_alone
from stroke_map.live.deliveries import Delivery, Outgoing
from stroke_map.live.holding import CASE_TOPIC, case_of_alerts, case_of_deliveries, hold_cases, mark_changed
from stroke_map.live.outbox import end_calls

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from stroke_map.live.alerts import RecordedAlert
    from stroke_map.live.deliveries import Outcome, Trying
    from stroke_map.live.store import LiveStore

#: So many messages of one channel are leased at once: a receiver that hangs leaves room for all others.
MOST_OF_A_CHANNEL: Final = 8
#: What lies ahead by so much more than it can was written before the clock was set back.
_SOMEWHAT: Final = timedelta(minutes=1)
_ANY_WAITS: Final = "SELECT 1 FROM deliveries WHERE due_at IS NOT NULL LIMIT 1"
#: A message is tried so often, which takes about a minute, before it is given up, however long ago it was written.
LEAST_ATTEMPTS: Final = 6
_FREE: Final[dict[str, Any]] = {"leased_by": "", "leased_until": None}


class DeliveryRecords:
    """The outbox of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails.

    Whoever changes the outbox holds the cases of the messages, as whoever changes alerts does.
    """

    def __init__(self, store: LiveStore, trying: Trying) -> None:
        self._store, self.trying = store, trying

    def lease(
        self, by: str, *, now: datetime, most: int, busy: Collection[int] = (), taking_over: bool = True
    ) -> Sequence[Outgoing]:
        """Take messages that are due, which nobody else then sends until the lease ends; calls of ended alerts are dropped.

        Parameters
        ----------
        by
            The name of this deliverer.
        most
            How many at most.
        busy
            Ids of channels that have enough to do; 0 stands for the numbers of the yearly list.
        taking_over
            Also what somebody else leased whose lease ran out. Not just after the clock was set: then those who live have not yet renewed.
        """
        with self._store.reading() as connection:
            # Nearly always there is none, and this is asked ten times a second by every server.
            if connection.exec_driver_sql(_ANY_WAITS).one_or_none() is None:
                return []
            due = self._due(now, busy, taking_over=taking_over)
            if connection.execute(select(deliveries.c.id).where(due).limit(1)).one_or_none() is None:
                return []
        of_channel = func.row_number().over(
            partition_by=_channel_key(), order_by=(deliveries.c.due_at, deliveries.c.id)
        )
        ranked = select(deliveries.c.id, deliveries.c.due_at, of_channel.label("place")).where(due).subquery()
        wanted = select(ranked.c.id).where(ranked.c.place <= MOST_OF_A_CHANNEL).order_by(ranked.c.due_at, ranked.c.id)
        with self._store.writing(audited=False) as connection:
            hold_alone(
                connection, LEASING
            )  # two deliverers would look at the same messages, and one of them go without
            ids = connection.execute(wanted.limit(most)).scalars().all()
            held = hold_cases(connection, case_of_deliveries(ids), wait=False)
            of_held = deliveries.c.alert_id.in_(select(alerts.c.id).where(alerts.c.case_id.in_(held)))
            # Asked again: somebody may have ended their alert before we held its case.
            still = select(deliveries).where(deliveries.c.id.in_(ids), of_held, due).order_by(deliveries.c.id)
            rows = connection.execute(still).all()
            of = {alert.id: alert for alert in load_alerts(connection, sorted({row.alert_id for row in rows}))}
            ended = {alert.id for alert in of.values() if _has_ended(alert)}
            # Whatever they say, the leases of these are over.
            over = deliveries.c.id.in_([row.id for row in rows if row.alert_id in ended and row.leased_until])
            connection.execute(update(deliveries).where(over).values(leased_until=now))
            for alert_id in sorted(ended):
                end_calls(connection, of[alert_id], now)
            taken = [row for row in rows if row.kind != "call" or row.alert_id not in ended]
            if taken:
                # A lease that ran out: its holder may have sent it before it died.
                perhaps = or_(deliveries.c.perhaps, deliveries.c.leased_by != "")
                lease = {
                    "leased_by": by,
                    "leased_until": now + self.trying.lease,
                    "attempts": deliveries.c.attempts + 1,
                }
                mine = deliveries.c.id.in_([row.id for row in taken])
                connection.execute(update(deliveries).where(mine).values(lease | {"perhaps": perhaps}))
            known = channels_by_id(connection, (row.channel_id for row in taken if row.channel_id is not None))
            return [
                Outgoing(
                    id=row.id,
                    message_id=row.message_id,
                    kind=row.kind,
                    alert=of[row.alert_id],
                    team=row.team,
                    contact=row.contact,
                    phone=row.phone,
                    at=row.at,
                    via=row.via,
                    channel=known.get(row.channel_id),
                )
                for row in taken
            ]

    def renew(self, ids: Collection[int], by: str, *, now: datetime) -> Collection[int]:
        """Say that one still sends these. Gives those of which it could not be said, for somebody else holds their case."""
        with self._store.writing(audited=False) as connection:
            held, left = _hold(connection, sorted(ids))
            mine = deliveries.c.id.in_([row.id for row in held]), deliveries.c.leased_by == by
            connection.execute(update(deliveries).where(*mine).values(leased_until=now + self.trying.lease))
        return left

    def record(self, outcomes: Sequence[Outcome], by: str, *, now: datetime) -> Collection[int]:
        """Write down what came of messages; the alert is thereby sent or delivered, and those who watch it are told.

        Gives the ids of those of which nothing was written, for somebody else holds their case.
        """
        with self._store.writing(audited=False) as connection:
            found, left = _hold(connection, sorted(outcome.delivery_id for outcome in outcomes))
            rows = {row.id: row for row in found}
            alert_ids = sorted({row.alert_id for row in found})
            before = load_alerts(connection, alert_ids)
            told: dict[int, list[Happening]] = defaultdict(list)
            alike: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
            for outcome in outcomes:
                row = rows.get(outcome.delivery_id)  # none: its case was deleted meanwhile, or another holds it
                changed = None if row is None else self._after(outcome, row, by, now)
                if row is not None and changed:
                    alike[tuple(changed.items())].append(row.id)
                    told[row.alert_id] += _told(row, changed)
            for values, some in alike.items():
                connection.execute(update(deliveries).where(deliveries.c.id.in_(some)).values(dict(values)))
            moved = []
            for alert in before:
                after = replace(alert, happenings=(*alert.happenings, *told[alert.id]))
                end_calls(connection, after, now)
                if _state(after) != _state(alert):
                    moved.append(alert.id)
            if moved:
                mark_changed(connection, self._store.bump(connection, CASE_TOPIC, now), of_alerts=moved)
        return left

    def _after(self, outcome: Outcome, row: Row[Any], by: str, now: datetime) -> dict[str, Any] | None:
        """What becomes of a row, None: nothing."""
        if outcome.result in {"sent", "delivered"}:
            delivered_at = row.delivered_at or (now if outcome.result == "delivered" else None)
            told = {"sent_at": row.sent_at or now, "delivered_at": delivered_at}
            return _FREE | told | {"due_at": None, "dead_at": None, "problem": ""}
        perhaps = row.perhaps or outcome.result == "perhaps"
        if row.leased_by != by:  # the lease ran out: it is in the hands of another, or done
            return {"perhaps": True} if perhaps and row.due_at is not None else None
        failed = _FREE | {"perhaps": perhaps, "problem": outcome.problem}
        # However late it is: a clock that was set forwards, or a service that was away, gives nothing up at the first attempt.
        tried = now >= (row.again_at or row.at) + self.trying.give_up_after and row.attempts >= LEAST_ATTEMPTS
        if outcome.result == "refused" or tried:
            return failed | {"due_at": None, "dead_at": now}
        return failed | {"due_at": now + self.trying.wait(row.attempts, random.random())}  # noqa: S311  only spreads load

    def list(
        self,
        *,
        hospital: str | None = None,
        alert_id: int | None = None,
        dead: bool = False,
        after: int = 0,
        newest: bool = False,
        before: int | None = None,
        most: int | None = None,
    ) -> Sequence[Delivery]:
        """Messages in the order of their ids, or the `newest` first; `dead`: only those that are given up. See `CaseRecords.list`."""
        ordered = _delivery_rows().order_by(deliveries.c.id.desc() if newest else deliveries.c.id)
        wanted = ordered.where(deliveries.c.id > min(after, LARGEST_ID)).limit(most)
        if before is not None:
            wanted = wanted.where(deliveries.c.id < min(before, LARGEST_ID))
        if hospital is not None:
            wanted = wanted.where(alerts.c.hospital_id == hospital)
        if alert_id is not None:
            wanted = wanted.where(deliveries.c.alert_id == min(alert_id, LARGEST_ID))
        if dead:
            wanted = wanted.where(deliveries.c.dead_at.is_not(None))
        with self._store.reading() as connection:
            return _deliveries(connection, connection.execute(wanted).all())

    def resend(self, delivery_id: int, *, now: datetime) -> Delivery:
        """Send a dead message again, as new: it is given up after as long again.

        Raises
        ------
        NotFoundError
            There is none with that id.
        ConflictError
            It is not dead, or calls for an alert that has ended.
        """
        here = deliveries.c.id == min(delivery_id, LARGEST_ID)
        with self._store.writing() as connection:
            hold_cases(connection, case_of_deliveries([min(delivery_id, LARGEST_ID)]))
            rows = connection.execute(_delivery_rows().where(here)).all()
            if not rows:
                raise NotFoundError("There is no delivery with that id.", next_step="List them with GET /api/v1/deliveries.")  # fmt: skip
            if rows[0].dead_at is None:
                raise ConflictError("This message is not dead.")
            return self._send_again(connection, rows, now)[0]

    def resend_of_alert(self, alert_id: int, *, now: datetime) -> Sequence[Delivery]:
        """Send every dead message of an alert again, as `resend` does each.

        Raises
        ------
        ConflictError
            None is dead, or the alert has ended and all of them are calls.
        """
        dead = deliveries.c.alert_id == min(alert_id, LARGEST_ID), deliveries.c.dead_at.is_not(None)
        with self._store.writing() as connection:
            hold_cases(connection, case_of_alerts([min(alert_id, LARGEST_ID)]))
            rows = connection.execute(_delivery_rows().where(*dead).order_by(deliveries.c.id)).all()
            if not rows:
                raise ConflictError("No message of this alert is dead.")
            return self._send_again(connection, rows, now)

    def _send_again(self, connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> Sequence[Delivery]:
        """Send again what is not a call for an alert, the one of these rows, that has ended."""
        ended = any(map(_has_ended, load_alerts(connection, [rows[0].alert_id])))
        ids = [row.id for row in rows if row.kind != "call" or not ended]
        if not ids:
            raise ConflictError("The alert has ended: nobody need be called.", reason="alert-ended")
        anew = {"due_at": now, "again_at": now, "dead_at": None, "attempts": 0, "problem": ""}
        connection.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(anew))
        self._store.audit.mention(deliveries=ids, alert=rows[0].alert_id)
        found = connection.execute(_delivery_rows().where(deliveries.c.id.in_(ids)).order_by(deliveries.c.id))
        return _deliveries(connection, found.all())

    def _due(self, now: datetime, busy: Collection[int], *, taking_over: bool) -> ColumnElement[bool]:
        """What may be sent now. A stand-down waits for the call that is on the same way: whoever gets both must get the call first.

        What nobody has tried yet is due whatever the clock of whoever wrote it said. What waits longer than anything does, or is leased
        for longer, was written before the clock was set back.
        """
        latest = now + timedelta(seconds=self.trying.longest_wait_s) + _SOMEWHAT
        longest = now + self.trying.lease + _SOMEWHAT
        when = or_(deliveries.c.due_at <= now, deliveries.c.attempts == 0, deliveries.c.due_at > latest)
        over = or_(deliveries.c.leased_until <= now, deliveries.c.leased_until > longest)
        free = or_(deliveries.c.leased_until.is_(None), over) if taking_over else deliveries.c.leased_until.is_(None)
        call = deliveries.alias()
        same_way = [call.c[name] == deliveries.c[name] for name in ("alert_id", "team", "contact", "via")]
        same_way.append(func.coalesce(call.c.channel_id, 0) == _channel_key())
        held = call.c.leased_until > now, call.c.leased_until <= longest
        after_a_call = exists().where(call.c.kind == "call", *held, *same_way)
        in_order = or_(deliveries.c.kind == "call", ~after_a_call)
        waits = deliveries.c.due_at.is_not(None)
        return and_(waits, when, free, in_order, _channel_key().not_in(sorted(busy)))


def _hold(connection: Connection, ids: Collection[int]) -> tuple[Sequence[Row[Any]], Collection[int]]:
    """Be alone with the cases of messages: the messages, and the ids of those that are left out, for somebody else holds their case.

    Nobody is waited for: whoever stands still with one case would keep the messages of all others waiting.
    """
    held = set(hold_cases(connection, case_of_deliveries(ids), wait=False))
    wanted = select(deliveries, alerts.c.case_id).join(alerts, alerts.c.id == deliveries.c.alert_id)
    rows = connection.execute(wanted.where(deliveries.c.id.in_(ids))).all()
    return [row for row in rows if row.case_id in held], {row.id for row in rows if row.case_id not in held}


def _told(row: Row[Any], changed: dict[str, Any]) -> Iterator[Happening]:
    """What becomes of a message, as its alert tells it."""
    if row.kind == "call":
        for kind in ("sent", "delivered"):
            if (at := changed.get(f"{kind}_at")) is not None:
                yield Happening(kind, at, row.team, row.contact)


def _channel_key() -> ColumnElement[int]:
    return func.coalesce(deliveries.c.channel_id, 0)


def _has_ended(alert: RecordedAlert) -> bool:
    return standing_of(alert.alert, alert.happenings).ending is not None


def _state(alert: RecordedAlert) -> str:
    return standing_of(alert.alert, alert.happenings).state


def _delivery_rows() -> Any:
    return select(deliveries, alerts.c.hospital_id).join(alerts, alerts.c.id == deliveries.c.alert_id)


def _deliveries(connection: Connection, rows: Sequence[Row[Any]]) -> Sequence[Delivery]:
    known = channels_by_id(connection, (row.channel_id for row in rows if row.channel_id is not None))
    same = (
        "id", "message_id", "alert_id", "hospital_id", "kind", "team", "contact", "via", "channel_id", "at", "due_at", "attempts",
        "sent_at", "delivered_at", "dead_at", "problem",
    )  # fmt: skip
    return [
        Delivery(
            **{name: getattr(row, name) for name in same},
            target=known[row.channel_id].shown_target if row.channel_id in known else row.phone,
        )
        for row in rows
    ]
