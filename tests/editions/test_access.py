"""The nearest capable hospital of every place on the road, against NetworkX and a plain loop over many places."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.editions.access import MAIN_CAPABILITIES, Access, able_on, measure_access
from stroke_map.editions.arrivals import build_arrivals, find_gates
from stroke_map.editions.pieces import NEVER_MS
from stroke_map.registry import Capability, Hospital
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = -1
SAMPLES = 200


def hospital(name: str, at: tuple[float, float], *able: str) -> Hospital:
    capabilities = {one: Capability(status="yes" if one in able else "no") for one in MAIN_CAPABILITIES}
    return Hospital(id=name, name_zh=name, lat=at[0], lon=at[1], capabilities=capabilities)


@pytest.fixture(scope="module")
def network(write_osm) -> RoadNetwork:
    """Nine crossings, 600 m apart, with one-way streets, a long bend, a dead end and an island that no road leads off."""
    nodes = {chr(97 + 3 * row + column): (600 * column, 600 * row) for row in range(3) for column in range(3)}
    nodes |= {"p": (2400, 300), "q": (2400, 1500), "x": (-4000, 0), "y": (-5000, 0)}
    street, oneway = {"highway": "residential"}, {"highway": "tertiary", "oneway": "yes"}
    ways = [("abc", street), ("def", oneway), ("ihg", oneway), ("adg", oneway), ("beh", street), ("cfi", street)]
    return RoadNetwork.from_osm(
        write_osm(nodes, [*ways, ("cpqi", {"highway": "primary"}), ("xy", street)]), profile="car"
    )


@pytest.fixture(scope="module")
def hospitals(place_of) -> list[Hospital]:
    """Two on one street, one on a one-way street, one that can do nothing."""
    return [
        hospital("a", place_of(150, 5), "thrombolysis"),
        hospital("b", place_of(420, -5), "thrombolysis", "thrombectomy"),
        hospital("c", place_of(900, 605), "thrombolysis", "primary_pci"),
        hospital("d", place_of(600, 300)),
    ]


def access_of(network: RoadNetwork, hospitals: list[Hospital], **options: object) -> Access:
    return measure_access(network, build_arrivals(network, find_gates(network, hospitals)), hospitals, **options)


@pytest.fixture(scope="module")
def access(network, hospitals) -> Access:
    return access_of(network, hospitals)


def to_gates_ms(network: RoadNetwork, hospitals: list[Hospital]) -> list[tuple[dict[int, int], dict[int, float]]]:
    """For each hospital the parts of its gate's segments, and the time from the end of every segment, by NetworkX."""
    found = []
    for gate in find_gates(network, hospitals):
        graph, part_ms = network.to_networkx(), dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))
        for goal in [segment for segment, base in graph.nodes(data="base") if base in part_ms]:
            rest_ms = graph.nodes[goal]["time_ms"] - part_ms[graph.nodes[goal]["base"]]
            for before, _, cost_ms in list(graph.in_edges(goal, data="cost_ms")):
                known = graph.get_edge_data(before, GOAL, {"cost_ms": np.inf})["cost_ms"]
                graph.add_edge(before, GOAL, cost_ms=min(known, cost_ms - rest_ms))
        lengths = nx.single_source_dijkstra_path_length(graph.reverse(copy=False), GOAL, weight="cost_ms")
        found.append((part_ms, lengths))
    return found


def plain_ms(
    network: RoadNetwork, reached: tuple[dict[int, int], dict[int, float]], stretch: int, share: float
) -> float:
    """From one place to one hospital."""
    part_ms, lengths = reached
    best = np.inf
    for segment, done in zip(network.stretch_segment[stretch].tolist(), (share, 1 - share), strict=True):
        if segment >= 0:
            whole = float(network.segment_time_ms[segment])
            best = min(best, (1 - done) * whole + lengths.get(segment, np.inf))
            if segment in part_ms and part_ms[segment] >= done * whole:
                best = min(best, part_ms[segment] - done * whole)
    return best


