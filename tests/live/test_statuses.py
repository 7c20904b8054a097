"""Statuses of hospitals in the database, in both kinds of it, and as every worker sees them."""

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from stroke_map.live import LiveStore, LiveView, NewStatus
from stroke_map.live.status_records import KEPT, STATUS_TOPIC
from stroke_map.live.statuses import CLOCK_SKEW, TROUBLES, UNCONFIRMED_FOR, longest
from stroke_map.live.tables import changes, statuses
from stroke_map.settings import read_settings

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
LONG_S = 20.0


@pytest.fixture
def new(now):
    """What is said of hospital `h`, until an hour after `now`."""

    def make(kind="full", **fields):
        said = {"hospital_id": "h", "until": now + HOUR, "reason": "no beds", "author": "X 7"}
        return NewStatus(**said | fields, kind=kind)

    return make


def kinds(found):
    return [(status.hospital_id, status.kind) for status in found]


def test_what_is_said_comes_back_as_it_was_said(store, new, now):
    status = store.statuses.set(new(open_ended=True), now=now)
    assert store.statuses.list(now=now) == [status]
    told = (status.id, status.hospital_id, status.kind, status.until, status.open_ended, status.reason, status.author)
    assert told == (1, "h", "full", now + HOUR, True, "no beds", "X 7")
    assert (status.created_at, status.ended_at, status.ended_by, status.end_reason) == (now, None, "", "")


def test_said_again_it_is_confirmed_and_the_history_keeps_both(store, new, now):
    store.statuses.set(new(), now=now)
    store.statuses.set(new("ct_down"), now=now)
    store.statuses.set(new(hospital_id="other"), now=now)
    again = now + HOUR / 2
    confirmed = store.statuses.set(new(until=again + HOUR, reason="still", author="Y 8"), now=again)
    assert kinds(store.statuses.list(now=again)) == [("h", "ct_down"), ("other", "full"), ("h", "full")]
    first = store.statuses.list(now=again, include_ended=True)[0]
    assert (first.ended_at, first.ended_by, first.end_reason, first.reason) == (again, "Y 8", "still", "no beds")
    assert (confirmed.id, confirmed.until) == (4, again + HOUR)


def test_ended_is_ended_and_says_by_whom_and_why(store, new, now):
    for kind in TROUBLES:
        store.statuses.set(new(kind), now=now)
    store.statuses.set(new(hospital_id="other"), now=now)
    (ended,) = store.statuses.end("h", "me", "repaired", now=now + SECOND, kinds=["ct_down"])
    assert (ended.kind, ended.ended_at, ended.ended_by, ended.end_reason) == ("ct_down", now + SECOND, "me", "repaired")
    assert kinds(store.statuses.end("h", "me", "all well", now=now + SECOND)) == [
        ("h", kind) for kind in TROUBLES if kind != "ct_down"
    ]
    assert store.statuses.end("h", "another", "again", now=now + SECOND) == []
    assert kinds(store.statuses.list(now=now)) == [("other", "full")]
    assert {status.ended_by for status in store.statuses.list(now=now, include_ended=True)} == {"me", ""}


def test_it_ends_by_itself_and_one_without_an_end_is_shown_for_a_shift(store, new, now):
    store.statuses.set(new("full"), now=now)
    store.statuses.set(new("ct_down", open_ended=True), now=now)
    assert kinds(store.statuses.list(now=now + HOUR - SECOND)) == [("h", "full"), ("h", "ct_down")]
    (left,) = store.statuses.list(now=now + HOUR)
    assert (left.kind, left.state(now + HOUR - SECOND), left.state(now + HOUR)) == ("ct_down", "active", "unconfirmed")
    assert left.state(left.until + UNCONFIRMED_FOR) == "over"
    assert store.statuses.list(now=now + HOUR + UNCONFIRMED_FOR - SECOND) == [left]
    assert store.statuses.list(now=now + HOUR + UNCONFIRMED_FOR) == []
    (ended,) = store.statuses.end("h", "me", "it was over", now=now + 2 * HOUR, kinds=["ct_down"])
    assert (ended.state(now + 2 * HOUR), store.statuses.list(now=now + 2 * HOUR)) == ("ended", [])


def test_it_counts_from_shortly_before_it_was_said_until_just_before_its_end(store, new, now):
    status = store.statuses.set(new(), now=now)
    assert status.span_s == ((now - CLOCK_SKEW).timestamp(), (now + HOUR).timestamp())
    (ended,) = store.statuses.end("h", "me", "over", now=now)
    begins, ends = ended.span_s
    assert begins > ends


def test_pages_follow_each_other(store, new, now):
    for number in range(5):
        store.statuses.set(new(hospital_id=f"h{number}"), now=now)
    first = store.statuses.list(now=now, most=2)
    rest = store.statuses.list(now=now, after=first[-1].id)
    assert [status.id for status in (*first, *rest)] == [1, 2, 3, 4, 5]
    assert store.statuses.list(now=now, after=10**12) == []
    assert kinds(store.statuses.list(now=now, hospital_id="h3")) == [("h3", "full")]


def test_what_was_over_for_400_days_is_deleted_when_something_is_said(store, new, now):
    long_ago = now - KEPT
    store.statuses.set(new("full", until=long_ago), now=long_ago - HOUR)
    store.statuses.set(new("ct_down", until=long_ago + SECOND), now=long_ago - HOUR)
    store.statuses.set(new("diversion", until=now + HOUR), now=long_ago - HOUR)
    store.statuses.end("h", "me", "over", now=long_ago, kinds=["diversion"])
    store.statuses.set(new("cath_lab_down"), now=now)
    assert kinds(store.statuses.list(now=now, include_ended=True)) == [("h", "ct_down"), ("h", "cath_lab_down")]


