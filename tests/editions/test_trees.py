"""Arrival trees against NetworkX and SciPy, which know nothing of how ours are grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from stroke_map.editions.gates import Gate, find_gates
from stroke_map.editions.trees import NEVER_MS, NO_TURN, arrival_tree, reverse_turns

if TYPE_CHECKING:
    from stroke_map.editions import Edition
    from stroke_map.roads import RoadNetwork

GOAL = -1


def milliseconds_by_networkx(network: RoadNetwork, graph: nx.DiGraph, gate: Gate) -> np.ndarray:
    """One reverse Dijkstra from a node that stands for the gate; the graph is left as it was."""
    part_ms = dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))
    for goal in [segment for segment, base in graph.nodes(data="base") if base in part_ms]:
        rest_ms = graph.nodes[goal]["time_ms"] - part_ms[graph.nodes[goal]["base"]]
        for before, _, cost_ms in list(graph.in_edges(goal, data="cost_ms")):
            known = graph.get_edge_data(before, GOAL, {"cost_ms": np.inf})["cost_ms"]
            graph.add_edge(before, GOAL, cost_ms=min(known, cost_ms - rest_ms))
    found = np.full(network.segment_count, NEVER_MS, dtype=np.int64)
    if GOAL in graph:
        lengths = nx.single_source_dijkstra_path_length(graph.reverse(copy=False), GOAL, weight="cost_ms")
        del lengths[GOAL]
        found[list(lengths)] = list(lengths.values())
        graph.remove_node(GOAL)
    return found


def check_against_networkx(edition: Edition, profile: str, hospitals: int) -> None:
    network = edition.network(profile)
    gates = [gate for gate in find_gates(network, edition.hospitals) if len(gate.segment)]
    turns, graph = reverse_turns(network), network.to_networkx()
    assert graph.number_of_nodes() == network.segment_count
    for gate in gates[:: max(len(gates) // hospitals, 1)][:hospitals]:
        left_ms, _ = arrival_tree(network, turns, gate)
        np.testing.assert_array_equal(left_ms, milliseconds_by_networkx(network, graph, gate))
        assert (left_ms != NEVER_MS).mean() > 0.9


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_malta_equals_networkx_on_every_segment(malta_edition: Edition, profile: str) -> None:
    check_against_networkx(malta_edition, profile, hospitals=5)


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_the_demonstration_city_equals_networkx_on_every_segment(demo_edition: Edition, profile: str) -> None:
    check_against_networkx(demo_edition, profile, hospitals=5)


def test_all_hospitals_of_malta_equal_scipy(malta_edition: Edition) -> None:
    network = malta_edition.network("ambulance")
    gates = find_gates(network, malta_edition.hospitals)
    size = network.segment_count
    source = np.repeat(np.arange(size), np.diff(network.turn_first))
    cost = network.turn_cost_ms + network.segment_time_ms[network.turn_to].astype(np.int64)
    edges = [(source, network.turn_to, cost)]
    for column, gate in enumerate(gates):
        for segment, part_ms in zip(gate.segment, gate.part_ms, strict=True):
            into = np.flatnonzero(network.segment_base[network.turn_to] == segment)
            edges.append(
                (source[into], np.full(len(into), size + column), network.turn_cost_ms[into] + np.int64(part_ms))
            )
    source, target, cost = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    # SciPy would add up parallel edges; the cheapest comes first and is kept. It would drop an edge of cost zero: add one to all
    # edges into the goals.
    order = np.lexsort((cost, target, source))
    keep = np.ones(len(order), dtype=bool)
    keep[1:] = (np.diff(source[order]) != 0) | (np.diff(target[order]) != 0)
    source, target, cost = source[order][keep], target[order][keep], cost[order][keep]
    backwards = csr_matrix((cost + (target >= size), (target, source)), shape=(size + len(gates),) * 2)
    expected = dijkstra(backwards, indices=np.arange(size, size + len(gates)))[:, :size]
    turns = reverse_turns(network)
    for column, gate in enumerate(gates):
        left_ms, _ = arrival_tree(network, turns, gate)
        reached = left_ms != NEVER_MS
        np.testing.assert_array_equal(reached, np.isfinite(expected[column]))
        np.testing.assert_array_equal(left_ms[reached], expected[column][reached] - 1)


def test_following_the_turns_takes_the_time_that_is_stored(malta_edition: Edition) -> None:
    """One step at a time for all segments together: the next turn's cost and what is left behind it add up everywhere."""
    network = malta_edition.network("car")
    turns = reverse_turns(network)
    for gate in find_gates(network, malta_edition.hospitals)[::4]:
        left_ms, turn = arrival_tree(network, turns, gate)
        np.testing.assert_array_equal(left_ms == NEVER_MS, turn == NO_TURN)
        known = np.flatnonzero(left_ms != NEVER_MS)
        taken = network.turn_first[known] + turn[known]
        assert (taken < network.turn_first[known + 1]).all()
        onto = network.turn_to[taken]
        part_ms = dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))
        ends = np.array([part_ms.get(base, -1) for base in network.segment_base[onto].tolist()])
        rest_ms = np.where(ends >= 0, ends, network.segment_time_ms[onto].astype(np.int64) + left_ms[onto])
        np.testing.assert_array_equal(left_ms[known], network.turn_cost_ms[taken] + rest_ms)


def test_turning_the_turns_around_keeps_each_of_them(malta_edition: Edition) -> None:
    network = malta_edition.network("ambulance")
    turns = reverse_turns(network)
    into = np.repeat(np.arange(network.segment_count), np.diff(turns.first))
    index = network.turn_first[turns.source] + turns.local
    assert sorted(index.tolist()) == list(range(len(network.turn_to)))
    np.testing.assert_array_equal(network.turn_to[index], into)
    np.testing.assert_array_equal(network.turn_cost_ms[index], turns.cost_ms)


def test_without_a_gate_nothing_leads_there(malta_edition: Edition) -> None:
    network = malta_edition.network("car")
    nothing = np.empty(0, dtype=np.int32)
    left_ms, turn = arrival_tree(network, reverse_turns(network), Gate(nothing, nothing, 0.0, 0.0, np.inf))
    assert (left_ms == NEVER_MS).all()
    assert (turn == NO_TURN).all()
