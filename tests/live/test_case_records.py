from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.case_records import CASE_TOPIC, MOST_EVENTS
from stroke_map.live.case_tables import alert_events, alerts, case_events, deliveries
from stroke_map.live.cases import INTERVALS, MOMENTS, timeline_of

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def test_a_case_comes_back_as_it_was_recorded(store, new_case, now):
    case = store.cases.add(new_case(vehicle="渝A·120"), now=now)
    assert (case.id, case.created_at, case.closed_at, case.timeline) == (1, now, None, {})
    assert (case.question["patient"], case.answer["hospitals"][0]["id"], case.vehicle) == ({"age": 70}, "a", "渝A·120")
    assert store.cases.get(1) == case
    assert store.cases.list() == [case]


@pytest.mark.parametrize("case_id", [0, 2, -1, 2**31, 2**80])
def test_a_case_that_is_not_there(store, new_case, now, case_id):
    store.cases.add(new_case(), now=now)
    with pytest.raises(NotFoundError):
        store.cases.get(case_id)
    with pytest.raises(NotFoundError):
        store.cases.record(case_id, "call", now, "me", now=now)


def test_of_a_moment_the_last_word_counts_and_moments_stand_in_their_order(store, new_case, now):
    store.cases.add(new_case(), now=now)
    store.cases.record(1, "door", now + 9 * MINUTE, "crew", now=now)
    store.cases.record(1, "call", now + MINUTE, "dispatcher", now=now)
    case = store.cases.record(1, "door", now + 8 * MINUTE, "crew", now=now)
    assert list(case.timeline.items()) == [("call", now + MINUTE), ("door", now + 8 * MINUTE)]
    assert timeline_of([]) == {}
    assert {name for pair in INTERVALS.values() for name in pair} <= set(MOMENTS)


def test_closed_cases_leave_the_list_and_pages_follow_each_other(store, new_case, now):
    for _ in range(4):
        store.cases.add(new_case(), now=now)
    closed = store.cases.record(2, "closed", now + MINUTE, "me", now=now)
    assert closed.closed_at == now + MINUTE
    assert [case.id for case in store.cases.list()] == [1, 3, 4]
    assert [case.id for case in store.cases.list(include_closed=True, most=2)] == [1, 2]
    assert [case.id for case in store.cases.list(include_closed=True, after=2)] == [3, 4]
    assert store.cases.list(after=2**70) == []


def test_more_words_about_a_case_than_can_be_meant_are_refused(store, new_case, now):
    store.cases.add(new_case(), now=now)
    row = {"case_id": 1, "name": "call", "at": now, "author": "me", "recorded_at": now}
    with store.writing() as connection:
        connection.execute(insert(case_events), [row] * (MOST_EVENTS - 1))
    last = store.cases.record(1, "call", now + MINUTE, "me", now=now)
    assert store.cases.record(1, "call", now + MINUTE, "me", now=now) == last, "said again alike it is no other word"
    with pytest.raises(ConflictError):
        store.cases.record(1, "call", now, "me", now=now)
    assert store.cases.record(1, "closed", now, "me", now=now).closed_at == now, "its end can be told all the same"


def test_every_change_grows_the_version(store, new_case, now):
    versions = [store.version(CASE_TOPIC)]
    store.cases.add(new_case(), now=now)
    versions.append(store.version(CASE_TOPIC))
    store.cases.record(1, "call", now, "me", now=now)
    versions.append(store.version(CASE_TOPIC))
    assert versions == sorted(set(versions))


def test_old_cases_are_deleted_with_all_that_is_theirs_and_their_figures_stay(store, new_case, new_alert, now):
    begun = now - 181 * DAY
    for _ in range(2):
        store.cases.add(new_case(override_reason="relatives"), now=begun)
    store.cases.add(new_case(), now=now - 179 * DAY)
    store.alerts.create(new_alert(), key="k", digest="d", now=begun)
    store.alerts.act(1, "diverted", "hospital", reason="CT", now=begun)
    for case_id, minutes in ((1, 10), (2, 20)):
        store.cases.record(case_id, "call", begun, "me", now=begun)
        store.cases.record(case_id, "door", begun + minutes * MINUTE, "me", now=begun)
    store.cases.record(2, "needle", begun, "me", now=begun)  # before the door: no figure
    assert store.cases.figures() == []
    assert len(store.cases.list()) == 3

    store.cases.add(new_case(), now=now)
    assert [case.id for case in store.cases.list()] == [3, 4]
    month = begun.strftime("%Y-%m")
    common = {"month": month, "condition": "stroke", "hospital_id": "a"}
    assert store.cases.figures() == [
        common | {"measure": "call_to_door", "cases": 2, "total_s": 1800},
        common | {"measure": "cases", "cases": 2, "total_s": 0},
        common | {"measure": "diverted", "cases": 1, "total_s": 0},
        common | {"measure": "overridden", "cases": 1, "total_s": 0},  # of the other, the first choice was alerted
    ]
    with store.reading() as connection:
        for table in (alerts, alert_events, deliveries, case_events):
            assert connection.execute(select(table)).all() == []


def test_how_long_cases_are_kept_is_a_setting(settings, open_store, new_case, now):
    store = open_store(replace(settings, case_keep_days=1))
    store.cases.add(new_case(), now=now - DAY)
    assert [case.id for case in (store.cases.add(new_case(), now=now), *store.cases.list())] == [2, 2]


def test_the_same_request_twice_is_one_case(store, new_case, now):
    first = store.cases.add(new_case(), now=now, key="k", digest="d")
    store.cases.record(1, "call", now, "me", now=now)
    assert store.cases.add(new_case(), now=now + MINUTE, key="k", digest="d") == replace(first, timeline={"call": now})
    with pytest.raises(ConflictError):
        store.cases.add(new_case(), now=now, key="k", digest="another")
    assert store.cases.add(new_case(author="somebody else"), now=now, key="k", digest="d").id == 2
    assert [store.cases.add(new_case(), now=now).id for _ in range(2)] == [3, 4]


def test_a_moment_is_not_overwritten_by_somebody_who_saw_another(store, new_case, now):
    store.cases.add(new_case(), now=now)
    store.cases.record(1, "door", now, "one", now=now, instead_of=None)
    for seen in (None, now + MINUTE):
        with pytest.raises(ConflictError) as refused:
            store.cases.record(1, "door", now + 2 * MINUTE, "other", now=now, instead_of=seen)
        assert refused.value.facts == {"recorded": now}
    case = store.cases.record(1, "door", now + 2 * MINUTE, "other", now=now, instead_of=now)
    assert case.timeline == {"door": now + 2 * MINUTE}
    assert store.cases.record(1, "door", now, "last word", now=now).timeline == {"door": now}
