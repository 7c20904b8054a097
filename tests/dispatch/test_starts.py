"""Where a drive may begin: places where the nearest line on the map is the wrong road."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from stroke_map.dispatch import prepare
from stroke_map.dispatch.starts import find_starts
from stroke_map.errors import OffNetworkError
from stroke_map.settings import read_settings

STREET = {"highway": "residential"}


def street_of(answer):
    return answer["origin"]["snapped"]["street"]


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway", "oneway": "no"},
        {"highway": "motorway_link", "oneway": "no"},
        {"highway": "primary", "motorroad": "yes"},
        {"highway": "primary", "tunnel": "yes", "layer": "-1"},
        {"highway": "primary", "bridge": "yes", "layer": "1"},
        {"route": "ferry", "duration": "00:05"},
    ],
)
def test_nobody_starts_on_a_motorway_tunnel_bridge_or_ferry(town_of, ask, place_of, tags) -> None:
    """It runs 5 m from the point; the street below is 25 m away."""
    nodes = {"a": (0, 0), "b": (2000, 0), "c": (0, 30), "d": (2000, 30), "t": (-500, 0)}
    ways = [
        ("ab", STREET | {"name": "街"}),
        ("ac", STREET),
        ("bd", STREET),
        ("at", STREET),
        ("cd", tags | {"name": "高"}),
    ]
    edition = town_of(nodes, ways, (1900, -10))
    found = ask(edition, place_of(700, 25))
    assert street_of(found) == "街"
    assert found["origin"]["snapped"]["distance_m"] == pytest.approx(25, abs=0.2)
    assert found["hospitals"][0]["distance_m"] == pytest.approx(1200, abs=3)


def test_both_carriageways_are_candidates(town_of, ask, place_of) -> None:
    """The nearer one leads away for 4 km before one can turn; crossing the road on foot is quicker."""
    nodes = {"a": (0, 0), "b": (4000, 0), "c": (4000, 20), "d": (0, 20), "e": (5000, 10), "w": (-1000, 10)}
    one_way = {"highway": "primary", "oneway": "yes"}
    ways = [("ab", one_way | {"name": "东行"}), ("cd", one_way | {"name": "西行"})]
    ways += [("bec", STREET), ("dwa", STREET)]
    edition = town_of(nodes, ways, (4900, 5))
    found = ask(edition, place_of(2000, 22))
    assert street_of(found) == "东行"
    first = found["hospitals"][0]
    walk_s = 20 * 3.6 / 4
    assert first["travel_time_s"] == pytest.approx(sum(s["travel_time_s"] for s in first["steps"]) + walk_s, abs=0.3)
    # West-bound, for a patient in a hurry to the west.
    west = town_of(nodes, ways, (-900, 5))
    assert street_of(ask(west, place_of(2000, 22))) == "西行"


@pytest.mark.parametrize(("walk_kph", "street"), [(4.0, "near"), (400.0, "far")])
def test_a_farther_road_costs_the_walk_to_it(town_of, ask, place_of, walk_kph, street) -> None:
    """The far road is a little quicker: worth it only to somebody who walks as fast as a train."""
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (0, 25), "d": (1000, 25), "t": (1200, 0), "u": (-200, 0)}
    ways = [
        ("ab", STREET | {"name": "near", "maxspeed": "30"}),
        ("cd", {"highway": "primary", "name": "far", "maxspeed": "40"}),
        *(("bd", STREET), ("ac", STREET), ("bt", STREET), ("au", STREET)),
    ]
    edition = town_of(nodes, ways, (1150, 0))
    found = ask(edition, place_of(700, 10), settings=read_settings({}, walk_speed_kph=walk_kph))
    assert street_of(found) == street


def test_a_road_beyond_the_spread_is_no_candidate(town_of, plain_settings, place_of) -> None:
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (0, 39), "d": (1000, 39), "e": (0, -61), "f": (1000, -61), "t": (-99, 0)}
    edition = town_of(nodes, [*((pair, STREET) for pair in ("ab", "cd", "ef", "ac", "bd", "ae", "bf", "at"))], (900, 0))
    starts, found, *_ = find_starts(prepare(edition).profiles["car", "all"].always, *place_of(500, 5), plain_settings)
    assert found.distance_m.tolist() == pytest.approx([5, 34], abs=0.1)
    walk_ms = round(29 * 3600 / plain_settings.walk_speed_kph)
    assert starts.extra_ms.tolist() == pytest.approx([0, 0, walk_ms, walk_ms], abs=100)
    assert starts.share.tolist() == pytest.approx([0.5] * 4, abs=1e-4)


def test_a_road_from_which_no_hospital_is_reached_is_no_start(town_of, ask, place_of) -> None:
    nodes = {"a": (0, 0), "b": (1000, 0), "x": (400, 30), "y": (600, 30)}
    edition = town_of(nodes, [("ab", STREET | {"name": "街"}), ("xy", STREET | {"name": "院内"})], (900, 0))
    assert street_of(ask(edition, place_of(500, 29))) == "街"


def test_the_start_is_the_projection_and_not_a_junction(town_of, ask, place_of) -> None:
    nodes = {"a": (0, 0), "b": (2000, 0)}
    edition = town_of(nodes, [("ab", STREET)], (1900, 0))
    found = ask(edition, place_of(1234, 40))
    snapped = found["origin"]["snapped"]
    assert (snapped["lat"], snapped["lon"]) == pytest.approx(place_of(1234, 0), abs=2e-7)
    assert found["hospitals"][0]["distance_m"] == pytest.approx(666, abs=2)


def test_too_far_from_any_road_says_how_far(town_of, ask, refused, place_of) -> None:
    edition = town_of({"a": (0, 0), "b": (2000, 0)}, [("ab", STREET)], (1900, 0))
    found = ask(edition, place_of(1000, 999))
    assert found["origin"]["snapped"]["distance_m"] == pytest.approx(999, abs=1)
    assert [warning["code"] for warning in found["warnings"]] == ["far-from-road"]
    error = refused(OffNetworkError, edition, place_of(1000, 1001))
    assert error.facts["nearest_m"] == pytest.approx(1001, abs=1)
    assert [hospital["id"] for hospital in error.facts["fallback"]] == ["h"]


def test_candidates_are_those_that_shapely_finds(malta_edition, plain_settings) -> None:
    """Random places of Malta: the same streets, as near, whichever way they are looked for."""
    profile = prepare(malta_edition).profiles["car", "all"].always
    network = profile.network
    usable = np.flatnonzero(profile.usable(None, None))
    rng = np.random.default_rng(3)
    scale = np.cos(np.radians(35.9))
    points = np.stack([network.point_x * 1e-7 * scale, network.point_y * 1e-7], axis=1) * 111_195.08
    first = network.stretch_first_point
    tree = shapely.STRtree([shapely.LineString(points[first[n] : first[n + 1]]) for n in usable])
    asked = 0
    for stretch in rng.choice(usable, 60):
        x, y = (float(values[first[stretch]]) * 1e-7 for values in (network.point_x, network.point_y))
        lon, lat = x + rng.normal(0, 4e-4), y + rng.normal(0, 4e-4)
        here = shapely.Point(lon * scale * 111_195.08, lat * 111_195.08)
        near = tree.query(here, predicate="dwithin", distance=400)
        distance = shapely.distance(here, tree.geometries[near])
        expected = {int(n) for n, d in zip(usable[near], distance, strict=True) if d <= distance.min() + 30}
        edge = {int(n) for n, d in zip(usable[near], distance, strict=True) if abs(d - distance.min() - 30) < 0.3}
        found = find_starts(profile, lat, lon, plain_settings).snapped
        assert set(found.stretch.tolist()) ^ expected <= edge
        assert found.distance_m[0] == pytest.approx(distance.min(), abs=0.1 + distance.min() * 1e-3)
        assert found.distance_m[0] == found.distance_m.min()
        asked += 1
    assert asked == 60
