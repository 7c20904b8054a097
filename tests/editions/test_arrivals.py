"""Stored arrivals: lower bounds within a quantum, the same in memory and on disk."""

from __future__ import annotations

import numpy as np
import pytest

from stroke_map.editions.arrivals import _ARRAYS, UNREACHABLE, Arrivals, build_arrivals, find_gates
from stroke_map.editions.gates import Gate
from stroke_map.editions.trees import NEVER_MS, arrival_tree, reverse_turns
from stroke_map.errors import EditionDamagedError
from stroke_map.registry import Hospital
from stroke_map.roads import RoadNetwork
from stroke_map.roads.profile import load_profile

SIDE_M = 400.0


@pytest.fixture(scope="module")
def crossing(write_osm) -> RoadNetwork:
    """Two streets that cross, one of them one-way from west to east."""
    nodes = {"w": (0, 0), "c": (SIDE_M, 0), "e": (2 * SIDE_M, 0), "n": (SIDE_M, SIDE_M), "s": (SIDE_M, -SIDE_M)}
    street = {"highway": "residential"}
    return RoadNetwork.from_osm(write_osm(nodes, [("wce", street | {"oneway": "yes"}), ("ncs", street)]), profile="car")


def hospital(at, name="h") -> Hospital:
    lat, lon = at
    return Hospital(id=name, name_zh=name, lat=lat, lon=lon)


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_stored_times_are_lower_bounds_within_a_quantum(malta_edition, profile) -> None:
    network, arrivals = malta_edition.network(profile), malta_edition.arrivals(profile)
    turns = reverse_turns(network)
    gates = find_gates(network, malta_edition.hospitals)
    assert arrivals.time.shape == (network.segment_count, len(gates))
    for column, gate in enumerate(gates):
        left_ms, turn = arrival_tree(network, turns, gate)
        stored = arrivals.time[:, column]
        np.testing.assert_array_equal(stored == UNREACHABLE, left_ms == NEVER_MS)
        np.testing.assert_array_equal(arrivals.next_turn[:, column], turn)
        known = stored != UNREACHABLE
        short_by_ms = left_ms[known] - stored[known].astype(np.int64) * arrivals.quantum_ms
        assert short_by_ms.min() >= 0
        assert short_by_ms.max() < arrivals.quantum_ms
        first, last = arrivals.gate_first[column : column + 2]
        np.testing.assert_array_equal(arrivals.gate_segment[first:last], gate.segment)
        np.testing.assert_array_equal(arrivals.gate_part_ms[first:last], gate.part_ms)


def test_several_trees_at_once_are_the_trees_one_by_one(malta_edition) -> None:
    network = malta_edition.network("car")
    gates = find_gates(network, malta_edition.hospitals)[:6]
    told: list[tuple[int, int]] = []
    together = build_arrivals(network, gates, lambda done, total: told.append((done, total)), threads=4)
    alone = build_arrivals(network, gates, threads=1)
    assert told == [(done, 6) for done in range(1, 7)]
    for name in _ARRAYS:
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


def test_what_is_saved_is_loaded_read_only(crossing, place_of, tmp_path) -> None:
    built = build_arrivals(
        crossing, find_gates(crossing, [hospital(place_of(SIDE_M, 200)), hospital(place_of(0, 9e4))])
    )
    built.save(tmp_path / "all")
    loaded = Arrivals.load(tmp_path / "all")
    assert loaded.quantum_ms == built.quantum_ms
    for name in _ARRAYS:
        kept, made = getattr(loaded, name), getattr(built, name)
        np.testing.assert_array_equal(kept, made)
        assert (kept.dtype, kept.flags.writeable, made.flags.writeable) == (made.dtype, False, False)


@pytest.mark.parametrize("name", [*(f"{array}.npy" for array in _ARRAYS), "arrivals.json"])
@pytest.mark.parametrize("damage", ["missing", "cut short", "nonsense"])
def test_an_incomplete_table_is_named(crossing, place_of, tmp_path, name, damage) -> None:
    build_arrivals(crossing, find_gates(crossing, [hospital(place_of(SIDE_M, 200))])).save(tmp_path / "all")
    path = tmp_path / "all" / name
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[:-1] if damage == "cut short" else b"[" * len(content))
    with pytest.raises(EditionDamagedError) as raised:
        Arrivals.load(tmp_path / "all")
    assert raised.value.facts["files"] == ["all"]


def test_only_stretches_that_lead_to_a_hospital_are_starts(write_osm, place_of) -> None:
    """A street of its own has no hospital, and a ferry is no place to start from."""
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1500, 0), "d": (2000, 0), "x": (0, 900), "y": (500, 900)}
    street, ferry = {"highway": "residential"}, {"route": "ferry", "duration": "00:10"}
    network = RoadNetwork.from_osm(
        write_osm(nodes, [("ab", street), ("bc", ferry), ("cd", street), ("xy", street)]), profile="car"
    )
    arrivals = build_arrivals(network, find_gates(network, [hospital(place_of(100, 0))]))
    assert sorted(network.stretch_way_id[arrivals.reaches].tolist()) == [1, 3]


