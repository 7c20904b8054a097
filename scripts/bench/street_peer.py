"""NetworkX on a graph as OSMnx makes one, beside us: junctions and streets, no turns.

The streets and their times are ours, in the shape OSMnx draws and analyses; so what differs is what such a graph cannot say: turn and
signal costs, turn restrictions, that nobody turns back in the middle of a road, and what may only be entered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.in_process import InProcess
    from stroke_map.editions.ranking import Starts

_ORIGIN = "origin"


class StreetPeer:
    """The street graph, each hospital's gates joined to it."""

    name = "OSMnx + NetworkX"

    def __init__(self, ours: InProcess) -> None:
        from stroke_map.roads.exchange import street_graph

        self._network, arrivals = ours.network, ours.arrivals
        self._graph = street_graph(ours.network)
        self._hospitals = len(arrivals.gate_lat)
        self._gates: list[tuple[int, int, float]] = []
        for h in range(self._hospitals):
            for n in range(arrivals.gate_first[h], arrivals.gate_first[h + 1]):
                segment, part_s = int(arrivals.gate_segment[n]), int(arrivals.gate_part_ms[n]) / 1000
                self._gates.append((h, segment, part_s))
                self._graph.add_edge(self._ends(segment)[0], ("gate", h), travel_time=part_s)

    def matrix_s(self, origins: Sequence[Starts]) -> np.ndarray:
        """float64[O, H]: seconds; infinite where there is no road."""
        return np.array([self._times_s(starts) for starts in origins])

    def _times_s(self, starts: Starts) -> list[float]:
        import networkx as nx

        self._graph.add_node(_ORIGIN)
        for segment, share in zip(starts.segment.tolist(), starts.share.tolist(), strict=True):
            whole_s = int(self._network.segment_time_ms[segment]) / 1000
            self._graph.add_edge(_ORIGIN, self._ends(segment)[1], travel_time=(1 - share) * whole_s)
            for h, on, part_s in self._gates:
                if self._network.segment_base[on] == self._network.segment_base[segment] and part_s >= share * whole_s:
                    self._graph.add_edge(_ORIGIN, ("gate", h), travel_time=part_s - share * whole_s)
        times_s = nx.single_source_dijkstra_path_length(self._graph, _ORIGIN, weight="travel_time")
        self._graph.remove_node(_ORIGIN)
        return [times_s.get(("gate", h), np.inf) for h in range(self._hospitals)]

    def _ends(self, segment: int) -> tuple[int, int]:
        """OSM ids of the junctions at its beginning and its end."""
        network = self._network
        stretch = network.segment_stretch[segment]
        ends = int(network.stretch_tail_id[stretch]), int(network.stretch_head_id[stretch])
        return ends if network.segment_forward[segment] else ends[::-1]