def test_two_of_one_kind_cannot_stand_beside_each_other_whoever_writes(store, new, now):
    store.statuses.set(new(), now=now)
    row = {"hospital_id": "h", "kind": "full", "until": now, "open_ended": False, "reason": "", "author": ""}
    second = statuses.insert().values(**row, created_at=now, ended_by="", end_reason="")
    with store.writing() as connection, pytest.raises(IntegrityError):
        connection.execute(second)


def test_many_who_say_the_same_at_once_leave_one(settings, store, open_store, new, now):
    stores = [open_store(settings) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda each: each.statuses.set(new(), now=now), stores))
    history = store.statuses.list(now=now, include_ended=True)
    assert [status.ended_at for status in history] == [now] * 5 + [None]


def test_every_worker_sees_each_change_at_its_next_question(store, new, now):
    views = [LiveView(store, patience_s=LONG_S) for _ in range(2)]
    (version,) = {view.state(now).version for view in views}
    for change, expected in (
        (lambda: store.statuses.set(new(), now=now), ["full"]),
        (lambda: store.statuses.set(new("ct_down"), now=now), ["full", "ct_down"]),
        (lambda: store.statuses.end("h", "me", "over", now=now, kinds=["full"]), ["ct_down"]),
    ):
        change()
        for view in views:
            state = view.state(now)
            assert (state.stale, [status.kind for status in state.statuses]) == (False, expected)
            assert state.version == version  # of closures: they are not placed on the roads again
    assert [status.kind for status in views[0].state(now + HOUR).statuses] == []


def test_a_closure_and_a_status_do_not_hide_each_other(store, new, new_closure, now):
    view = LiveView(store, patience_s=LONG_S)
    view.state(now)
    store.closures.add(new_closure(), now=now)
    store.statuses.set(new(), now=now)
    state = view.state(now)
    assert (len(state.closures), len(state.statuses)) == (1, 1)
    store.closures.end(1, "me", now=now)
    state = view.state(now)
    assert (len(state.closures), len(state.statuses)) == (0, 1)


def _say(settings, now, orders, done):
    store = LiveStore(settings)
    while (order := orders.get()) is not None:
        if order == "open":
            store.statuses.end("h", "another process", "over", now=now)
        else:
            said = NewStatus(hospital_id="h", kind=order, until=now + HOUR, reason="r", author="another process")
            store.statuses.set(said, now=now)
        done.put(os.getpid())
    store.close()


def test_what_another_process_says_is_seen_at_the_next_question(settings, store, now):
    context = multiprocessing.get_context("spawn")
    orders, done = context.Queue(), context.Queue()
    process = context.Process(target=_say, args=(settings, now, orders, done))
    process.start()
    view = LiveView(store, patience_s=LONG_S)
    seen = [kinds(view.state(now).statuses)]
    for order in ("full", "ct_down", "full", "open"):
        orders.put(order)
        assert done.get(timeout=LONG_S) != os.getpid()
        state = view.state(now)
        assert not state.stale
        seen.append([status.kind for status in state.statuses])
    orders.put(None)
    process.join()
    assert seen == [[], ["full"], ["full", "ct_down"], ["ct_down", "full"], []]


def test_each_kind_has_a_longest_duration_of_its_own():
    hours = {kind: 1.5 + number for number, kind in enumerate(TROUBLES)}
    own = read_settings({f"STROKE_MAP_LONGEST_{kind.upper()}_H": str(value) for kind, value in hours.items()})
    assert {kind: longest(kind, own) / HOUR for kind in TROUBLES} == hours
    assert {longest(kind, read_settings({})) for kind in TROUBLES} == {4 * HOUR}
    for_ever = read_settings({"STROKE_MAP_LONGEST_FULL_H": "1e300"})
    assert longest("full", for_ever) == timedelta(days=365)


ORDERS = st.lists(
    st.tuples(st.sampled_from((*TROUBLES, "open")), st.sampled_from(["a", "b"]), st.integers(1, 90)), max_size=12
)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=ORDERS)
def test_the_last_word_counts_whatever_was_said_before(sqlite_store, new, now, orders):
    """Against a dictionary: what was said last of a kind holds until its end, and nothing is ever lost from the history."""
    begun = len(sqlite_store.statuses.list(now=now, include_ended=True))
    for hospital in ("a", "b"):
        sqlite_store.statuses.end(hospital, "me", "a new example", now=now)
    expected, moment = {}, now
    for kind, hospital, minutes in orders:
        moment += timedelta(minutes=10)
        if kind == "open":
            sqlite_store.statuses.end(hospital, "me", "over", now=moment)
            expected = {key: until for key, until in expected.items() if key[0] != hospital}
        else:
            until = moment + timedelta(minutes=minutes)
            sqlite_store.statuses.set(new(kind, hospital_id=hospital, until=until), now=moment)
            expected[hospital, kind] = until
    with sqlite_store.reading() as connection:
        found = {(s.hospital_id, s.kind): s.until for s in sqlite_store.statuses.current(connection, moment)}
    assert found == {key: until for key, until in expected.items() if until > moment}
    history = sqlite_store.statuses.list(now=moment, include_ended=True)
    assert len(history) - begun == sum(kind != "open" for kind, _, _ in orders)


def test_an_earlier_form_of_the_database_is_not_taken_for_one_without_statuses(store, new, now):
    view = LiveView(store, patience_s=LONG_S)
    store.statuses.set(new(), now=now)
    assert len(view.state(now).statuses) == 1
    with store.writing() as connection:
        connection.execute(changes.delete().where(changes.c.topic == STATUS_TOPIC))
    state = view.state(now)
    assert (state.stale, len(state.statuses)) == (True, 1)
