"""Where hospitals are entered from the road."""

from __future__ import annotations

import numpy as np
import osmium
import pytest

from stroke_map.editions.arrivals import UNREACHABLE, build_arrivals
from stroke_map.editions.gates import GATE_LIMIT_M, find_gates
from stroke_map.editions.ranking import NEVER, Ranking, Starts
from stroke_map.registry import Hospital
from stroke_map.roads import RoadNetwork

STREET = {"highway": "residential"}
#: A street along the x axis, and at 100 m north of it a road of the kind in question that it is joined to at both ends; one can
#: turn round only at the dead end in the west.
LADDER = {"a": (0, 0), "b": (1000, 0), "c": (0, 100), "d": (1000, 100), "t": (-300, 0)}


def hospital(at, entrance=None, name="h") -> Hospital:
    (lat, lon), (entrance_lat, entrance_lon) = at, entrance or at
    return Hospital(id=name, name_zh=name, lat=lat, lon=lon, entrance_lat=entrance_lat, entrance_lon=entrance_lon)


def ways_of(network, gate) -> set[int]:
    return set(network.stretch_way_id[network.segment_stretch[gate.segment]].tolist())


@pytest.fixture(scope="module")
def ladder(write_osm):
    def build(tags: dict[str, str]) -> RoadNetwork:
        ways = [("ab", STREET), ("ac", STREET), ("bd", STREET), ("cd", tags), ("at", STREET)]
        return RoadNetwork.from_osm(write_osm(LADDER, ways), profile="car")

    return build


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ({"highway": "primary"}, 4),
        ({"highway": "service"}, 4),
        ({"highway": "service", "access": "customers"}, 4),
        ({"highway": "motorway", "oneway": "no"}, 1),
        ({"highway": "motorway_link", "oneway": "no"}, 1),
        ({"highway": "primary", "tunnel": "yes"}, 1),
        ({"highway": "primary", "bridge": "yes", "layer": "1"}, 1),
        ({"highway": "primary", "bridge": "viaduct"}, 1),
        ({"route": "ferry"}, 1),
    ],
)
def test_nobody_enters_from_a_motorway_tunnel_bridge_or_ferry(ladder, place_of, tags, way) -> None:
    network = ladder(tags)
    (gate,) = find_gates(network, [hospital(place_of(500, 90))])
    assert ways_of(network, gate) == {way}
    assert gate.distance_m == pytest.approx(10 if way == 4 else 90, abs=0.5)


def test_a_gate_is_the_nearest_position_in_both_directions(ladder, place_of) -> None:
    network = ladder(STREET)
    (gate,) = find_gates(network, [hospital(place_of(250, -20))])
    assert sorted(network.segment_forward[gate.segment].tolist()) == [False, True]
    time_ms = network.segment_time_ms[gate.segment]
    share = dict(zip(network.segment_forward[gate.segment].tolist(), (gate.part_ms / time_ms).tolist(), strict=True))
    assert share[True] == pytest.approx(0.25, abs=1e-4)
    assert share[False] == pytest.approx(0.75, abs=1e-4)
    assert (gate.lat, gate.lon) == pytest.approx(place_of(250, 0), abs=2e-7)


def test_the_entrance_counts_and_not_the_site(ladder, place_of) -> None:
    network = ladder(STREET)
    (gate,) = find_gates(network, [hospital(place_of(500, 90), entrance=place_of(500, 10))])
    assert ways_of(network, gate) == {1}


def test_an_entrance_at_a_crossing_is_on_all_its_streets(ladder, place_of) -> None:
    network = ladder(STREET)
    (gate,) = find_gates(network, [hospital(place_of(0, 0))])
    assert ways_of(network, gate) == {1, 2, 5}
    assert len(gate.segment) == 6


@pytest.mark.parametrize("oneway", ["yes", "-1"])
def test_on_a_one_way_street_one_arrives_in_its_direction(write_osm, place_of, oneway) -> None:
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (500, 500)}
    ways = [("ab", STREET | {"oneway": oneway}), ("bca", STREET)]
    network = RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")
    (gate,) = find_gates(network, [hospital(place_of(300, -5))])
    assert network.segment_forward[gate.segment].tolist() == [oneway == "yes"]


def test_a_road_that_the_main_part_does_not_reach_is_no_gate(write_osm, place_of) -> None:
    """A yard of its own, and a street that can only be left: neither can be driven to."""
    nodes = {**LADDER, "x": (400, 60), "y": (600, 60), "p": (1200, 60), "q": (1010, 60)}
    ways = [("ab", STREET), ("ac", STREET), ("bd", STREET), ("cd", STREET), ("xy", STREET), ("at", STREET)]
    ways += [("pq", STREET | {"oneway": "yes"}), ("qb", STREET | {"oneway": "yes"})]
    network = RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")
    yard, only_out = find_gates(network, [hospital(place_of(500, 60)), hospital(place_of(1150, 61))])
    assert ways_of(network, yard) == {4}
    assert ways_of(network, only_out) == {3}


