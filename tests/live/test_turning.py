from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from stroke_map.live import turning
from stroke_map.live.records import TOPIC
from stroke_map.live.status_records import STATUS_TOPIC
from stroke_map.live.statuses import UNCONFIRMED_FOR, NewStatus
from stroke_map.live.turning import turn_over

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def new_status(now):
    def make(**fields):
        told = {"hospital_id": "a", "kind": "full", "until": now + HOUR, "reason": "beds", "author": "x"}
        return NewStatus(**told | fields)

    return make


def test_a_closure_turns_when_it_begins_and_when_it_ends_and_then_no_more(store, new_closure, now):
    store.closures.add(new_closure(begins=now + HOUR, until=now + 2 * HOUR), new_closure(), now=now)
    assert turn_over(store, now + HOUR - SECOND) == 0
    versions = [store.version(TOPIC)]
    for at in (now + HOUR, now + 2 * HOUR):
        assert turn_over(store, at) == 1
        assert turn_over(store, at) == 0
        versions.append(store.version(TOPIC))
    assert versions == sorted(set(versions))
    assert turn_over(store, now + 1000 * HOUR) == 0


def test_what_began_and_ended_while_nobody_looked_turns_once(store, new_closure, now):
    store.closures.add(new_closure(begins=now + HOUR, until=now + 2 * HOUR), now=now)
    assert turn_over(store, now + 3 * HOUR) == 1
    assert turn_over(store, now + 4 * HOUR) == 0


@pytest.mark.parametrize(("open_ended", "moments"), [(False, [HOUR]), (True, [HOUR, HOUR + UNCONFIRMED_FOR])])
def test_a_status_turns_when_it_runs_out_and_when_it_is_no_longer_shown(store, new_status, now, open_ended, moments):
    store.statuses.set(new_status(open_ended=open_ended), now=now)
    version = store.version(STATUS_TOPIC)
    for moment in moments:
        assert turn_over(store, now + moment - SECOND) == 0
        assert turn_over(store, now + moment) == 1
        assert store.version(STATUS_TOPIC) > version
    assert turn_over(store, now + 1000 * HOUR) == 0


def test_what_somebody_ended_or_said_again_turns_no_more_at_the_old_moment(store, new_closure, new_status, now):
    (closure,) = store.closures.add(new_closure(until=now + HOUR), now=now)
    store.closures.end(closure.id, "x", now=now)
    store.statuses.set(new_status(), now=now)
    store.statuses.set(new_status(until=now + 2 * HOUR), now=now)
    store.statuses.set(new_status(kind="ct_down"), now=now)
    store.statuses.end("a", "x", "mended", now=now, kinds={"ct_down"})
    assert turn_over(store, now + HOUR) == 0
    assert turn_over(store, now + 2 * HOUR) == 1


def test_each_is_turned_by_one_of_many_and_some_at_a_time(store, new_closure, now, monkeypatch):
    monkeypatch.setattr(turning, "_MOST_AT_ONCE", 3)
    store.closures.add(*[new_closure(until=now + HOUR) for _ in range(10)], now=now)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: turn_over(store, now + HOUR), range(8)))
    assert sum(done) == 10
    assert max(done) == 3


def test_what_was_recorded_before_there_was_a_moment_turns_all_the_same(sqlite_store, new_closure, new_status, now):
    """As a database is that an earlier version of this package has written."""
    from datetime import UTC, datetime

    from alembic import command
    from alembic.config import Config

    from stroke_map.live import store as module

    store, now = sqlite_store, datetime.now(UTC)
    ended = store.closures.add(new_closure(until=now + HOUR), now=now)[0]
    store.closures.end(ended.id, "x", now=now)
    store.closures.add(
        new_closure(until=now + HOUR),
        new_closure(begins=now + HOUR),
        new_closure(begins=now - 2 * HOUR, until=now - HOUR),
        now=now,
    )
    store.statuses.set(new_status(until=now + HOUR), now=now)
    store.statuses.set(new_status(until=now - HOUR, kind="ct_down", open_ended=True), now=now)
    config = Config()
    config.set_main_option("script_location", str(module._MIGRATIONS))
    with store.writing(audited=False) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
    store.migrate()
    assert turn_over(store, now) == 0
    assert turn_over(store, now + HOUR) == 3
    assert turn_over(store, now + UNCONFIRMED_FOR) == 1
