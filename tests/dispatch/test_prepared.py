"""An edition made ready once, and asked by many threads."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import orjson
import pytest

from stroke_map import dispatch
from stroke_map.dispatch import prepare
from stroke_map.editions import open_published
from stroke_map.editions.searching import search_of
from stroke_map.protocols import StrokeQuestion
from stroke_map.settings import read_settings

STREET = {"highway": "residential"}


def test_an_edition_is_made_ready_once(street) -> None:
    assert prepare(street) is prepare(street)


@pytest.fixture
def no_collector():
    """What is let go must go without the collector: a server tells it to leave alone what was loaded at its start."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_an_edition_that_is_let_go_is_gone_at_once_with_its_files(demo_geodata) -> None:
    edition = open_published(demo_geodata)
    hospital, now = edition.hospitals[0], datetime.now(edition.zone)
    onset = now - timedelta(minutes=60)
    for asked in (None, StrokeQuestion(now=now, onset=onset, scale="LAMS", score=5)):
        question = dispatch.Question(
            lat=hospital.lat, lon=hospital.lon, at=now, asked_at=now, profile="ambulance", patient=asked
        )
        assert dispatch.answer(edition, question, read_settings({}))
    search_of(edition)
    kept = [weakref.ref(it) for it in (edition, prepare(edition), edition.network("ambulance"))]
    del edition, question
    assert [it() for it in kept] == [None] * 3


def test_columns_are_those_of_the_arrivals(street) -> None:
    prepared = prepare(street)
    assert list(prepared.column) == [hospital.id for hospital in street.hospitals]
    assert list(prepared.column.values()) == list(range(len(street.hospitals)))


def test_many_threads_get_the_answers_of_one(street, ask, place_of) -> None:
    places = [place_of(250 * n, 5) for n in range(40)]

    def dumped(place) -> bytes:
        return orjson.dumps(ask(street, place, all_roads=True), option=orjson.OPT_SERIALIZE_NUMPY)

    alone = [dumped(place) for place in places]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(dumped, places * 5)) == alone * 5


def test_a_sheet_may_write_the_last_day_there_is_for_no_end(make_town, write_osm, ask, place_of) -> None:
    lat, lon = place_of(500, 0)
    row = {"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes"}
    row |= {"thrombolysis_valid_from": "0001-01-01", "thrombolysis_valid_until": "9999-12-31"}
    town = make_town(write_osm({"a": (0, 0), "b": (1000, 0)}, [("ab", STREET)]), [row])
    assert [hospital["class"] for hospital in ask(town, place_of(100, 0))["hospitals"]] == [1]
