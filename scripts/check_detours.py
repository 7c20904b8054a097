#!/usr/bin/env python3
"""Check answers under closures against one reverse shortest-path tree each, by SciPy, and by NetworkX for one tree in fifty.

    .venv/bin/python scripts/check_detours.py ../shared/osm/malta.osm.pbf --sets 25 --origins 1000

Every set of changes closes discs and streets (one or both directions), bans turns and slows roads at random; every third encloses a
hospital. An answer that differs by a millisecond ends the run.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click
import networkx as nx
import numpy as np
from rich.progress import track
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from stroke_map.editions.arrivals import Arrivals, build_arrivals, find_gates
from stroke_map.editions.changes import CLOSED_MS, Changes, make_changes
from stroke_map.editions.current import CurrentRanking
from stroke_map.editions.detours import turns_into
from stroke_map.editions.ranking import NEVER, Ranking, Starts
from stroke_map.registry import Hospital
from stroke_map.roads import RoadNetwork

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

    def oracle(self, changes: Changes, column: int) -> np.ndarray:
        """float64[S] from the end of every segment to a gate as things are now; infinite where no way leads."""
        return dijkstra(self.graph(changes, column), indices=self.network.segment_count)[:-1]

    def networkx_oracle(self, changes: Changes, column: int) -> np.ndarray:
        """The same by NetworkX."""
        graph = nx.from_scipy_sparse_array(self.graph(changes, column), create_using=nx.DiGraph, edge_attribute="ms")
        found = nx.single_source_dijkstra_path_length(graph, self.network.segment_count, weight="ms")
        return np.array([found.get(segment, np.inf) for segment in range(self.network.segment_count)])

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


@dataclass
class Compared:
    """How much was compared: answers, of which with no road, with turning back; and NetworkX trees."""

    answers: int = 0
    without_road: int = 0
    turned_back: int = 0
    networkx_trees: int = 0


def starts_at_end(segment: int) -> Starts:
    """A drive that begins at the end of a segment."""
    return Starts(np.array([segment], np.int32), np.array([1.0]), np.zeros(1, np.int64))


def compare(town: Town, rng: np.random.Generator, *, sets: int, origins: int | None) -> Compared:
    """Ask from random origins (None: from all) under random changes; every answer must equal the trees.

    Raises
    ------
    SystemExit
        An answer is wrong: says which.
    """
    compared, everywhere = Compared(), np.arange(town.network.segment_count)
    for number in track(range(sets), "sets of changes", disable=not sys.stderr.isatty()):
        changes = town.random_changes(rng, enclose=number % HOSPITALS if number % 3 == 0 else None)
        now = CurrentRanking(town.ranking, town.reverse, changes)
        for column in range(HOSPITALS):
            wanted = town.oracle(changes, column)
            if (number * HOSPITALS + column) % 50 == 0:
                require(np.array_equal(wanted, town.networkx_oracle(changes, column)), "SciPy and NetworkX differ")
                compared.networkx_trees += 1
            chosen = everywhere if origins is None else rng.integers(len(everywhere), size=origins)
            for segment in chosen.tolist():
                _compare_one(town, now, column, segment, float(wanted[segment]), compared)
    return compared


def _compare_one(  # noqa: PLR0917 (one case: its place, and what is to be found)
    town: Town, now: CurrentRanking, column: int, segment: int, wanted: float, compared: Compared
) -> None:
    changes = now.changes
    closed = changes.extra_ms[segment] == CLOSED_MS or town.network.segment_base[segment] != segment
    # On the gate's own segment the gate may lie right at the end: the tests of rankings have that case.
    if closed or segment in town.gates[column].segment:
        return
    where = f"from segment {segment} to hospital {column}"
    starts = starts_at_end(segment)
    road = now.road(starts, column)
    found = road.cost_ms if road.start >= 0 else NEVER
    require(now.bounds_ms(starts)[column] <= found, f"the bound is no bound {where}")
    compared.answers += 1
    if road.start < 0:
        require(np.isinf(wanted), f"no road was found {where}, and there is one")
        compared.without_road += 1
        return
    require(road.cost_ms == wanted, f"{road.cost_ms} ms instead of {wanted} {where}")
    require(
        town.cost_of(changes, column, road.segments, road.turns) == road.cost_ms,
        f"the road costs something else {where}",
    )
    compared.turned_back += bool((road.turns < 0).any())


def require(truth: bool, otherwise: str) -> None:
    """End the run where something that must hold does not."""
    if not truth:
        raise SystemExit(f"WRONG: {otherwise}")


@click.command(help=__doc__)
@click.argument("osm", type=click.Path(exists=True, path_type=Path))
@click.option("--profile", default="car", show_default=True)
@click.option("--sets", default=25, show_default=True, help="Sets of changes.")
@click.option("--origins", default="500", show_default=True, help="Origins for each set and hospital, or `all`.")
@click.option("--seed", default=1, show_default=True)
def main(osm: Path, profile: str, sets: int, origins: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    town = Town(RoadNetwork.from_osm(osm, profile=profile), rng)
    begun = time.monotonic()
    compared = compare(town, rng, sets=sets, origins=None if origins == "all" else int(origins))
    print(
        f"{osm.name}: {compared.answers:,} answers equal, {compared.without_road:,} of them that there is no road, ",
        end="",
    )
    print(
        f"{compared.turned_back:,} with turning back; {compared.networkx_trees} NetworkX trees; {time.monotonic() - begun:.0f} s"
    )


if __name__ == "__main__":
    main()
