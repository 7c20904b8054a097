import shutil
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stroke_map.live import LiveStore
from stroke_map.live.alert_records import SHOWN_AFTER
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.settings import read_settings
from stroke_map.web.alert_list import AlertLists

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CASE = NewCase(condition="stroke", question={}, answer={"hospitals": []}, edition="2026.1", first_choice="a",
               hospital_id="a", author="x")  # fmt: skip


@pytest.fixture
def store(empty_sqlite, tmp_path):
    shutil.copy(empty_sqlite, tmp_path / "live.db")
    store = LiveStore(read_settings({}, geodata_dir=tmp_path))
    yield store
    store.close()


def begin(store, now=NOW):
    """One more case whose hospital is alerted at `now`; the id of its alert."""
    case = store.cases.add(CASE, now=now)
    alert = NewAlert(case_id=case.id, hospital_id="a", telephone="1", teams=(Callees("emergency", ("1",)),), author="x")
    return orjson.loads(store.alerts.create(alert, key=str(case.id), digest="d", now=now))["id"]


def fresh(store, now, **asked):
    """The list without any memory."""
    return AlertLists(store).page(now, most=10, **asked).body


def test_a_list_is_the_same_object_until_something_changes(store):
    begin(store)
    lists = AlertLists(store)
    first = lists.page(NOW, most=10)
    assert lists.page(NOW + 119 * SECOND, most=10) is first
    assert lists.page(NOW + 120 * SECOND, most=10) is not first  # a call is due
    store.alerts.act(1, "acknowledged", "Li", team="emergency", now=NOW + SECOND)
    changed = lists.page(NOW + SECOND, most=10)
    assert changed.etag != first.etag
    assert lists.page(NOW, most=10) is not changed  # a clock that was set back


@pytest.mark.parametrize(
    ("asked", "is_kept"), [({}, True), ({"after": 0}, True), ({"after": 1}, False), ({"include_ended": True}, False)]
)
def test_only_what_is_asked_for_again_and_again_is_kept_in_memory(store, asked, is_kept):
    begin(store)
    lists = AlertLists(store)
    assert (lists.page(NOW, most=10, **asked) is lists.page(NOW, most=10, **asked)) is is_kept


def test_lists_of_different_questions_are_kept_apart(store):
    begin(store)
    lists = AlertLists(store)
    bodies = [
        lists.page(NOW, most=10, **asked).body for asked in ({"hospital": "a"}, {"hospital": "b"}, {"case_id": 7})
    ]
    assert [len(orjson.loads(body)["alerts"]) for body in bodies] == [1, 0, 0]
    assert orjson.loads(lists.page(NOW, most=10, hospital="a").body)["alerts"]


def test_an_alert_that_ended_leaves_the_list_though_nobody_writes(store):
    begin(store)
    store.alerts.act(1, "cancelled", "me", reason="x", now=NOW)
    lists = AlertLists(store)
    assert len(orjson.loads(lists.page(NOW + SHOWN_AFTER - SECOND, most=10).body)["alerts"]) == 1
    assert orjson.loads(lists.page(NOW + SHOWN_AFTER, most=10).body)["alerts"] == []


def test_pages_say_whether_there_is_more(store):
    for _ in range(3):
        begin(store)
    lists = AlertLists(store)
    assert orjson.loads(lists.page(NOW, most=2).body)["more"]
    assert not orjson.loads(lists.page(NOW, most=3).body)["more"]


@hypothesis_settings(deadline=None, max_examples=25)  # each makes a database
@given(st.lists(st.tuples(st.sampled_from(["ask", "begin", "acknowledged", "activated", "cancelled", "diverted", "work"]),
                          st.integers(0, 1500)), max_size=12))  # fmt: skip
def test_what_is_remembered_is_what_would_be_found(empty_sqlite, tmp_path_factory, deeds):
    folder = tmp_path_factory.mktemp("live")
    shutil.copy(empty_sqlite, folder / "live.db")
    store = LiveStore(read_settings({}, geodata_dir=folder))
    lists, now = AlertLists(store), NOW
    alert_id = begin(store)
    for deed, seconds in deeds:
        now += seconds * SECOND
        if deed == "begin":
            begin(store, now)
        elif deed == "work":
            store.alerts.work_off(now)
        elif (
            deed != "ask"
            and orjson.loads(fresh(store, now, case_id=alert_id, include_ended=True))["alerts"][0]["ended_at"] is None
        ):
            store.alerts.act(alert_id, deed, "x", team="emergency" if deed.endswith("ated") or deed == "acknowledged" else "", reason="x", now=now)  # fmt: skip
        for asked in ({}, {"include_ended": True}):
            assert lists.page(now, most=10, **asked).body == fresh(store, now, **asked)
    store.close()
