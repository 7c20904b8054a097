"""Many write at once, each holding its case and only at the end the counter: nobody waits in a circle, and who follows changes misses none."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text, update

from stroke_map.errors import ConflictError
from stroke_map.live import database
from stroke_map.live import store as live_store
from stroke_map.live.case_tables import alerts
from stroke_map.live.changed import TOPICS, Versions, changes_since
from stroke_map.live.deliveries import Outcome
from stroke_map.live.holding import hold_cases

MINUTE = timedelta(minutes=1)
#: SQLite lets one write at a time: nobody waits there for one case alone.
on_postgres = pytest.mark.parametrize("live_database", ["postgres"], indirect=True)
TEAMS = "emergency", "radiology", "neurology"


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Whoever waits for a turn waits as long as a busy machine takes: here it is asked what is written, and not how soon."""
    for module in (database, live_store):
        monkeypatch.setattr(module, "WRITE_WAIT_S", 300.0)


def something(store, new_case, new_alert, now, number):
    """Do something to one of a few cases, as a dispatcher, a hospital, a crew, a deliverer or the clock would."""
    rng, at = random.Random(number), now + number * MINUTE / 20
    one, team = rng.randint(1, 4), rng.choice(TEAMS)
    told = new_alert(case_id=one, hospital_id=rng.choice("abc"), override_reason="x")
    things = [
        lambda: store.cases.add(new_case(), now=at),
        lambda: store.alerts.create(told, key=str(number), digest="d", now=at),
        lambda: store.alerts.create(told, key=str(number), digest="d", now=at),
        lambda: store.alerts.act(one, rng.choice(["acknowledged", "activated"]), "Li", team=team, now=at),
        lambda: store.alerts.act(one, "diverted", "Li", now=at),
        lambda: store.cases.record(one, rng.choice(["on_scene", "door", "closed"]), at, "Wu", now=at),
        lambda: store.alerts.set_eta(one, at + rng.randint(1, 9) * MINUTE, now=at),
        lambda: deliver(store, rng, at),
        lambda: store.alerts.work_off(at),
    ]
    with suppress(ConflictError):
        rng.choice(things)()


def deliver(store, rng, at):
    """Take what is due, and send it in any order."""
    me = str(rng.random())
    ids = [one.id for one in store.deliveries.lease(me, now=at, most=9)]
    rng.shuffle(ids)
    if ids:
        store.deliveries.renew(ids, me, now=at)
        store.deliveries.record([Outcome(one, "delivered") for one in ids], me, now=at)


def test_who_follows_the_changes_of_many_writers_misses_none(store, add_channel, new_case, new_alert, now):
    add_channel()
    for number in range(4):
        store.cases.add(new_case(), now=now)
        store.alerts.create(new_alert(case_id=number + 1), key=f"first {number}", digest="d", now=now)
    known, since, doing = {}, Versions(0, 0, 0), True

    def follow():
        nonlocal since
        ended = False
        while not ended:
            ended = not doing  # after which one more look sees all there is
            with store.reading() as connection:
                upto = Versions(*store.read_versions(connection, *TOPICS))
                found = changes_since(connection, since, most=10_000)
            known.update({(type(each.what), each.what.id): (each.version, each.what) for each in found.cases})
            since = upto

    with ThreadPoolExecutor(9) as pool:
        following = pool.submit(follow)
        try:
            list(pool.map(lambda number: something(store, new_case, new_alert, now, number), range(240)))
        finally:
            doing = False
        following.result()
    with store.reading() as connection:
        everything = changes_since(connection, Versions(0, 0, 0), most=10_000).cases
    assert len(everything) > 20
    assert known == {(type(each.what), each.what.id): (each.version, each.what) for each in everything}
    assert all(each.version > 0 for each in everything)


