"""From hospital to hospital."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from stroke_map.dispatch import prepare
from stroke_map.live import Closure, LiveState

STREET = {"highway": "residential"}
#: A street with a way round its middle: a - b - c - d, and b - e - c.
NODES = {"a": (0, 0), "b": (1000, 0), "c": (3000, 0), "d": (4000, 0), "e": (2000, 1500)}
WAYS = ["ab", "bc", "cd", "bec"]


@pytest.fixture(scope="module")
def town(make_town, write_osm, place_of):
    places = {"west": (500, 5), "middle": (2000, 5), "east": (3500, 5), "far-east": (3900, 5)}
    rows = [
        {"id": name, "lat": place_of(*at)[0], "lon": place_of(*at)[1], "thrombolysis": "yes"}
        for name, at in places.items()
    ]
    return make_town(write_osm(NODES, [(names, STREET) for names in WAYS]), rows, profiles=("car",))


@pytest.fixture
def roads(town, monday_noon):
    return prepare(town).profiles["car", "all"].at(monday_noon, None)


def legs(edition, roads, start, wanted, partners=()):
    """{hospital: minutes} from one hospital to others."""
    column = prepare(edition).column
    mask = np.zeros(len(column), dtype=bool)
    mask[[column[name] for name in wanted]] = True
    found = roads.transfers.legs(column[start], mask, tuple(column[name] for name in partners))
    names = {at: name for name, at in column.items()}
    return {names[leg.column]: leg.travel_min for leg in found}


def test_the_time_is_that_of_the_road_between_the_two_gates(town, roads):
    found = legs(town, roads, "west", ["middle", "east", "far-east"])
    network, arrivals, column = roads.network, town.arrivals("car"), prepare(town).column
    for name, minutes in found.items():
        places = [(arrivals.gate_lat[column[end]], arrivals.gate_lon[column[end]]) for end in ("west", name)]
        assert minutes * 60 == pytest.approx(network.route(*places).travel_time_s, abs=0.01)
    assert sorted(found, key=found.get) == ["middle", "east", "far-east"]


def test_a_hospital_sends_nobody_on_to_itself(town, roads):
    assert legs(town, roads, "west", ["west", "east"]).keys() == {"east"}


def test_only_hospitals_that_are_wanted_are_gone_on_to(town, roads):
    assert legs(town, roads, "west", ["far-east"]).keys() == {"far-east"}
    assert legs(town, roads, "west", [], partners=["east"]) == {}


def test_a_partner_is_weighed_however_far_it_is(make_town, write_osm, place_of, monday_noon):
    rows = []
    for number in range(12):
        lat, lon = place_of(500 + 1000 * number, 5)
        rows.append({"id": f"h{number}", "lat": lat, "lon": lon, "thrombolysis": "yes"})
    osm = write_osm({"w": (0, 0), "e": (13_000, 0)}, [("we", STREET)])
    edition = make_town(osm, rows, profiles=("car",))
    roads = prepare(edition).profiles["car", "all"].at(monday_noon, None)
    everywhere = [row["id"] for row in rows]
    assert list(legs(edition, roads, "h0", everywhere)) == [f"h{number}" for number in range(1, 9)]
    assert list(legs(edition, roads, "h0", everywhere, partners=["h11", "h2"]))[-2:] == ["h8", "h11"]


def test_a_closed_road_is_gone_round_between_hospitals_too(town, roads, monday_noon):
    closed = Closure(
        id=1,
        ways=(2,),
        begins=monday_noon - timedelta(hours=1),
        reason="slide",
        author="test",
        created_at=monday_noon,
    )
    now = prepare(town).profiles["car", "all"].at(monday_noon, LiveState(monday_noon, False, 1, (closed,)))
    usual, round_it = legs(town, roads, "west", ["east"]), legs(town, now, "west", ["east"])
    assert round_it["east"] > usual["east"] + 1
    # The gate of `middle` lies on the closed street: nobody gets out of it, and nobody in.
    assert legs(town, now, "middle", ["east"]) == {}
    assert legs(town, now, "west", ["middle"]) == {}