@pytest.fixture(scope="module")
def sampled(network, hospitals) -> np.ndarray:
    """float64[N, SAMPLES, H] milliseconds from the middle of every 200th part of every stretch, one by one."""
    reached = to_gates_ms(network, hospitals)
    shares = (np.arange(SAMPLES) + 0.5) / SAMPLES
    return np.array([
        [[plain_ms(network, one, stretch, share) for one in reached] for share in shares]
        for stretch in range(len(network.stretch_length_m))
    ])  # fmt: skip


def test_every_place_is_as_far_as_networkx_says(access, network, hospitals, sampled) -> None:
    stretch, sample = np.indices(sampled.shape[:2])
    ms, nearest = access.at(stretch.ravel(), (sample.ravel() + 0.5) / SAMPLES)
    assert access.capabilities == MAIN_CAPABILITIES
    for k, name in enumerate(access.capabilities):
        able = np.flatnonzero(able_on(hospitals, name, None))
        expected = sampled[:, :, able].min(axis=2).ravel()
        known = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(ms[:, k]), known)
        # Rounded down to a quantum; and a gate is kept to the millisecond, each way.
        short_by_ms = expected[known] - ms[known, k]
        assert short_by_ms.min() >= -2
        assert short_by_ms.max() < access.arrivals.quantum_ms + 2
        assert set(nearest[known, k].tolist()) <= set(able.tolist())
        own = sampled.reshape(-1, len(hospitals))[known, nearest[known, k]]
        np.testing.assert_allclose(own, expected[known], atol=access.arrivals.quantum_ms + 2)
        assert (nearest[~known, k] == -1).all()
    assert 0.02 < (~np.isfinite(ms)).mean() < 0.3, "the island"


@pytest.mark.parametrize("limit_s", [5, 20, 45, 90, 150])
@pytest.mark.parametrize("name", MAIN_CAPABILITIES)
def test_the_share_within_a_limit_is_that_of_many_places(access, hospitals, sampled, name, limit_s) -> None:
    able = able_on(hospitals, name, None)
    expected = (sampled[:, :, able].min(axis=2) <= limit_s * 1000).mean(axis=1)
    pieces = access.pieces
    got = np.bincount(pieces.stretch, weights=access.within(name, limit_s * 1000) * (pieces.end - pieces.begin))
    np.testing.assert_allclose(got, expected, atol=2.5 / SAMPLES)


@pytest.mark.parametrize("name", MAIN_CAPABILITIES)
def test_catchments_are_those_of_many_places(access, network, hospitals, sampled, name) -> None:
    able = np.flatnonzero(able_on(hospitals, name, None))
    length = access.network.stretch_length_m.astype(float)
    known = np.isfinite(sampled[:, :, able]).any(axis=2)
    expected = np.zeros(len(hospitals))
    np.add.at(expected, able[sampled[:, :, able].argmin(axis=2)], known * (length / SAMPLES)[:, None])
    nearest, share = access.catchment(name)
    got = np.bincount((nearest + 1).ravel(), (share * access.pieces.length_m[:, None]).ravel(), len(hospitals) + 1)
    np.testing.assert_allclose(got[1:], expected, atol=2.5 / SAMPLES * 600 * len(length) ** 0.5)
    assert got.sum() == pytest.approx(length.sum())


def test_pieces_are_the_whole_road_in_order(access, network) -> None:
    pieces = access.pieces
    assert len(pieces) == len(network.stretch_length_m) + 4, "cut at four gates, none of them at a crossing"
    np.testing.assert_allclose(np.bincount(pieces.stretch, pieces.length_m), network.stretch_length_m)
    assert (pieces.end > pieces.begin).all()
    at = pieces.at(pieces.stretch, (pieces.begin + pieces.end) / 2)
    np.testing.assert_array_equal(at, np.arange(len(pieces)))
    np.testing.assert_array_equal(pieces.at(np.array([0]), np.array([1.0])), [np.flatnonzero(pieces.stretch == 0)[-1]])


