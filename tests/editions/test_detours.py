"""Answers while roads are closed or slow equal one reverse shortest-path tree each, from everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from stroke_map.editions.arrivals import Arrivals, build_arrivals, find_gates
from stroke_map.editions.changes import CLOSED_MS, Changes, make_changes
from stroke_map.editions.current import CurrentRanking
from stroke_map.editions.detours import turns_into
from stroke_map.editions.ranking import NEVER, Ranking, Starts
from stroke_map.registry import Hospital
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.editions import Edition

HOSPITALS = 8


class Town:
    """A network, its arrivals, and what an oracle needs of them."""

    def __init__(self, network: RoadNetwork, rng: np.random.Generator) -> None:
        points = rng.integers(len(network.point_x), size=HOSPITALS)
        hospitals = [
            Hospital(
                id=f"h{i}", name_zh=f"h{i}", lat=float(network.point_y[p]) * 1e-7, lon=float(network.point_x[p]) * 1e-7
            )
            for i, p in enumerate(points)
        ]
        self.network = network
        self.gates = find_gates(network, hospitals)
        self.arrivals: Arrivals = build_arrivals(network, self.gates)
        self.ranking = Ranking(network, self.arrivals)
        self.reverse = turns_into(network)
        self.source = np.repeat(np.arange(network.segment_count), np.diff(network.turn_first))
        first = network.stretch_first_point[:-1]
        self.x, self.y = network.point_x[first].astype(float), network.point_y[first].astype(float)

    def random_changes(self, rng: np.random.Generator, *, enclose: int | None) -> Changes:
        """Closed discs and streets in one or both directions, closed turns, slow roads; sometimes a ring round a hospital."""
        network = self.network
        closed_stretch = np.zeros(len(self.x), dtype=bool)
        for _ in range(rng.integers(1, 20)):
            middle = rng.integers(len(self.x))
            near = (
                np.hypot((self.x - self.x[middle]) * 0.8, self.y - self.y[middle]) < rng.choice([200, 600, 2000]) * 90
            )
            closed_stretch |= near & (rng.random(len(self.x)) < rng.choice([0.2, 1.0]))
        if enclose is not None:
            gate = self.gates[enclose]
            away = np.hypot((self.x - gate.lon * 1e7) * 0.8, self.y - gate.lat * 1e7)
            closed_stretch |= (away > 5000) & (away < 15000)
        closed = closed_stretch[network.segment_stretch]
        closed |= (rng.random(network.segment_count) < 0.001)[network.segment_base]
        factor = np.where(rng.random(network.segment_count) < 0.01, rng.uniform(1, 5, network.segment_count), 1.0)
        turns = np.flatnonzero(rng.random(len(network.turn_to)) < 0.001)
        return make_changes(network, closed, factor[network.segment_base], turns)

    def oracle(self, changes: Changes, column: int) -> np.ndarray:
        """float64[S] from the end of every segment to a gate, by SciPy on the graph as it is now; infinite where no way leads."""
        network, gate = self.network, self.gates[column]
        size = network.segment_count
        open_turn = ~changes.turn_closed & (changes.extra_ms[network.turn_to] != CLOSED_MS)
        now_ms = network.segment_time_ms + np.where(changes.extra_ms == CLOSED_MS, 0, changes.extra_ms).astype(float)
        before, after = self.source[open_turn], network.turn_to[open_turn]
        cost = network.turn_cost_ms[open_turn].astype(float)
        before = np.concatenate([before, changes.back_from])
        after = np.concatenate([after, changes.back[changes.back_from]])
        cost = np.concatenate([cost, np.full(len(changes.back_from), float(changes.back_ms))])
        part = np.full(size, np.nan)
        for segment, part_ms in zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True):
            copies = network.segment_base == segment
            slow = np.where(changes.extra_ms == CLOSED_MS, 0, changes.extra_ms) / network.segment_time_ms
            part[copies] = part_ms + np.rint(part_ms * slow[copies])
        onto_gate = ~np.isnan(part[after])
        rows = np.concatenate([after, np.full(onto_gate.sum(), size)])
        columns = np.concatenate([before, before[onto_gate]])
        weights = np.concatenate([cost + now_ms[after], cost[onto_gate] + part[after[onto_gate]]])
        order = np.lexsort((weights, columns, rows))
        rows, columns, weights = rows[order], columns[order], weights[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        graph = csr_matrix((weights[first], (rows[first], columns[first])), shape=(size + 1, size + 1))
        return dijkstra(graph, indices=size)[:size]

    def cost_of(self, changes: Changes, column: int, segments: np.ndarray, turns: np.ndarray) -> int:
        """What a road costs from the end of its first segment, added up one by one; it must be open throughout."""
        network, gate = self.network, self.gates[column]
        cost = 0
        for before, turn, segment in zip(segments[:-1].tolist(), turns.tolist(), segments[1:].tolist(), strict=True):
            assert changes.extra_ms[segment] != CLOSED_MS
            if turn < 0:
                assert changes.back[before] == segment
                cost += changes.back_ms
            else:
                assert network.turn_first[before] <= turn < network.turn_first[before + 1]
                assert network.turn_to[turn] == segment
                assert not changes.turn_closed[turn]
                cost += int(network.turn_cost_ms[turn])
            cost += int(network.segment_time_ms[segment]) + int(changes.extra_ms[segment])
        last = int(segments[-1])
        part = dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))[int(network.segment_base[last])]
        slow = int(np.rint(part / int(network.segment_time_ms[last]) * int(changes.extra_ms[last])))
        return cost - int(network.segment_time_ms[last]) - int(changes.extra_ms[last]) + part + slow


def _starts(segment: int) -> Starts:
    return Starts(np.array([segment], np.int32), np.array([1.0]), np.zeros(1, np.int64))


def _compare(town: Town, rng: np.random.Generator, *, sets: int, origins: int) -> int:
    network, turned_back = town.network, 0
    for number in range(sets):
        changes = town.random_changes(rng, enclose=number % HOSPITALS if number % 3 == 0 else None)
        now = CurrentRanking(town.ranking, town.reverse, changes)
        for column in range(HOSPITALS):
            wanted = town.oracle(changes, column)
            for segment in rng.integers(network.segment_count, size=origins).tolist():
                if changes.extra_ms[segment] == CLOSED_MS or network.segment_base[segment] != segment:
                    continue
                if segment in town.gates[column].segment:
                    continue  # the gate may lie right at the end; test_ranking has that case
                starts = _starts(segment)
                road = now.road(starts, column)
                assert now.bounds_ms(starts)[column] <= (road.cost_ms if road.start >= 0 else NEVER)
                if road.start < 0:
                    assert np.isinf(wanted[segment])
                    continue
                assert road.cost_ms == wanted[segment]
                assert town.cost_of(changes, column, road.segments, road.turns) == road.cost_ms
                turned_back += bool((road.turns < 0).any())
    return turned_back


@pytest.fixture(scope="module")
def malta(shared_osm: Path) -> Town:
    return Town(RoadNetwork.from_osm(shared_osm / "malta.osm.pbf", profile="car"), np.random.default_rng(3))


def test_malta_equals_scipy(malta: Town) -> None:
    assert _compare(malta, np.random.default_rng(4), sets=4, origins=150) > 0, "no road that turns back was tried"


def test_the_demonstration_city_equals_scipy(demo_edition: Edition) -> None:
    town = Town(demo_edition.network("ambulance"), np.random.default_rng(5))
    _compare(town, np.random.default_rng(6), sets=3, origins=150)


def test_without_changes_it_is_the_stored_ranking(malta: Town) -> None:
    network, rng = malta.network, np.random.default_rng(7)
    now = CurrentRanking(
        malta.ranking, malta.reverse, make_changes(network, np.zeros(network.segment_count, dtype=bool))
    )
    everyone = np.ones(HOSPITALS, dtype=bool)
    for segment in rng.integers(network.segment_count, size=60).tolist():
        starts = Starts(np.array([segment], np.int32), rng.random(1), np.zeros(1, np.int64))
        for mine, stored in zip(
            now.nearest(starts, now.bounds_ms(starts), everyone, 5),
            malta.ranking.nearest(starts, malta.ranking.bounds_ms(starts), everyone, 5),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, stored)


def test_nearest_takes_several_starts_and_settles_ties_by_column(malta: Town) -> None:
    network, rng = malta.network, np.random.default_rng(8)
    changes = malta.random_changes(rng, enclose=2)
    now = CurrentRanking(malta.ranking, malta.reverse, changes)
    everyone = np.ones(HOSPITALS, dtype=bool)
    usable = np.flatnonzero(
        (changes.extra_ms != CLOSED_MS) & (network.segment_base == np.arange(network.segment_count))
    )
    for _ in range(60):
        starts = Starts(rng.choice(usable, 3).astype(np.int32), rng.random(3), rng.integers(0, 60_000, 3))
        costs = [now.road(starts, column) for column in range(HOSPITALS)]
        wanted = sorted((road.cost_ms, column) for column, road in enumerate(costs) if road.start >= 0)[:4]
        hospitals, found = now.nearest(starts, now.bounds_ms(starts), everyone, 4)
        assert list(zip(found.tolist(), hospitals.tolist(), strict=True)) == wanted


def test_an_enclosed_origin_and_an_enclosed_hospital_have_no_road(malta: Town) -> None:
    network = malta.network
    changes = malta.random_changes(np.random.default_rng(9), enclose=1)
    now = CurrentRanking(malta.ranking, malta.reverse, changes)
    unreachable = np.isinf(malta.oracle(changes, 1)) & (changes.extra_ms != CLOSED_MS)
    own = network.segment_base == np.arange(network.segment_count)
    for segment in np.flatnonzero(unreachable & own)[:50].tolist():
        assert now.road(_starts(segment), 1).start < 0
