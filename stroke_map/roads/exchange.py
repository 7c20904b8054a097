"""Road networks as NetworkX graphs: to look at them with the tools one knows, and as the oracle of the tests.

NetworkX is never in the path of a request: a province takes gigabytes and seconds there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from stroke_map.roads.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.roads.network import RoadNetwork


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
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    own = np.flatnonzero(network.segment_base == np.arange(network.segment_count))
    for segment in own.tolist():
        stretch = int(network.segment_stretch[segment])
        first, last = int(network.stretch_first_point[stretch]), int(network.stretch_first_point[stretch + 1]) - 1
        ends = [(int(network.stretch_tail_id[stretch]), first), (int(network.stretch_head_id[stretch]), last)]
        if not network.segment_forward[segment]:
            ends.reverse()
        for node, point in ends:
            graph.add_node(node, x=float(network.point_x[point]) * 1e-7, y=float(network.point_y[point]) * 1e-7)
        name, _, ref = network.names_of(stretch)
        graph.add_edge(
            ends[0][0],
            ends[1][0],
            osmid=int(network.stretch_way_id[stretch]),
            name=name,
            ref=ref,
            highway=ROAD_CLASSES[network.stretch_class[stretch]],
            length=float(network.stretch_length_m[stretch]),
            travel_time=int(network.segment_time_ms[segment]) / 1000,
            segment=segment,
        )
    return graph


def write_graphml(network: RoadNetwork, path: Path) -> None:
    """The street graph as GraphML, for OSMnx, Gephi or QGIS."""
    nx.write_graphml(street_graph(network), path)