def test_a_metre_before_a_gate_the_gate_is_ahead(access, network, hospitals) -> None:
    for column, gate in enumerate(find_gates(network, hospitals)[:3]):
        segment = gate.segment[0]
        share = (gate.part_ms[0] - 100) / network.segment_time_ms[segment]
        share = share if network.segment_forward[segment] else 1 - share
        ms, nearest = access.at(np.array([network.segment_stretch[segment]]), np.array([share]))
        assert ms[0, 0] == pytest.approx(100, abs=2)
        assert nearest[0, 0] == column


def test_only_what_is_accredited_on_the_day_counts(place_of) -> None:
    told = Capability(status="yes", valid_from=date(2026, 3, 1), valid_until=date(2026, 6, 30))
    one = Hospital(id="a", name_zh="a", lat=29.55, lon=106.55, capabilities={"thrombectomy": told})
    days = {
        date(2026, 2, 28): False,
        date(2026, 3, 1): True,
        date(2026, 6, 30): True,
        date(2026, 7, 1): False,
        None: True,
    }
    assert {day: bool(able_on([one], "thrombectomy", day)[0]) for day in days} == days
    assert not able_on([one], "thrombolysis", None)[0], "unknown is not yes"


def test_roads_outside_the_region_are_not_counted(network, hospitals, place_of) -> None:
    (south, west), (north, east) = place_of(-100, -100), place_of(1300, 100)
    access = access_of(network, hospitals, region=shapely.box(west, south, east, north))
    counted = np.unique(access.pieces.stretch[access.counted])
    middle = (network.stretch_first_point[counted] + network.stretch_first_point[counted + 1] - 1) // 2
    assert len(counted) > 0
    assert (network.point_y[middle] * 1e-7 < north).all()
    assert network.stretch_length_m[counted].sum() < network.stretch_length_m.sum() / 2


def test_without_a_hospital_that_can_nothing_is_covered(network, place_of) -> None:
    access = access_of(network, [hospital("d", place_of(600, 300))])
    assert (access.left_ms == NEVER_MS).all()
    assert access.within("thrombectomy", 60 * 60_000).sum() == 0
    assert (access.catchment("thrombectomy")[0] == -1).all()


@given(st.lists(st.tuples(st.floats(0, 1200), st.floats(0, 1200)), min_size=2, max_size=5), st.floats(1, 300))
def test_one_more_hospital_never_lowers_coverage_and_bands_nest(network, place_of, places, limit_s) -> None:
    made = [hospital(f"h{number}", place_of(*at), "thrombectomy") for number, at in enumerate(places)]
    with_all, without_last = access_of(network, made), access_of(network, made[:-1])

    def km(access: Access, limit_ms: float) -> float:
        return float(access.pieces.length_m @ access.within("thrombectomy", limit_ms))

    assert km(with_all, limit_s * 1000) >= km(without_last, limit_s * 1000) - 0.2  # 3 ms of rounding at each end
    assert km(with_all, limit_s * 1000 * 1.5) >= km(with_all, limit_s * 1000)
    assert km(with_all, NEVER_MS - 1) <= network.stretch_length_m.sum() + 1e-6


def test_legs_are_the_straight_parts_of_the_counted_roads(access, network) -> None:
    legs = access.legs
    counted = np.unique(access.pieces.stretch[access.counted])
    length_m = np.bincount(legs.stretch, legs.length_m, minlength=len(network.stretch_length_m))
    np.testing.assert_allclose(length_m[counted], network.stretch_length_m[counted], rtol=1e-3)
    assert np.delete(length_m, counted).sum() == 0
    assert 0 < len(counted) < len(length_m)
    bend = int(np.bincount(legs.stretch).argmax())
    mine = legs.stretch == bend
    assert mine.sum() == 3, "the way round by p and q"
    assert (np.diff(legs.middle[mine]) > 0).all()
    np.testing.assert_allclose(legs.middle[mine][0] * 2, legs.length_m[mine][0] / legs.length_m[mine].sum())
    np.testing.assert_array_equal(network.point_stretch[legs.first + 1], legs.stretch)


def test_progress_ends_at_one(network, hospitals) -> None:
    told: list[float] = []
    note: Callable[[float], None] = told.append
    access_of(network, hospitals, progress=note)
    assert told[-1] == 1
