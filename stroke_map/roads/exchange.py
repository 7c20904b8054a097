"""Road networks as NetworkX graphs: to look at them with the tools one knows, and as the oracle of the tests.

NetworkX is never in the path of a request: a province takes gigabytes and seconds there.
"""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import osmium
from osmium.osm import mutable

from stroke_map.errors import RoadDataError
from stroke_map.roads.classes import ROAD_CLASSES
from stroke_map.roads.nodes import NodeReader
from stroke_map.roads.read import RawRoads, RawWay
from stroke_map.roads.ways import WayReader

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    from stroke_map.roads.network import RoadNetwork
    from stroke_map.roads.profile import Profile

#: How OSMnx marks a way that runs against its nodes; it turns such nodes round and, at best, keeps the tag.
_REVERSED = frozenset({"-1", "reverse"})
_TRUE = frozenset({"True", "yes", "true", "1"})


def turn_graph(network: RoadNetwork) -> nx.DiGraph:
    """Segments as nodes, turns as edges.

    An edge's `cost_ms` is the turn and the whole segment it leads onto, so that the length of a path is the time from the end of its
    first segment to the end of its last. Nodes carry `time_ms`, `base`, `stretch` and `forward`.
    """
    graph = nx.DiGraph()
    columns = (network.segment_time_ms, network.segment_base, network.segment_stretch, network.segment_forward)
    for segment, (time_ms, base, stretch, forward) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        graph.add_node(segment, time_ms=time_ms, base=base, stretch=stretch, forward=forward)
    source = np.repeat(np.arange(network.segment_count), np.diff(network.turn_first))
    cost = network.turn_cost_ms + network.segment_time_ms[network.turn_to]
    for a, b, cost_ms in zip(source.tolist(), network.turn_to.tolist(), cost.tolist(), strict=True):
        # Two turns between the same segments cannot be told apart by a driver; the cheaper one counts.
        if not graph.has_edge(a, b) or graph.edges[a, b]["cost_ms"] > cost_ms:
            graph.add_edge(a, b, cost_ms=cost_ms)
    return graph


def street_graph(network: RoadNetwork) -> nx.MultiDiGraph:
    """Junctions as nodes (`x`, `y` in degrees, WGS-84), segments as edges: the shape OSMnx draws and analyses.

    Turn restrictions are not in this graph.
    """
    from shapely import LineString

    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    own = np.flatnonzero(network.segment_base == np.arange(network.segment_count))
    for segment in own.tolist():
        stretch, forward = int(network.segment_stretch[segment]), bool(network.segment_forward[segment])
        points = slice(network.stretch_first_point[stretch], network.stretch_first_point[stretch + 1])
        line = np.stack([network.point_x[points], network.point_y[points]], axis=1) * 1e-7
        ends = [int(network.stretch_tail_id[stretch]), int(network.stretch_head_id[stretch])]
        if not forward:
            ends, line = ends[::-1], line[::-1]
        for node, (x, y) in zip(ends, (line[0], line[-1]), strict=True):
            graph.add_node(node, x=float(x), y=float(y))
        name, _, ref = network.names_of(stretch)
        graph.add_edge(
            *ends,
            osmid=int(network.stretch_way_id[stretch]),
            name=name,
            ref=ref,
            highway=ROAD_CLASSES[network.stretch_class[stretch]],
            oneway=bool((network.stretch_segment[stretch] < 0).any()),
            reversed=not forward,
            length=float(network.stretch_length_m[stretch]),
            travel_time=int(network.segment_time_ms[segment]) / 1000,
            geometry=LineString(line),
        )
    return graph


def write_graphml(network: RoadNetwork, path: Path) -> None:
    """The street graph as GraphML, every value a text as OSMnx writes and reads it; for Gephi and QGIS as well."""
    graph = street_graph(network)
    for data in [graph.graph, *dict(graph.nodes).values(), *(edge[2] for edge in graph.edges(data=True))]:
        data.update({key: str(value) for key, value in data.items()})
    nx.write_graphml(graph, path)


def write_osm(graph: nx.MultiDiGraph, path: Path) -> None:
    """Write an OSMnx graph as an OpenStreetMap file of the kind its ending names; see `roads_of_graph` for what is lost.

    Raises
    ------
    RoadDataError
        It is no such graph.
    """
    places = _Places(graph)
    ways = [(way, tags, refs) for way, tags, pieces in _ways_of(graph, places) for refs in _chains(pieces)]
    node_tags = {places.ids[node]: _node_tags(data) for node, data in graph.nodes(data=True)}
    with osmium.SimpleWriter(str(path)) as writer:
        for node, place in sorted(places.location.items()):
            writer.add_node(mutable.Node(id=node, version=1, location=place, tags=node_tags.get(node, {})))
        for way, tags, refs in sorted(ways, key=lambda one: one[0]):
            writer.add_way(mutable.Way(id=way, version=1, nodes=refs, tags=tags))


