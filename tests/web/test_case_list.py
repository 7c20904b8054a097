from datetime import UTC, datetime, timedelta

import orjson
import pytest

from stroke_map.live import LiveStore
from stroke_map.live.cases import NewCase
from stroke_map.settings import read_settings
from stroke_map.web.case_list import CaseLists

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    store = LiveStore(read_settings({}, geodata_dir=tmp_path))
    store.migrate()
    yield store
    store.close()


def begin(store, hospital="a"):
    told = {"condition": "stroke", "question": {}, "answer": {"hospitals": []}, "edition": "2026.1", "author": "x"}
    return store.cases.add(NewCase(**told, first_choice=hospital, hospital_id=hospital), now=NOW)


def ids(page):
    return [case["id"] for case in orjson.loads(page.body)["cases"]]


def test_a_list_is_the_same_object_until_something_changes(store):
    case, lists = begin(store), CaseLists(store)
    first = lists.page(most=10)
    assert ids(first) == [case.id]
    assert lists.page(most=10) is first
    store.cases.record(case.id, "door", NOW, "Li", now=NOW)
    changed = lists.page(most=10)
    assert changed.etag != first.etag
    assert orjson.loads(changed.body)["cases"] == [orjson.loads(orjson.dumps(store.cases.get(case.id).as_json()))]
    other = begin(store)
    assert ids(lists.page(most=10)) == [case.id, other.id]


def test_lists_of_different_questions_are_kept_apart_and_closed_cases_in_none(store):
    cases = [begin(store, "a"), begin(store, "b"), begin(store, "b")]
    lists = CaseLists(store)
    for _ in range(2):
        assert ids(lists.page(most=10, hospital="b")) == [cases[1].id, cases[2].id]
        assert ids(lists.page(most=10, after=cases[0].id)) == [cases[1].id, cases[2].id]
        assert ids(lists.page(most=1)) == [cases[0].id]
        assert orjson.loads(lists.page(most=1).body)["more"] is True
    store.cases.record(cases[0].id, "closed", NOW + timedelta(minutes=1), "Li", now=NOW)
    assert ids(lists.page(most=10)) == [cases[1].id, cases[2].id]
    everything = lists.page(most=10, include_closed=True)
    assert ids(everything) == [case.id for case in cases]
    assert lists.page(most=10, include_closed=True) is not everything, "a long list is not remembered"
