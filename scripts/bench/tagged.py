"""The roads of an OpenStreetMap file as they are tagged: which way runs between two nodes, and what is said of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.osrm import Point

#: Metres: coordinates were rounded to a millionth of a degree on their way.
_SAME_PLACE_M = 0.6
_M_PER_DEGREE = 111_195.0
#: What can close a way or slow a drive along it.
_TOLD = ("highway", "service", "access", "vehicle", "motor_vehicle", "motorcar", "oneway", "junction", "barrier", "route",
         "maxspeed", "surface", "smoothness", "tracktype", "lanes", "width", "crossing", "traffic_calming", "bicycle", "foot")  # fmt: skip


class Pace(NamedTuple):
    """From one node to the next: the way, and whether along it."""

    tail: int
    head: int
    way: int
    forward: bool


class Tagged:
    """Ways, nodes and turn restrictions by id."""

    def __init__(self, osm: Path) -> None:
        import osmium

        self.ways: dict[int, dict[str, str]] = {}
        self.nodes: dict[int, dict[str, str]] = {}
        self.restrictions: list[tuple[int, dict[str, str], list[tuple[str, int, str]]]] = []
        self.between: dict[tuple[int, int], tuple[int, bool]] = {}
        at: dict[int, tuple[float, float]] = {}
        for way in osmium.FileProcessor(str(osm), osmium.osm.WAY):
            if not any(key in way.tags for key in ("highway", "route", "railway", "bridge", "man_made")):
                continue
            self.ways[way.id] = dict(way.tags)
            self._join(way.id, [node.ref for node in way.nodes])
        wanted = {tail for tail, _ in self.between}
        for node in osmium.FileProcessor(str(osm), osmium.osm.NODE):
            if node.id in wanted and node.location.valid():
                at[node.id] = node.location.lat, node.location.lon
                if len(node.tags):
                    self.nodes[node.id] = dict(node.tags)
        for relation in osmium.FileProcessor(str(osm), osmium.osm.RELATION):
            if relation.tags.get("type", "").startswith("restriction"):
                members = [(member.type, member.ref, member.role) for member in relation.members]
                self.restrictions.append((relation.id, dict(relation.tags), members))
        self._index(at)

    def _join(self, way: int, refs: list[int]) -> None:
        for tail, head in itertools.pairwise(refs):
            for pair, forward in (((tail, head), True), ((head, tail), False)):
                known = self.between.get(pair)
                # Where a footway and a street share their nodes, the street.
                if known is None or _rank(self.ways[known[0]]) < _rank(self.ways[way]):
                    self.between[pair] = way, forward

    def _index(self, at: dict[int, tuple[float, float]]) -> None:
        from scipy.spatial import cKDTree

        self._ids = np.fromiter(at, dtype=np.int64, count=len(at))
        places = np.array(list(at.values()))
        self._east = float(np.cos(np.radians(places[:, 0].mean())))
        self._tree = cKDTree(self._flat(places))

    def _flat(self, places: np.ndarray) -> np.ndarray:
        return places * np.array([1.0, self._east]) * _M_PER_DEGREE

    def nodes_of(self, line: Sequence[Point]) -> list[int]:
        """The nodes along a line that ran over them; what is no node (where a trip begins, say) is left out."""
        near = self._tree.query_ball_point(self._flat(np.array(line)), _SAME_PLACE_M)
        nodes: list[int] = []
        for found in near:
            ids = [int(self._ids[n]) for n in found]
            joined = [node for node in ids if nodes and (nodes[-1], node) in self.between]
            if ids and not (nodes and nodes[-1] in ids):
                nodes.append((joined or ids)[0])
        return nodes

    def paces(self, nodes: Sequence[int]) -> list[Pace]:
        """The ways from node to node."""
        pairs = itertools.pairwise(nodes)
        return [Pace(*pair, *self.between[pair]) for pair in pairs if pair in self.between]

    def way(self, way: int) -> str:
        """A way in words: its id, its name, and the tags that can matter."""
        tags = self.ways.get(way, {})
        return f"way {way} {tags.get('name') or tags.get('ref') or '-'} ({told(tags)})"

    def node(self, node: int) -> str:
        """A node in words."""
        tags = told(self.nodes.get(node, {}))
        return f"node {node} ({tags})" if tags else f"node {node}"

    def restriction(self, first: int, second: int) -> str:
        """The relation that speaks of both ways, in words; empty where there is none."""
        for relation, tags, members in self.restrictions:
            ways = {ref for kind, ref, _ in members if kind == "w"}
            if {first, second} <= ways or (first == second and first in ways and "u_turn" in str(tags)):
                kind = next((value for key, value in tags.items() if key.startswith("restriction")), "?")
                return f"{kind} (relation {relation})"
        return ""


def told(tags: Mapping[str, str]) -> str:
    """The tags that can matter, `key=value`."""
    return ", ".join(f"{key}={tags[key]}" for key in _TOLD if key in tags)


def _rank(tags: Mapping[str, str]) -> int:
    return 0 if tags.get("highway") in {None, "footway", "path", "cycleway", "steps", "pedestrian"} else 1