def test_a_road_that_can_be_reached_but_not_left_is_a_gate(write_osm, place_of) -> None:
    nodes = {**LADDER, "z": (2000, 0)}
    ways = [
        ("ab", STREET),
        ("ac", STREET),
        ("bd", STREET),
        ("cd", STREET),
        ("at", STREET),
        ("bz", STREET | {"oneway": "yes"}),
    ]
    network = RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")
    (gate,) = find_gates(network, [hospital(place_of(1500, 10))])
    assert ways_of(network, gate) == {6}


def test_a_direction_that_only_some_streets_lead_to_counts_for_them(write_osm, place_of) -> None:
    """Nobody of the main part comes down the hospital's street from the north; who lives there does, and is there at once."""
    nodes = {**LADDER, "y": (500, 600), "x": (500, 1600), "z": (500, 0), "w": (1000, 600)}
    ways = [("azb", STREET), ("ac", STREET), ("bd", STREET), ("cd", STREET), ("at", STREET), ("zy", STREET)]
    ways += [("xy", STREET | {"oneway": "yes"}), ("ywd", STREET | {"oneway": "yes"})]
    network = RoadNetwork.from_osm(write_osm(nodes, ways), profile="car")
    (gate,) = find_gates(network, [hospital(place_of(500, 400))])
    assert sorted(network.segment_forward[gate.segment].tolist()) == [False, True]
    (above,) = np.flatnonzero(network.stretch_way_id[network.segment_stretch] == 7)
    starts = Starts(np.array([above], np.int32), np.array([0.5]), np.zeros(1, np.int64))
    _, _, segments, _, _ = Ranking(network, build_arrivals(network, [gate])).road(starts, 0)
    assert network.stretch_way_id[network.segment_stretch[segments]].tolist() == [7, 6]


def test_a_hospital_far_from_every_road_has_no_gate_and_is_never_ranked(ladder, place_of) -> None:
    network = ladder(STREET)
    hospitals = [hospital(place_of(500, -GATE_LIMIT_M - 1)), hospital(place_of(500, -GATE_LIMIT_M + 1))]
    far, near = find_gates(network, hospitals)
    assert (len(far.segment), len(far.part_ms)) == (0, 0)
    assert far.distance_m == pytest.approx(GATE_LIMIT_M + 1, abs=1)
    assert (far.lat, far.lon) == pytest.approx(place_of(500, -GATE_LIMIT_M - 1))
    assert len(near.segment) == 2
    arrivals = build_arrivals(network, [far, near])
    assert (arrivals.time[:, 0] == UNREACHABLE).all()
    assert arrivals.gate_first.tolist() == [0, 0, 2]
    starts = Starts(near.segment, np.array([0.3, 0.7]), np.zeros(2, np.int64))
    ranking = Ranking(network, arrivals)
    bounds_ms = ranking.bounds_ms(starts)
    assert bounds_ms[0] == NEVER
    found, _ = ranking.nearest(starts, bounds_ms, np.ones(2, bool), 2)
    assert found.tolist() == [1]


def test_two_hospitals_may_share_a_gate(ladder, place_of) -> None:
    network = ladder(STREET)
    first, second, other = find_gates(network, [hospital(place_of(x, 30)) for x in (400, 400, 700)])
    np.testing.assert_array_equal(first.segment, second.segment)
    arrivals = build_arrivals(network, [first, other, second])
    np.testing.assert_array_equal(arrivals.time[:, 0], arrivals.time[:, 2])
    starts = Starts(first.segment[:1], np.zeros(1), np.zeros(1, np.int64))
    ranking = Ranking(network, arrivals)
    found, costs = ranking.nearest(starts, ranking.bounds_ms(starts), np.ones(3, bool), 2)
    assert found.tolist() == [0, 2]
    assert costs[0] == costs[1] == first.part_ms[0]


def test_no_hospital_has_no_gate(ladder) -> None:
    assert find_gates(ladder(STREET), []) == []


def test_every_hospital_of_malta_has_a_gate_that_is_no_tunnel_or_bridge(malta_edition, shared_osm) -> None:
    """Read from the road file's own tags, not from the flags by which gates are chosen."""
    ways = osmium.FileProcessor(shared_osm / "malta.osm.pbf", osmium.osm.WAY).with_filter(
        osmium.filter.KeyFilter("highway")
    )
    tags = {way.id: dict(way.tags) for way in ways}
    for profile in ("car", "ambulance"):
        network = malta_edition.network(profile)
        for gate in find_gates(network, malta_edition.hospitals):
            assert len(gate.segment)
            assert gate.distance_m < 50
            for way in ways_of(network, gate):
                assert tags[way].get("tunnel", "no") == tags[way].get("bridge", "no") == "no"
                assert not tags[way]["highway"].startswith("motorway")
