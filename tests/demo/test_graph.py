"""Drawn lines become junctions where, and only where, roads meet."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from stroke_map.demo.graph import Graph, build_graph
from stroke_map.demo.lines import EXPRESS, Line, km

EAST = km((-1, 0), (1, 0))
NORTH = km((0, -1), (0, 1))


def _degrees(graph: Graph) -> list[int]:
    return sorted(graph.degree(node) for node in range(len(graph.nodes)))


def test_streets_meet_where_they_cross() -> None:
    graph = build_graph([Line(EAST, {"highway": "primary"}), Line(NORTH, {"highway": "primary"})], [])
    assert _degrees(graph) == [1, 1, 1, 1, 4]


def test_an_expressway_passes_over_unless_a_joint_is_named() -> None:
    lines = [Line(EAST, {"highway": "motorway"}, EXPRESS), Line(NORTH, {"highway": "primary"})]
    far_away = np.array([900.0, 900.0])
    assert _degrees(build_graph(lines, [far_away])) == [1, 1, 1, 1]
    assert _degrees(build_graph(lines, [np.zeros(2)])) == [1, 1, 1, 1, 4]


def test_crossings_a_few_metres_apart_are_one_junction() -> None:
    lines = [Line(NORTH, {}), Line(EAST, {}), Line(EAST + np.array([0, 4]), {})]
    graph = build_graph(lines, [])
    assert _degrees(graph) == [1, 1, 2, 2, 6]


def test_a_zone_tags_the_part_inside_it() -> None:
    water = shapely.box(-200, -50, 200, 50)
    graph = build_graph([Line(EAST, {"highway": "primary"}, zones=[(water, {"bridge": "yes"})])], [])
    bridges = [edge for edge in graph.edges.values() if "bridge" in edge.tags]
    assert [edge.length for edge in bridges] == [pytest.approx(400)]
    assert sum(edge.length for edge in graph.edges.values()) == pytest.approx(2000)


def test_one_way_streets_are_obeyed_in_both_searches() -> None:
    graph = build_graph([Line(EAST, {"highway": "primary", "oneway": "yes"})], [])
    ((start, end),) = [(edge.a, edge.b) for edge in graph.edges.values()]
    assert graph.reached(start) == {start, end}
    assert graph.reached(end) == {end}
    assert graph.reached(end, backwards=True) == {start, end}


def test_splitting_an_edge_keeps_its_length_and_tags() -> None:
    graph = build_graph([Line(EAST, {"highway": "primary"})], [])
    (number,) = graph.edges
    node, before, after = graph.split(number, 700.0)
    assert graph.nodes[node] == pytest.approx([-300, 0])
    assert [graph.edges[n].length for n in (before, after)] == [pytest.approx(700), pytest.approx(1300)]
    assert {graph.edges[n].kind for n in (before, after)} == {"primary"}