def roads_of_graph(graph: nx.MultiDiGraph, profile: Profile) -> RawRoads:
    """An OSMnx graph as raw material for the compiler.

    Parameters
    ----------
    graph
        Nodes with `x`, `y` (degrees, WGS-84) and their tags, edges with `osmid`, `oneway`, `reversed` and their way's tags,
        `geometry` where they bend. Where OSMnx has merged ways ("simplified") the first value of each tag counts: give an
        unsimplified graph, drawn with `all_oneway=True` and the tags the profile reads, for exact results.

    Raises
    ------
    RoadDataError
        It is no such graph, or holds no road this profile can drive.
    """
    issues: Counter[tuple[str, str]] = Counter()
    places = _Places(graph)
    reader = WayReader(profile, issues)
    ways = []
    for way_id, tags, pieces in _ways_of(graph, places):
        use = reader.read(tags)
        if use is not None:
            named = (tags.get(key, "") for key in ("name", "name:en", "ref", "destination"))
            ways += [RawWay(way_id, refs, use, *named) for refs in _chains(pieces)]
    if not ways:
        raise RoadDataError(f"the graph holds no road that profile {profile.name} can drive")
    wanted = np.unique(np.concatenate([np.asarray(way.refs, dtype=np.int64) for way in ways]))
    x, y = np.array([places.location[int(node)] for node in wanted]).T
    if not (np.isfinite(x).all() and np.isfinite(y).all() and (np.abs(x) <= 180).all() and (np.abs(y) <= 90).all()):
        raise RoadDataError("the graph is not in degrees", next_step="Project it back to EPSG:4326 (to_latlong=True).")
    nodes = {}
    node_reader = NodeReader(profile, issues)
    for node, data in graph.nodes(data=True):
        node_use = node_reader.read(_node_tags(data))
        if node_use is not None:
            nodes[places.ids[node]] = node_use
    units = np.rint(np.stack([x, y]) * 1e7).astype(np.int32)
    notes = ["turn restrictions are not in graphs of this kind: routes may make forbidden turns"]
    if graph.graph.get("simplified"):
        notes.append("the graph is simplified: where it merged ways, the first value of each tag counts")
    return RawRoads(ways, wanted, units[0], units[1], nodes, [], issues, {"name": "graph"}, notes)


def _node_tags(data: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in data.items() if isinstance(value, str)}


class _Places:
    """Numbers for the nodes of a graph, and for the points between them where an edge bends."""

    def __init__(self, graph: nx.MultiDiGraph) -> None:
        try:
            places = {node: (float(data["x"]), float(data["y"])) for node, data in graph.nodes(data=True)}
        except (KeyError, TypeError, ValueError):
            raise RoadDataError("the graph's nodes have no x and y", next_step="Give a graph made by OSMnx.") from None
        own = all(isinstance(node, int) and node > 0 for node in places)
        self.ids: dict[Hashable, int] = {node: node if own else at for at, node in enumerate(places, start=1)}
        self.location = {self.ids[node]: place for node, place in places.items()}
        self._bends = count(-1, -1)

    def refs(self, tail: Hashable, head: Hashable, data: dict[str, Any]) -> list[int]:
        """Node numbers along an edge."""
        bends = []
        line = data.get("geometry")
        for point in list(line.coords)[1:-1] if line is not None else ():
            bends.append(next(self._bends))
            self.location[bends[-1]] = (float(point[0]), float(point[1]))
        return [self.ids[tail], *bends, self.ids[head]]


def _ways_of(graph: nx.MultiDiGraph, places: _Places) -> Iterator[tuple[int, dict[str, str], list[list[int]]]]:
    """(OSM way, tags, pieces along it) of all edges; the two directions of a two-way street are one piece."""
    pieces: dict[tuple[int, tuple[tuple[str, str], ...]], list[list[int]]] = {}
    seen = set()
    # The edge along its way before the one against it.
    for tail, head, data in sorted(graph.edges(data=True), key=lambda edge: edge[2].get("reversed") is True):
        tags = {key: text for key, value in data.items() if (text := _text(value))}
        osmid, length = tags.pop("osmid", "0"), round(float(data.get("length", 0)), 1)
        one_way = tags.pop("oneway", "")
        if one_way == "False":
            edge = frozenset((tail, head)), osmid, length
            if edge in seen:
                continue
            seen.add(edge)
            if not graph.has_edge(head, tail):
                tags["oneway"] = "yes"
        elif one_way:
            tags["oneway"] = "yes" if one_way in _TRUE else one_way
        refs = places.refs(tail, head, data)
        for name in ("length", "reversed", "geometry"):
            tags.pop(name, None)
        way = int(osmid) if osmid.isdecimal() else 0
        along = refs[::-1] if one_way in _REVERSED else refs
        pieces.setdefault((way, tuple(sorted(tags.items()))), []).append(along)
    for (way, items), parts in pieces.items():
        yield way, dict(items), parts


def _text(value: Any) -> str:
    """An attribute as a tag value; the first of several, `True` before `False`; empty where there is none."""
    if isinstance(value, list | tuple | set):
        value = max(value, key=lambda one: one is True) if value else None
    return "" if value is None or str(value) == "nan" else str(value)


def _chains(pieces: list[list[int]]) -> Iterator[list[int]]:
    """Pieces joined head to tail as far as they follow one another: a way again, as far as it matters."""
    leaving: dict[int, list[list[int]]] = {}
    for piece in pieces:
        leaving.setdefault(piece[0], []).append(piece)
    heads = {piece[-1] for piece in pieces}
    for begin in sorted(leaving, key=lambda node: node in heads):
        while leaving[begin]:
            chain = [begin]
            while leaving.get(chain[-1]):
                chain += leaving[chain[-1]].pop()[1:]
            yield chain
