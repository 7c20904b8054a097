"""From drawn lines to a graph: junctions where roads meet, edges between them, in the order of their lines."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from stroke_map.demo.lines import GROUND, Line, Points, Tags, at, lengths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

MERGE_M = 11.0
"""Junctions of one level nearer than this are one junction."""


@dataclass
class Edge:
    """A stretch of road between two nodes, drawn from `a` to `b`; `length` in metres is known once it is in a graph."""

    a: int
    b: int
    points: Points
    tags: Tags
    line: int
    place: float
    length: float = field(default=0.0, init=False)

    @property
    def kind(self) -> str:
        """The highway class; "" for a ferry."""
        return self.tags.get("highway", "")


class Graph:
    """Nodes by number and edges by number; both numbers are never used twice."""

    def __init__(self) -> None:
        self.nodes: list[Points] = []
        self.node_tags: dict[int, Tags] = defaultdict(dict)
        self.edges: dict[int, Edge] = {}
        self.around: dict[int, set[int]] = defaultdict(set)
        self._next = 0

    def add_node(self, point: Points) -> int:
        """A new node at a place in metres."""
        self.nodes.append(np.asarray(point, dtype=np.float64))
        return len(self.nodes) - 1

    def add(self, edge: Edge) -> int:
        """Put an edge in; its ends are drawn to its nodes."""
        edge.points = np.vstack([self.nodes[edge.a], edge.points[1:-1], self.nodes[edge.b]])
        edge.length = float(lengths(edge.points)[-1])
        number, self._next = self._next, self._next + 1
        self.edges[number] = edge
        self.around[edge.a].add(number)
        self.around[edge.b].add(number)
        return number

    def remove(self, number: int) -> Edge:
        """Take an edge out."""
        edge = self.edges.pop(number)
        self.around[edge.a].discard(number)
        self.around[edge.b].discard(number)
        return edge

    def degree(self, node: int) -> int:
        """How many edges end here."""
        return len(self.around[node])

    def split(self, number: int, distance: float) -> tuple[int, int, int]:
        """Cut an edge at a distance from its start; returns (new node, edge before it, edge after it)."""
        edge = self.remove(number)
        along = lengths(edge.points)
        node = self.add_node(at(edge.points, distance))
        before, after = along < distance - 0.5, along > distance + 0.5
        here = self.nodes[node][None, :]
        share = distance / along[-1]
        first = Edge(edge.a, node, np.vstack([edge.points[before], here]), dict(edge.tags), edge.line, edge.place)
        second = Edge(
            node, edge.b, np.vstack([here, edge.points[after]]), dict(edge.tags), edge.line, edge.place + share * 1e-3
        )
        return node, self.add(first), self.add(second)

    def spur(self, start: int, points: Points, tags: Tags) -> int:
        """Draw a new road from a node, with a line number of its own; returns its far node."""
        end = self.add_node(points[-1])
        self.add(Edge(start, end, points, tags, 1_000_000 + self._next, 0.0))
        return end

    def leaving(self, node: int, passable: Callable[[Edge], bool] = lambda _: True) -> Iterator[tuple[int, int]]:
        """(edge, node at its other end) of edges that may be driven away from a node."""
        for number in sorted(self.around[node]):
            edge = self.edges[number]
            if passable(edge) and (edge.a == node or edge.tags.get("oneway") != "yes"):
                yield number, edge.b if edge.a == node else edge.a

    def reached(
        self, start: int, *, backwards: bool = False, passable: Callable[[Edge], bool] = lambda _: True
    ) -> set[int]:
        """Nodes that can be reached from (backwards: that can reach) a node, obeying one-ways."""
        seen, queue = {start}, [start]
        while queue:
            node = queue.pop()
            for number in self.around[node]:
                edge = self.edges[number]
                ahead = edge.b if edge.a == node else edge.a
                against = (edge.a == node) == backwards
                if ahead not in seen and passable(edge) and not (against and edge.tags.get("oneway") == "yes"):
                    seen.add(ahead)
                    queue.append(ahead)
        return seen


def build_graph(lines: list[Line], joints: list[Points]) -> Graph:
    """Cut lines where they meet: ground roads wherever they cross, others only at `joints`."""
    which, where, level = _stations(lines, joints)
    spots = np.empty((len(which), 2))
    for number, line in enumerate(lines):
        mine = which == number
        spots[mine] = at(line.points, where[mine])
    node_of = _merge(spots, level)
    graph = Graph()
    members: dict[int, list[int]] = defaultdict(list)
    for row, node in enumerate(node_of):
        members[node].append(row)
    for node in range(len(members)):
        rows = members[node]
        fixed = [row for row in rows if level[row] < 0]
        graph.add_node(spots[fixed[0]] if fixed else spots[rows].mean(axis=0))
    order = np.lexsort((where, which))
    for one, two in itertools.pairwise(order):
        if which[one] == which[two] and (node_of[one] != node_of[two] or where[two] - where[one] > 120):
            span, nodes = (float(where[one]), float(where[two])), (int(node_of[one]), int(node_of[two]))
            _add_piece(graph, lines[which[one]], int(which[one]), span, nodes)
    return graph


def _add_piece(graph: Graph, line: Line, number: int, span: tuple[float, float], nodes: tuple[int, int]) -> None:
    (start, end), (a, b) = span, nodes
    along = lengths(line.points)
    inner = line.points[(along > start + 1) & (along < end - 1)]
    points = np.vstack([graph.nodes[a], inner, graph.nodes[b]])
    tags = dict(line.tags)
    middle = shapely.Point(at(line.points, (start + end) / 2))
    for zone, extra in line.zones:
        if zone.intersects(middle):
            tags |= extra
    graph.add(Edge(a, b, points, tags, number, start))


def _stations(
    lines: list[Line], joints: list[Points]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Where each line is cut: (line, distance along it, level; -1 for a joint)."""
    shapes = np.array([line.geometry for line in lines])
    levels = np.array([line.level for line in lines])
    found: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]] = []
    numbers = np.arange(len(lines))
    found += [(numbers, ends, levels) for ends in (np.zeros(len(lines)), shapely.length(shapes))]
    ground = numbers[levels == GROUND]
    left, right = shapely.STRtree(shapes[ground]).query(shapes[ground], predicate="intersects")
    pairs = np.stack([ground[left], ground[right]])[:, left < right]
    coordinates, pair = shapely.get_coordinates(
        shapely.intersection(shapes[pairs[0]], shapes[pairs[1]]), return_index=True
    )
    for side in pairs:
        line = side[pair]
        found.append((line, shapely.line_locate_point(shapes[line], shapely.points(coordinates)), levels[line]))
    points = shapely.points(np.array(joints).reshape(-1, 2))
    point, line = shapely.STRtree(shapes).query(points, predicate="dwithin", distance=1.0)
    found.append((line, shapely.line_locate_point(shapes[line], points[point]), np.full(len(line), -1)))
    for number, drawn in enumerate(lines):
        for zone, _ in drawn.zones:
            cut = shapely.get_coordinates(shapes[number].intersection(zone.boundary))
            where = shapely.line_locate_point(shapes[number], shapely.points(cut))
            found.append((np.full(len(cut), number), where, np.full(len(cut), levels[number])))
    which, where, level = (np.concatenate(column) for column in zip(*found, strict=True))
    return which, where, level


def _merge(spots: Points, level: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for all stations that are one junction, numbered by first appearance."""
    parent = np.arange(len(spots))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    points = shapely.points(spots)
    left, right = shapely.STRtree(points).query(points, predicate="dwithin", distance=MERGE_M)
    gap = np.hypot(*(spots[left] - spots[right]).T)
    same = (left < right) & np.where(
        level[left] == level[right], gap < MERGE_M, ((level[left] < 0) | (level[right] < 0)) & (gap < 1.5)
    )
    for i, j in sorted(zip(left[same].tolist(), right[same].tolist(), strict=True)):
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    roots = np.array([root(i) for i in range(len(spots))])
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)