def test_no_hospital_near_any_road_makes_a_table_that_reaches_nothing(crossing, place_of) -> None:
    arrivals = build_arrivals(crossing, find_gates(crossing, [hospital(place_of(0, 90_000))]))
    assert (arrivals.time == UNREACHABLE).all()
    assert not arrivals.reaches.any()
    assert arrivals.gate_first.tolist() == [0, 0]


def test_a_table_without_columns_is_empty(crossing) -> None:
    arrivals = build_arrivals(crossing, [])
    assert arrivals.time.shape == arrivals.next_turn.shape == (crossing.segment_count, 0)
    assert not arrivals.reaches.any()


@pytest.mark.parametrize("oneway", ["yes", "no"])
def test_a_single_street_is_a_network(write_osm, place_of, oneway) -> None:
    osm = write_osm({"a": (0, 0), "b": (500, 0)}, [("ab", {"highway": "residential", "oneway": oneway})])
    network = RoadNetwork.from_osm(osm, profile="car")
    arrivals = build_arrivals(network, find_gates(network, [hospital(place_of(250, 10))]))
    assert arrivals.reaches.tolist() == [True]
    assert (arrivals.time != UNREACHABLE).any() == (oneway == "no")


def tiny(time_ms: list[int], turns: dict[int, list[tuple[int, int]]]) -> RoadNetwork:
    """A network of given segment times and turns `{from: [(to, cost)]}`, each segment a stretch of its own."""
    size = len(time_ms)
    rows = [turns.get(segment, []) for segment in range(size)]
    flat = [turn for row in rows for turn in row]
    arrays = {
        "segment_stretch": np.arange(size, dtype=np.int32),
        "segment_base": np.arange(size, dtype=np.int32),
        "segment_time_ms": np.array(time_ms, dtype=np.int32),
        "turn_first": np.cumsum([0, *map(len, rows)]).astype(np.int64),
        "turn_to": np.array([to for to, _ in flat], dtype=np.int32),
        "turn_cost_ms": np.array([cost for _, cost in flat], dtype=np.int32),
        "stretch_class": np.zeros(size, dtype=np.uint8),
        "stretch_start_allowed": np.ones(size, dtype=bool),
    }
    return RoadNetwork(load_profile("car"), arrays, {}, {})


def test_a_table_in_which_every_hospital_is_at_once_there_has_a_quantum() -> None:
    network = tiny([5, 5], {0: [(1, 0)]})
    arrivals = build_arrivals(network, [Gate(np.array([1], np.int32), np.zeros(1, np.int32), 0.0, 0.0, 0.0)])
    assert arrivals.quantum_ms == 1
    assert arrivals.time[:, 0].tolist() == [0, UNREACHABLE]


def test_drives_longer_than_the_table_holds_stay_lower_bounds() -> None:
    ten_hours_ms = 36_000_000
    network = tiny([ten_hours_ms] * 3, {0: [(1, 7)], 1: [(2, 7)]})
    arrivals = build_arrivals(network, [Gate(np.array([2], np.int32), np.array([5], np.int32), 0.0, 0.0, 0.0)])
    assert arrivals.quantum_ms == 500
    assert arrivals.time[:, 0].tolist() == [UNREACHABLE - 1, 0, UNREACHABLE]


@pytest.mark.parametrize(("longest_ms", "quantum_ms"), [(65_534, 1), (65_535, 2), (131_068, 2), (131_069, 3)])
def test_the_quantum_is_the_finest_that_holds_the_longest_drive(longest_ms, quantum_ms) -> None:
    network = tiny([5, 5], {0: [(1, 0)]})
    gate = Gate(np.array([1], np.int32), np.array([longest_ms], np.int32), 0.0, 0.0, 0.0)
    arrivals = build_arrivals(network, [gate])
    assert arrivals.quantum_ms == quantum_ms
    assert arrivals.time[0, 0] == longest_ms // quantum_ms < UNREACHABLE


def test_a_drive_longer_than_an_integer_holds_is_no_way() -> None:
    """The longest a segment can take is 2^30 ms; two of them and the sum must not turn negative."""
    network = tiny([2**30] * 4, {at: [(at + 1, 0)] for at in range(3)})
    gate = Gate(np.array([3], np.int32), np.zeros(1, np.int32), 0.0, 0.0, 0.0)
    left_ms, _ = arrival_tree(network, reverse_turns(network), gate)
    assert left_ms.tolist() == [NEVER_MS, 2**30, 0, NEVER_MS]
