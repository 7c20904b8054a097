"""The same question put to the usual Python libraries, in the same run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from bench.targets import Row, spread
from stroke_map.dispatch.starts import find_starts
from stroke_map.editions.ranking import Starts

if TYPE_CHECKING:
    from bench.in_process import InProcess
    from bench.inputs import Case


def measure_networkx(case: Case, ours: InProcess, count: int, ours_ms: float) -> Row:
    """OSMnx finds the junction, NetworkX the times to every hospital and the road to the best. No turns: less work than ours."""
    import networkx as nx
    import osmnx as ox

    from stroke_map.roads.exchange import street_graph

    began = time.perf_counter()
    graph = street_graph(ours.network)
    ready_s = time.perf_counter() - began
    goals = ox.distance.nearest_nodes(graph, ours.arrivals.gate_lon, ours.arrivals.gate_lat)
    times_ms, snap_ms = [], []
    for lat, lon in ours.questions(count):
        began = time.perf_counter()
        node = ox.distance.nearest_nodes(graph, lon, lat)
        snapped = time.perf_counter()
        times, roads = nx.single_source_dijkstra(graph, node, weight="travel_time")
        best = min(goals, key=lambda goal: times.get(goal, np.inf))
        _ = roads.get(best), sorted(times.get(goal, np.inf) for goal in goals)
        times_ms.append((time.perf_counter() - began) * 1000)
        snap_ms.append((snapped - began) * 1000)
    figures = spread(times_ms)
    note = f"{count} questions; snapping {np.median(snap_ms):.0f} ms of it; graph made in {ready_s:.1f} s"
    return Row("networkx", case.name, "OSMnx + NetworkX, the same question", _ratio(figures, ours_ms), note)


def measure_scipy(case: Case, ours: InProcess, count: int, ours_ms: float) -> Row:
    """SciPy's Dijkstra over the same segments and turns, from the nearest road. Its best hospital must cost what ours does."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    network, arrivals, ranking = ours.network, ours.arrivals, ours.profile.ranking
    size = network.segment_count
    cost = (network.turn_cost_ms + network.segment_time_ms[network.turn_to]).astype(float)
    graph = csr_array((cost, network.turn_to, network.turn_first), shape=(size, size))
    part_ms = np.full(size, np.inf)
    np.minimum.at(part_ms, arrivals.gate_segment, arrivals.gate_part_ms)
    part_ms = part_ms[network.segment_base]  # from the beginning of a segment to the first gate on it
    goals = np.flatnonzero(np.isfinite(part_ms))
    wanted = np.ones(len(arrivals.gate_lat), dtype=bool)
    times_ms, same = [], 0
    for lat, lon in ours.questions(count):
        found = find_starts(ours.profile.always, lat, lon, ours.settings).starts
        start = Starts(*(part[:1] for part in found))
        begun = np.rint((1 - start.share[0]) * network.segment_time_ms[start.segment[0]])
        began = time.perf_counter()
        ends, _ = dijkstra(graph, indices=start.segment[0], return_predecessors=True)
        arrives = begun + ends[goals] - network.segment_time_ms[goals] + part_ms[goals]
        arrives[goals == start.segment[0]] = np.inf
        best = arrives.min()
        times_ms.append((time.perf_counter() - began) * 1000)
        _, costs = ranking.nearest(start, ranking.bounds_ms(start), wanted, 1)
        # A gate ahead on the very segment is no business of a turn graph.
        same += bool(len(costs) and (costs[0] == best or start.segment[0] in goals)) or not np.isfinite(best)
    note = f"{count} questions, search alone; the best hospital costs the same in {same} of {count}"
    figures = _ratio(spread(times_ms), ours_ms)
    return Row(
        "scipy", case.name, "SciPy csgraph on the turn graph", figures, note, {"same_cost": same, "asked": count}
    )


def _ratio(figures: dict[str, float], ours_ms: float) -> dict[str, float]:
    return figures | {"times_slower": figures["median_ms"] / ours_ms}
