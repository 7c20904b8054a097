"""A clock that is set while alerts stand: nothing is lost, nothing is sent by two, and nobody waits until it is as late again as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stroke_map.live.deliveries import Outcome
from stroke_map.live.delivery_records import LEAST_ATTEMPTS
from stroke_map.live.shared_clock import SharedClock, ahead_s

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stroke_map.live import LiveStore
    from stroke_map.live.deliveries import Outgoing

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def alerted(
    store: LiveStore, add_channel: Callable, new_case: Callable, new_alert: Callable, now: datetime
) -> LiveStore:
    """An alert that stands, with a message to each of its three teams."""
    add_channel()
    store.cases.add(new_case(), now=now)
    store.alerts.create(new_alert(), key="1", digest="d", now=now)
    return store


def lease(store: LiveStore, at: datetime, by: str = "me", **how: bool) -> Sequence[Outgoing]:
    return store.deliveries.lease(by, now=at, most=50, **how)


def test_a_new_message_is_due_whatever_the_clock_of_its_writer_said(alerted: LiveStore, now: datetime) -> None:
    assert len(lease(alerted, now - 24 * HOUR)) == 3


def test_another_attempt_waits_no_longer_because_the_clock_was_set_back(alerted: LiveStore, now: datetime) -> None:
    taken = lease(alerted, now)
    alerted.deliveries.record([Outcome(one.id, "failed", "500") for one in taken], "me", now=now)
    assert lease(alerted, now) == []  # it is tried again in some seconds
    assert len(lease(alerted, now - HOUR)) == 3


def test_nobody_takes_over_what_is_leased_just_after_the_clock_was_set(alerted: LiveStore, now: datetime) -> None:
    taken = lease(alerted, now)
    for later in (now + HOUR, now - HOUR):
        assert lease(alerted, later, "other", taking_over=False) == []
    alerted.deliveries.renew([one.id for one in taken], "me", now=now + HOUR)
    assert lease(alerted, now + HOUR, "other") == []


@pytest.mark.parametrize("later", [HOUR, -HOUR])
def test_a_lease_of_somebody_who_died_ends_also_where_the_clock_was_set(
    alerted: LiveStore, now: datetime, later: timedelta
) -> None:
    first = {one.message_id for one in lease(alerted, now)}
    again = lease(alerted, now + later, "other")
    assert {one.message_id for one in again} == first


def test_a_stand_down_does_not_wait_for_a_call_whose_holder_died_before_the_clock_was_set_back(
    alerted: LiveStore, now: datetime
) -> None:
    assert len(lease(alerted, now)) == 3
    alerted.alerts.act(1, "cancelled", "d", now=now - HOUR, reason="x")
    assert lease(alerted, now - HOUR, "other", taking_over=False) == []
    lease(alerted, now - HOUR, "other")  # drops the calls, which perhaps were sent
    assert {one.kind for one in lease(alerted, now - HOUR, "other")} == {"stand_down"}


def test_a_clock_that_was_set_forwards_gives_no_message_up_at_once(alerted: LiveStore, now: datetime) -> None:
    at, tried = now + 24 * HOUR, 0
    while taken := lease(alerted, at):
        tried += 1
        alerted.deliveries.record([Outcome(one.id, "failed", "500") for one in taken], "me", now=at)
        at += 32 * SECOND
    assert tried == LEAST_ATTEMPTS
    assert {one.state for one in alerted.deliveries.list()} == {"dead"}


def calls(store: LiveStore) -> list[tuple[str, int]]:
    return [(one.team, one.contact) for one in store.deliveries.list()]


def test_silent_teams_are_called_once_more_where_the_clock_was_set_back(alerted: LiveStore, now: datetime) -> None:
    alerted.alerts.act(1, "acknowledged", "Li", now=now + 5 * SECOND, team="radiology")
    back = now - HOUR
    assert alerted.alerts.work_off(back) == 0  # nothing is due for an hour
    alerted.alerts.look_again(back)
    assert alerted.alerts.work_off(back) == 1
    assert calls(alerted)[3:] == [("emergency", 0), ("neurology", 0)]
    alerted.alerts.look_again(back)  # by another process of this machine, which noticed it too
    alerted.alerts.work_off(back)
    assert len(calls(alerted)) == 5
    alerted.alerts.work_off(back + 60 * SECOND)
    assert calls(alerted)[5:] == [("emergency", 1)]


def test_the_clock_of_the_database_is_that_of_this_machine(store: LiveStore) -> None:
    assert abs(ahead_s(store)) < 1.0
    assert abs((SharedClock(store).now() - datetime.now(UTC)).total_seconds()) < 1.0
