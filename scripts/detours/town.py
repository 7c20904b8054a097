"""A network with hospitals at random, random changes to it, and what every drive then costs, by other people's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from stroke_map.editions.arrivals import Arrivals, build_arrivals, find_gates
from stroke_map.editions.changes import CLOSED_MS, Changes, make_changes
from stroke_map.editions.current import CurrentRanking
from stroke_map.editions.detours import turns_into
from stroke_map.editions.near import NearArrivals, build_near
from stroke_map.editions.near_ranking import NearRanking
from stroke_map.editions.ranking import Ranking, Starts
from stroke_map.registry import Hospital

if TYPE_CHECKING:
    from stroke_map.roads import RoadNetwork

HOSPITALS = 8
DISCS = 4.0


class Trees(NamedTuple):
    """One reverse tree to each hospital.

    Attributes
    ----------
    cost_ms
        float64[H, S] from the end of every segment as things are now; infinite where no way leads.
    turns_back
        bool[H, S] whether a quickest way from there turns back at a closure.
    """

    cost_ms: np.ndarray
    turns_back: np.ndarray


class Town:
    """A network, its arrivals, and what an oracle needs of them.

    Parameters
    ----------
    discs
        So many areas are closed at once, on average.
    nearest
        Answer from so many of the nearest hospitals of each of three groups; None: from the full table.
    """

    def __init__(
        self, network: RoadNetwork, rng: np.random.Generator, discs: float = DISCS, nearest: int | None = None
    ) -> None:
        points = rng.integers(len(network.point_x), size=5 * HOSPITALS)
        hospitals = [
            Hospital(
                id=f"h{i}", name_zh=f"h{i}", lat=float(network.point_y[p]) * 1e-7, lon=float(network.point_x[p]) * 1e-7
            )
            for i, p in enumerate(points)
        ]
        self.network, self.discs = network, discs
        # Some points are on roads that no hospital is entered from.
        self.gates = [gate for gate in find_gates(network, hospitals) if len(gate.segment)][:HOSPITALS]
        self.arrivals: Arrivals = build_arrivals(network, self.gates)
        stored: Arrivals | NearArrivals = self.arrivals
        if nearest is not None:
            groups = rng.integers(1, 8, HOSPITALS).astype(np.uint64)
            stored = build_near(network, self.gates, groups, nearest)
        self.ranking, self._form = Ranking(network, stored), CurrentRanking if nearest is None else NearRanking
        self.reverse = turns_into(network)
        self.source = np.repeat(np.arange(network.segment_count), np.diff(network.turn_first))
        first = network.stretch_first_point[:-1]
        self.x, self.y = network.point_x[first].astype(float), network.point_y[first].astype(float)

    def now(self, changes: Changes) -> CurrentRanking:
        """What is asked."""
        return self._form(self.ranking, self.reverse, changes)

    def random_changes(self, rng: np.random.Generator, *, enclose: int | None) -> Changes:
        """Closed discs and streets in one or both directions, closed turns, slow roads; sometimes all roads to a hospital.

        Now a single disc, now so many that most hospitals are far to reach; now here alone, now all over the map.
        """
        network, everywhere = self.network, rng.choice([0.0, 0.0001, 0.001])
        closed_stretch = np.zeros(len(self.x), dtype=bool)
        for _ in range(rng.geometric(1 / self.discs)):
            middle, radius_m = rng.integers(len(self.x)), rng.choice([200, 600, 2000])
            near = np.hypot((self.x - self.x[middle]) * 0.8, self.y - self.y[middle]) < radius_m * 90
            # Not everything in the largest: many hospitals would lie in one.
            closed_stretch |= near & (rng.random(len(self.x)) < rng.choice([0.2, 1.0 if radius_m < 2000 else 0.05]))
        if enclose is not None:
            within_ms = self.gates[enclose].part_ms.max() + rng.uniform(30_000, 120_000)
            near = self.arrivals.time[:, enclose] < within_ms / self.arrivals.quantum_ms
            into = network.turn_to[near[network.turn_to] & ~near[self.source]]
            closed_stretch[network.segment_stretch[into]] = True
        closed = closed_stretch[network.segment_stretch]
        closed |= (rng.random(network.segment_count) < everywhere)[network.segment_base]
        slow = rng.random(network.segment_count) < 10 * everywhere
        factor = np.where(slow, rng.uniform(1, 5, network.segment_count), 1.0)
        turns = np.flatnonzero(rng.random(len(network.turn_to)) < everywhere)
        return make_changes(network, closed, factor[network.segment_base], turns)

    def origins(self, changes: Changes) -> np.ndarray:
        """int32[n]: the segments on which a drive may begin now: open, and standing for themselves."""
        own = self.network.segment_base == np.arange(self.network.segment_count)
        return np.flatnonzero(own & (changes.extra_ms != CLOSED_MS)).astype(np.int32)

    def graph(self, changes: Changes, column: int) -> csr_matrix:
        """Rows and columns are segments, and the gate of a hospital as one more; entry (to, from) is turning and driving onto `to`."""
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
        return csr_matrix((weights[first], (rows[first], columns[first])), shape=(size + 1, size + 1))

    def trees(self, changes: Changes) -> Trees:
        """The trees of all hospitals, by SciPy."""
        found = [self._tree(changes, column) for column in range(HOSPITALS)]
        return Trees(*(np.stack(parts) for parts in zip(*found, strict=True)))

    def _tree(self, changes: Changes, column: int) -> tuple[np.ndarray, np.ndarray]:
        gate = self.network.segment_count
        cost_ms, following = dijkstra(self.graph(changes, column), indices=gate, return_predecessors=True)
        # Where one may turn back there is no other way on. Each round looks twice as far ahead.
        turns_back = np.isin(np.arange(gate + 1), changes.back_from) & np.isfinite(cost_ms)
        following = np.where(following < 0, gate, following)
        while (following != gate).any():
            turns_back |= turns_back[following]
            following = following[following]
        return cost_ms[:-1], turns_back[:-1]

    def networkx_cost_ms(self, changes: Changes, column: int) -> np.ndarray:
        """float64[S]: one of `Trees.cost_ms`, by NetworkX."""
        graph = nx.from_scipy_sparse_array(self.graph(changes, column), create_using=nx.DiGraph, edge_attribute="ms")
        found = nx.single_source_dijkstra_path_length(graph, self.network.segment_count, weight="ms")
        return np.array([found.get(segment, np.inf) for segment in range(self.network.segment_count)])

    def expected_ms(self, changes: Changes, trees: Trees, starts: Starts) -> np.ndarray:
        """float64[H]: the least, over the starts, of what beginning costs, the rest of that segment, and the tree from its end.

        A gate that lies ahead on the very segment is reached without leaving it.
        """
        expected = np.full(HOSPITALS, np.inf)
        for segment, share, walk_ms in zip(*(array.tolist() for array in starts), strict=True):
            parts_ms = np.array([self.network.segment_time_ms[segment], changes.extra_ms[segment]], dtype=float)
            rest_ms = walk_ms + np.rint((1.0 - share) * parts_ms).sum()
            expected = np.minimum(expected, rest_ms + trees.cost_ms[:, segment])
            for column, gate in enumerate(self.gates):
                for part_ms in gate.part_ms[gate.segment == segment].tolist():
                    ahead_ms = (np.rint(part_ms / parts_ms[0] * parts_ms) - np.rint(share * parts_ms)).sum()
                    if ahead_ms >= 0:
                        expected[column] = min(expected[column], walk_ms + ahead_ms)
        return expected

    def cost_of(self, changes: Changes, column: int, segments: np.ndarray, turns: np.ndarray) -> int:
        """What a road costs from the end of its first segment, added up one by one; it must be open throughout."""
        network, gate = self.network, self.gates[column]
        cost = 0
        for before, turn, segment in zip(segments[:-1].tolist(), turns.tolist(), segments[1:].tolist(), strict=True):
            require(changes.extra_ms[segment] != CLOSED_MS, "the road is closed")
            if turn < 0:
                require(changes.back[before] == segment, "nobody may turn back here")
                cost += changes.back_ms
            else:
                own = network.turn_first[before] <= turn < network.turn_first[before + 1]
                require(own and network.turn_to[turn] == segment, "no such turn")
                require(not changes.turn_closed[turn], "the turn is closed")
                cost += int(network.turn_cost_ms[turn])
            cost += int(network.segment_time_ms[segment]) + int(changes.extra_ms[segment])
        last = int(segments[-1])
        part = dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))[int(network.segment_base[last])]
        slow = int(np.rint(part / int(network.segment_time_ms[last]) * int(changes.extra_ms[last])))
        return cost - int(network.segment_time_ms[last]) - int(changes.extra_ms[last]) + part + slow


def require(truth: bool, otherwise: str) -> None:
    """End the run where something that must hold does not."""
    if not truth:
        raise SystemExit(f"WRONG: {otherwise}")
