"""Answers while roads are closed or slow, and for callers who say where they are and which way they head."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from stroke_map.dispatch import Question, answer, prepare, remaining
from stroke_map.editions.current import CurrentRanking
from stroke_map.errors import InvalidRequestError, NoRouteError, OffNetworkError
from stroke_map.live import Closure, HospitalStatus, LiveState
from stroke_map.roads.conditional import closed_turns

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_NOON = datetime(2026, 6, 1, 12, 0, tzinfo=SHANGHAI)
STREET = {"highway": "residential"}
#: a - b - c with the hospital near c; b - d - e - c goes round.
NODES = {"a": (0, 0), "b": (1000, 0), "c": (2000, 0), "d": (1000, 600), "e": (2000, 600)}
WAYS = [("ab", "西街"), ("bc", "东街"), ("bd", "绕行路"), ("de", "绕行路"), ("ec", "绕行路")]
AB, BC, BD, CD = 1, 2, 3, 3


@pytest.fixture(scope="session")
def town(town_of):
    return town_of(NODES, [(nodes, STREET | {"name": name}) for nodes, name in WAYS], (1900, 2))


NUMBERS = itertools.count(100)


def closure(ways: tuple[int, ...], *, number: int | None = None, created_at=MONDAY_NOON, **more: Any) -> Closure:
    number = number or next(NUMBERS)  # never given twice by one database
    whole = {"begins": MONDAY_NOON - timedelta(hours=1), "reason": f"reason {number}", "author": "test"} | more
    return Closure(id=number, ways=ways, created_at=created_at, **whole)


@pytest.fixture(scope="session")
def ask_live(plain_settings, town):
    def ask(at_place, *closures, at=MONDAY_NOON, stale=False, **question):
        lat, lon = at_place
        live = LiveState(MONDAY_NOON, stale, len(closures), closures)
        return answer(town, Question(lat=lat, lon=lon, at=at, asked_at=at, **question), plain_settings, live)

    return ask


def streets(found) -> list[str]:
    return [step["name"] for step in found["hospitals"][0]["steps"]]


def each_id(found) -> int:
    (avoided,) = found["closures_avoided"]
    return avoided["id"]


def codes(found) -> set[str]:
    return {warning["code"] for warning in found["warnings"]}


def test_a_closed_street_is_driven_round_and_named(ask_live, place_of) -> None:
    usual = ask_live(place_of(100, 2))
    assert streets(usual) == ["西街", "东街", "东街"]
    assert usual["closures_avoided"] == []
    found = ask_live(place_of(100, 2), closure((BC,), direction="forward"))
    assert streets(found) == ["西街", "绕行路", "东街", "东街"]
    assert [(each["kind"], each["reason"]) for each in found["closures_avoided"]] == [
        ("closed", f"reason {each_id(found)}")
    ]
    assert found["hospitals"][0]["distance_m"] == pytest.approx(usual["hospitals"][0]["distance_m"] + 1400, abs=5)
    line = found["hospitals"][0]["geometry"]["coordinates"]
    assert line[:, 1].max() == pytest.approx(place_of(0, 600)[0], abs=1e-6)


def test_a_slow_street_counts_what_it_takes(ask_live, place_of) -> None:
    usual = ask_live(place_of(100, 2))["hospitals"][0]
    slower = ask_live(place_of(100, 2), closure((AB,), kind="slow", factor=3.0))["hospitals"][0]
    on_west_street = next(step for step in usual["steps"] if step["name"] == "西街")["travel_time_s"]
    assert slower["travel_time_s"] == pytest.approx(usual["travel_time_s"] + 2 * on_west_street, abs=0.3)
    assert sum(step["travel_time_s"] for step in slower["steps"]) == pytest.approx(slower["travel_time_s"], abs=1)


def test_a_slow_street_is_left_when_going_round_is_quicker(ask_live, place_of) -> None:
    found = ask_live(place_of(100, 2), closure((BC,), kind="slow", factor=9.0, direction="forward"))
    assert streets(found) == ["西街", "绕行路", "东街", "东街"]
    assert [each["kind"] for each in found["closures_avoided"]] == ["slow"]


@pytest.mark.parametrize(
    ("begins", "until", "holds"),
    [(-60, None, True), (-60, 1, True), (-60, 0, False), (0, 60, True), (1, 60, False), (-60, -1, False)],
)
def test_a_closure_begins_and_ends_by_itself(ask_live, place_of, begins, until, holds) -> None:
    moment = {
        name: MONDAY_NOON + timedelta(minutes=m) for name, m in (("begins", begins), ("until", until)) if m is not None
    }
    found = ask_live(place_of(100, 2), closure((BC,), direction="forward", **moment))
    assert ("绕行路" in streets(found)) == holds


def test_a_number_given_again_by_a_new_database_is_another_closure(ask_live, place_of) -> None:
    elsewhere = closure((BD,), number=1)
    assert "绕行路" not in streets(ask_live(place_of(100, 2), elsewhere))
    restarted = closure((BC,), number=1, created_at=MONDAY_NOON + timedelta(seconds=1), direction="forward")
    assert "绕行路" in streets(ask_live(place_of(100, 2), restarted))


def test_a_closed_road_under_the_caller_gives_way_to_the_next(ask_live, place_of) -> None:
    found = ask_live(place_of(900, 20), closure((AB,)))
    assert found["origin"]["snapped"]["street"] != "西街"
    assert "closed-road-at-origin" in codes(found)
    assert "closed-road-at-origin" not in codes(ask_live(place_of(900, 20), closure((BD,))))


def test_an_enclosed_hospital_has_no_road_and_an_enclosed_caller_neither(ask_live, place_of) -> None:
    with pytest.raises(NoRouteError) as refused:
        ask_live(place_of(100, 2), closure((BC,)), closure((BD,)))
    assert refused.value.facts["fallback"][0]["id"] == "h"


def test_a_stale_live_state_is_said(ask_live, place_of) -> None:
    found = ask_live(place_of(100, 2), stale=True)
    assert "live-state-stale" in codes(found)
    assert found["live_state"] == {"as_of": "2026-06-01T12:00:00+08:00", "stale": True}
    assert "live-state-stale" not in codes(ask_live(place_of(100, 2)))


def test_a_turn_forbidden_at_this_hour_counts_as_closed(demo_edition) -> None:
    profile = prepare(demo_edition).profiles["car", "all"]
    rush, noon = (datetime(2026, 11, 23, hour, 30, tzinfo=SHANGHAI) for hour in (7, 12))
    forbidden, _ = closed_turns(profile.network, rush)
    assert len(forbidden) > 0
    now = profile.at(rush, None)
    assert isinstance(now.ranking, CurrentRanking)
    assert np.flatnonzero(now.ranking.changes.turn_closed).tolist() == forbidden.tolist()
    assert profile.at(noon, None) is profile.always
    assert profile.at(rush, None) is now, "the same moment is not made ready twice"


def test_the_heading_chooses_the_direction(ask_live, place_of) -> None:
    """Heading west on the west street one cannot turn round before its end."""
    ahead = ask_live(place_of(500, 2), bearing_deg=90.0)["hospitals"][0]
    back = ask_live(place_of(500, 2), bearing_deg=270.0)["hospitals"][0]
    assert ahead["distance_m"] == pytest.approx(1400, abs=5)
    assert back["distance_m"] == pytest.approx(2400, abs=5)
    assert back["steps"][1]["maneuver"] == "uturn"
    assert ask_live(place_of(500, 2), bearing_deg=50.0)["hospitals"][0]["distance_m"] == ahead["distance_m"]


def test_a_heading_no_road_has_is_said_and_left_aside(ask_live, place_of) -> None:
    found = ask_live(place_of(500, 2), bearing_deg=0.0, bearing_tolerance_deg=20.0)
    assert "no-road-in-this-direction" in codes(found)
    assert found["hospitals"][0]["distance_m"] == pytest.approx(1400, abs=5)
    assert "no-road-in-this-direction" not in codes(ask_live(place_of(500, 2), bearing_deg=90.0))


@pytest.mark.parametrize(("field", "value"), [("on", "roof"), ("bearing_deg", 361.0), ("bearing_deg", float("nan"))])
def test_what_is_no_place_or_heading_is_refused(ask_live, place_of, field, value) -> None:
    with pytest.raises(InvalidRequestError):
        ask_live(place_of(500, 2), **{field: value})


LAYERED = {
    "a": (0, 0),
    "b": (2000, 0),
    "c": (0, 8),
    "d": (2000, 8),
    "e": (0, -8),
    "f": (2000, -8),
    "t": (-500, 0),
    "m": (0, 16),
    "n": (2000, 16),
}


@pytest.fixture(scope="session")
def layered(town_of):
    """A street, a bridge over it, a tunnel under it and a motorway beside it, all within 20 m."""
    ways = [
        ("ab", STREET | {"name": "地面"}),
        ("cd", {"highway": "primary", "bridge": "yes", "layer": "1", "name": "桥上"}),
        ("ef", {"highway": "primary", "tunnel": "yes", "layer": "-1", "name": "隧道"}),
        ("mn", {"highway": "motorway", "oneway": "no", "name": "高速"}),
        *[(pair, STREET) for pair in ("ac", "cm", "bd", "dn", "ae", "bf", "at")],
    ]
    return town_of(LAYERED, ways, (-400, 2))


@pytest.fixture(scope="session")
def ask_layered(layered, ask, place_of):
    return lambda x, y, **said: ask(layered, place_of(x, y), **said)


@pytest.mark.parametrize(
    ("said", "street"),
    [
        ({}, "地面"),
        ({"on": "bridge"}, "桥上"),
        ({"on": "tunnel"}, "隧道"),
        ({"on": "motorway"}, "高速"),
        ({"level": 1}, "桥上"),
        ({"level": -1}, "隧道"),
        ({"level": 0}, "地面"),
        ({"on": "bridge", "level": 1}, "桥上"),
    ],
)
@pytest.mark.parametrize("y", [-7.0, 0.5, 7.0])
def test_of_roads_above_each_other_the_caller_says_which(ask_layered, said, street, y) -> None:
    found = ask_layered(1000, y, **said)
    assert found["origin"]["snapped"]["street"] == street


def test_a_level_no_road_has_is_off_the_network(layered, refused, place_of) -> None:
    refused(OffNetworkError, layered, place_of(1000, 0), level=5)
    refused(OffNetworkError, layered, place_of(1000, 0), on="bridge", level=-1)


@pytest.fixture(scope="module")
def valley(make_town, write_osm, place_of):
    """a - b - c - d: `open` at b, and at the end of the valley `hours`, which has opening hours, and `always`, which has none."""
    osm = write_osm(
        {"a": (0, 0), "b": (1000, 0), "c": (2000, 0), "d": (4000, 0)}, [(nodes, STREET) for nodes in ("ab", "bc", "cd")]
    )
    sites = {"open": (900, {}), "hours": (3800, {"thrombolysis_hours": "Mo-Fr 08:00-18:00"}), "always": (3900, {})}
    rows = [
        {"id": name, "thrombolysis": "yes", "lat": place_of(x, 5)[0], "lon": place_of(x, 5)[1]} | more
        for name, (x, more) in sites.items()
    ]
    return make_town(osm, rows)


@pytest.mark.parametrize("full", [None, "hours", "always"])
def test_one_whom_a_closure_cuts_off_is_left_out_whatever_hangs_on_its_hour(valley, plain_settings, place_of, full):
    """Where no road leads now there is no hour of arrival, for opening hours or a status to be held against."""
    said = HospitalStatus(
        id=1,
        hospital_id=full,
        kind="full",
        until=MONDAY_NOON + timedelta(hours=1),
        reason="r",
        author="a",
        created_at=MONDAY_NOON,
    )
    live = LiveState(MONDAY_NOON, False, 1, (closure((CD,)),), (said,) if full else ())
    lat, lon = place_of(10, 0)
    found = answer(
        valley, Question(lat=lat, lon=lon, at=MONDAY_NOON, asked_at=MONDAY_NOON, limit=20), plain_settings, live
    )
    assert [hospital["id"] for hospital in found["hospitals"]] == ["open"]
    assert found["statuses_seen"] == []


def test_to_one_whom_a_closure_cuts_off_nothing_remains(valley, plain_settings, place_of):
    lat, lon = place_of(10, 0)
    question = Question(lat=lat, lon=lon, at=MONDAY_NOON, asked_at=MONDAY_NOON)
    live = LiveState(MONDAY_NOON, False, 1, (closure((CD,)),))
    assert remaining(valley, question, "always", plain_settings).travel_time_s > 0
    with pytest.raises(NoRouteError):
        remaining(valley, question, "always", plain_settings, live)