def test_two_changes_of_one_case_are_made_one_after_the_other(store, new_case, new_alert, now):
    store.cases.add(new_case(), now=now)

    def alert(number):
        told = new_alert(hospital_id="abcdef"[number], override_reason="x")
        return orjson.loads(store.alerts.create(told, key=str(number), digest="d", now=now))

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(alert, range(6)), key=lambda answer: answer["id"])
    stand = [
        one
        for one in store.alerts.list(now=now, include_ended=True)
        if not any(h.kind == "cancelled" for h in one.happenings)
    ]
    assert len(stand) == 1
    assert sorted(answer["replaces"] or 0 for answer in answers) == [0, 1, 2, 3, 4, 5]
    assert store.cases.get(1).hospital_id == stand[0].hospital_id


WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@on_postgres
def test_after_the_clock_was_set_back_nobody_waits_in_a_circle(store, new_case, new_alert, now):
    for case_id in (1, 2):
        store.cases.add(new_case(), now=now)
        store.alerts.create(new_alert(case_id=case_id), key=str(case_id), digest="d", now=now)
    with ThreadPoolExecutor(1) as pool:
        with store.writing(audited=False) as connection:
            hold_cases(connection, [1, 2])
            connection.execute(update(alerts).where(alerts.c.id == 2).values(eta=now))
            looking = pool.submit(store.alerts.look_again, now - MINUTE)
            while not looking.done() and not connection.execute(WAITING).scalar_one():
                pass  # until it waits for what is held here
            connection.execute(update(alerts).where(alerts.c.id == 1).values(eta=now))
        looking.result()
    assert store.alerts.work_off(now - MINUTE) == 2


@on_postgres
def test_a_case_that_is_held_keeps_no_message_of_another_waiting(store, add_channel, new_case, new_alert, now):
    deliveries = store.deliveries
    add_channel(team="emergency")
    for case_id in (1, 2):
        store.cases.add(new_case(), now=now)
        store.alerts.create(new_alert(case_id=case_id), key=str(case_id), digest="d", now=now)
    with store.writing(audited=False) as connection:
        hold_cases(connection, [1])
        (other,) = deliveries.lease("me", now=now, most=9)
    (first,) = deliveries.lease("me", now=now, most=9)
    assert (first.alert.case.id, other.alert.case.id) == (1, 2)
    both = [first.id, other.id]
    with store.writing(audited=False) as connection:
        hold_cases(connection, [1])
        assert deliveries.renew(both, "me", now=now + MINUTE) == {first.id}
        assert deliveries.record([Outcome(one, "delivered") for one in both], "me", now=now) == {first.id}
    assert [one.id for one in deliveries.list() if one.state == "delivered"] == [other.id]
    assert deliveries.record([Outcome(first.id, "delivered")], "me", now=now) == set()


@on_postgres
def test_a_case_that_is_held_keeps_no_alert_of_another_waiting(store, new_case, new_alert, now):
    for case_id in (1, 2):
        store.cases.add(new_case(), now=now)
        store.alerts.create(new_alert(case_id=case_id), key=str(case_id), digest="d", now=now)
    called = lambda: {one.case.id for one in store.alerts.list(now=now) if any(h.kind == "called" and h.at > now for h in one.happenings)}  # noqa: E731  # fmt: skip
    with store.writing(audited=False) as connection:
        hold_cases(connection, [1])
        assert store.alerts.work_off(now + 10 * MINUTE) == 1
        assert called() == {2}
    assert store.alerts.work_off(now + 10 * MINUTE) == 1
    assert called() == {1, 2}


def test_one_key_for_two_cases_at_once_is_refused_for_one_of_them(store, new_case, new_alert, now):
    for _ in range(4):
        store.cases.add(new_case(), now=now)

    def alert(case):
        try:
            return store.alerts.create(new_alert(case_id=case), key="k", digest=str(case), now=now)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(alert, (1, 2, 3, 4)))
    assert sum(isinstance(answer, bytes) for answer in answers) == 1
    assert {str(answer) for answer in answers if not isinstance(answer, bytes)} == {
        "This Idempotency-Key was used for another request."
    }
    assert len(store.alerts.list(now=now, include_ended=True)) == 1
