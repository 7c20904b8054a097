"""What is restored goes on where nobody is misled: no id means two things, and nobody is called for a patient of long ago."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from stroke_map.backups import back_up, restore
from stroke_map.backups.resting import RESTORED
from stroke_map.live import LiveStore
from stroke_map.live.alert_rules import standing_of
from stroke_map.live.channels import NewChannel
from stroke_map.live.counting import count
from stroke_map.live.deliveries import Outcome

BY = {"actor": "li", "role": "command line", "action": "stroke-map restore"}


@pytest.fixture(params=["sqlite", "postgres"])
def target(request, empty):
    """An empty place for a backup, with a database of each kind."""
    if request.param == "sqlite":
        return empty
    return replace(empty, database_url=request.getfixturevalue("postgres_databases").emptied("restored_to"))


def test_an_id_that_was_given_after_the_backup_is_not_given_again(sqlite_settings, target, write_once, now, tmp_path):
    with closing(LiveStore(sqlite_settings)) as store:
        made = back_up(sqlite_settings, tmp_path / "backups", now=now)  # of tables that never held a row, too
        write_once(store, 0)
        seen = store.alerts.list(now=now)[-1]
    restore(target, made.folder, by=BY)
    with closing(LiveStore(target)) as store:
        write_once(store, 1)
        given = store.alerts.list(now=now)[-1]
    assert (given.id, given.case.id) == (seen.id + 100_000, seen.case.id + 100_000)


@pytest.fixture
def calling(sqlite_settings, write_once, now):
    """A service with an alert whose calls wait; the first of them is being sent."""
    with closing(LiveStore(sqlite_settings)) as store:
        store.channels.add(NewChannel(hospital_id="a", kind="email", target="a@example.org", author="test"), now=now)
        write_once(store, 0)
        assert len(store.deliveries.lease("deliverer", now=now, most=1)) == 1
    return sqlite_settings


def test_nobody_is_called_by_itself_for_a_patient_of_the_backup(calling, target, now, tmp_path):
    made, later = back_up(calling, tmp_path / "backups", now=now), now + timedelta(hours=1)
    restore(target, made.folder, by=BY, now=later)
    with closing(LiveStore(target)) as store:
        (alert,) = store.alerts.list(now=later)
        assert store.alerts.work_off(later + timedelta(hours=22)) == 0
        store.alerts.act(
            alert.id, "delivered", "screen", now=later, team="emergency"
        )  # as an open screen does by itself
        store.alerts.act(alert.id, "acknowledged", "nurse", now=later, team="emergency")
        assert store.deliveries.lease("deliverer", now=later + timedelta(hours=1), most=99) == []
        told = store.deliveries.list(alert_id=alert.id)
        # What waited, and what was due since: it is written down, and not sent either.
        assert {(one.state, one.dead_at, one.problem) for one in told} == {("dead", later, RESTORED)}
        assert store.audit.list(action=BY["action"])[0]["about"]["kept_back"] == len(told)
        assert store.audit.verify()[1] == []


def test_an_alert_of_the_backup_still_stands_and_can_be_worked_with(calling, target, now, tmp_path):
    made, later = back_up(calling, tmp_path / "backups", now=now), now + timedelta(hours=1)
    restore(target, made.folder, by=BY, now=later)
    with closing(LiveStore(target)) as store:
        (alert,) = store.alerts.list(now=later)
        assert {state: number for state, (number, _) in count(store, later).alerts.items()} == {"created": 1}
        assert alert.as_json(later, store.alerts.timers)["telephone_now"]
        first = store.deliveries.list(alert_id=alert.id)[0]
        assert store.deliveries.resend(first.id, now=later).state == "waiting"
        assert [one.id for one in store.deliveries.lease("deliverer", now=later, most=99)] == [first.id]
        store.deliveries.record([Outcome(first.id, "sent")], "deliverer", now=later)
        store.alerts.act(alert.id, "cancelled", "wang", now=later)
        # Also those whom the lost service may have called.
        stood_down = {one.team for one in store.deliveries.list(alert_id=alert.id) if one.kind == "stand_down"}
        assert stood_down == {"emergency", "radiology", "neurology"}


@pytest.mark.parametrize("after_h", [1, 48])
def test_an_alert_of_the_backup_closes_by_itself_as_any(calling, target, now, tmp_path, after_h):
    made = back_up(calling, tmp_path / "backups", now=now)
    restore(target, made.folder, by=BY, now=now + timedelta(hours=after_h))
    with closing(LiveStore(target)) as store:
        store.alerts.work_off(now + timedelta(hours=24))
        (alert,) = store.alerts.list(now=now, include_ended=True)
        assert standing_of(alert.alert, alert.happenings).ending.kind == "closed"
        assert store.deliveries.lease("deliverer", now=now + timedelta(hours=49), most=99) == []


def test_one_whose_patient_has_arrived_closes_so_long_after_that(calling, target, now, tmp_path):
    arrived = now + timedelta(hours=20)
    with closing(LiveStore(calling)) as store:
        (alert,) = store.alerts.list(now=now)
        store.cases.record(alert.case.id, "door", arrived, "wang", now=arrived)
    made = back_up(calling, tmp_path / "backups", now=now)
    restore(target, made.folder, by=BY, now=arrived)
    with closing(LiveStore(target)) as store:
        assert store.alerts.work_off(arrived + timedelta(hours=23, minutes=59)) == 0
        assert store.alerts.work_off(arrived + timedelta(hours=24)) == 1
