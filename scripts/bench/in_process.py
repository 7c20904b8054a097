"""One question in this process: where on the road, how far to each hospital, and the road to the best."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.inputs import make_questions
from bench.targets import Row, spread
from stroke_map.dispatch.prepared import PreparedProfile
from stroke_map.dispatch.starts import find_starts
from stroke_map.editions.arrivals import Arrivals
from stroke_map.editions.ranking import NEVER
from stroke_map.roads import RoadNetwork
from stroke_map.roads.trace import trace_line
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from bench.inputs import Case
    from stroke_map.dispatch.roads_now import RoadsNow


class Found(NamedTuple):
    """The hospitals' columns, the nearest first; the exact cost of the first, NEVER where no road leads to any; the road to it,
    float64[n, 2] (lon, lat).
    """

    order: np.ndarray
    cost_ms: int
    line: np.ndarray


class InProcess:
    """The roads and arrivals of a case, mapped as a server maps them."""

    def __init__(self, case: Case) -> None:
        self.network = RoadNetwork.load(case.folder / "roads")
        self.arrivals = Arrivals.load(case.folder / "arrivals")
        self.profile = PreparedProfile(self.network, self.arrivals)
        self.settings = read_settings({})
        self._all = np.ones(len(self.arrivals.gate_lat), dtype=bool)

    def questions(self, count: int) -> list[tuple[float, float]]:
        """Places to ask from, (lat, lon) in degrees."""
        return make_questions(self.network, self.profile.always.usable(None, None), count)

    def ask(self, lat: float, lon: float, roads: RoadsNow | None = None) -> Found:
        """Everything that is measured; on the roads as they always are unless others are given."""
        roads = roads or self.profile.always
        network, ranking = self.network, roads.ranking
        starts = find_starts(roads, lat, lon, self.settings).starts
        bounds_ms = ranking.bounds_ms(starts)
        order = np.argsort(bounds_ms)
        nearest, _ = ranking.nearest(starts, bounds_ms, self._all, 1)
        if not len(nearest):
            return Found(order, NEVER, np.empty((0, 2)))
        cost_ms, start, segments, _, last_share = ranking.road(starts, int(nearest[0]))
        line = trace_line(
            segments, float(starts.share[start]), last_share,
            network.segment_stretch, network.segment_forward, network.stretch_first_point, network.point_x, network.point_y,
        )  # fmt: skip
        return Found(order, cost_ms, line)


def measure_query(case: Case, ours: InProcess, count: int) -> Row:
    """`count` different questions, each asked once after a warm-up over all of them."""
    questions = ours.questions(count)
    for lat, lon in questions:
        ours.ask(lat, lon)
    times_ms = []
    for lat, lon in questions:
        began = time.perf_counter_ns()
        ours.ask(lat, lon)
        times_ms.append((time.perf_counter_ns() - began) / 1e6)
    what = f"rank {len(ours.arrivals.gate_lat)} + road to the best, in process"
    return Row("query", case.name, what, spread(times_ms), f"{count:,} questions: snap, rank, exact best, line")
