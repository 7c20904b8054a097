"""The best hospital while a hundred roads are closed or slow, hospitals and callers that are shut in among them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import shapely

from bench.inputs import SEED
from bench.targets import Row, spread
from stroke_map.editions.ranking import NEVER
from stroke_map.errors import OffNetworkError
from stroke_map.live import Closure, LiveState

if TYPE_CHECKING:
    from bench.in_process import InProcess
    from bench.inputs import Case
    from stroke_map.dispatch.roads_now import RoadsNow

CLOSURES = 100
#: One in so many closes every road round a hospital; from inside each ring is asked too, more often than anybody would.
RING_IN, ASKED_INSIDE = 20, 4
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_DEGREE_M = 111_195.0


def measure_closures(case: Case, ours: InProcess, count: int, closures: int) -> Row:
    """`count` different questions and some from inside the rings, each asked once after a warm-up over all of them."""
    live = LiveState(NOW, stale=False, version=1, closures=make_closures(ours, closures))
    ours.profile.warm_up()
    ours.profile.at(
        NOW, LiveState(NOW, stale=False, version=0, closures=live.closures[:1])
    )  # compiles what places them
    began = time.perf_counter_ns()
    roads = ours.profile.at(NOW, live)
    taken_in_ms = (time.perf_counter_ns() - began) / 1e6
    questions = _answerable(ours, roads, ours.questions(count) + _ringed(ours, closures) * ASKED_INSIDE)
    found = [ours.ask(*question, roads) for question in questions]
    times_ms = []
    for question in questions:
        began = time.perf_counter_ns()
        ours.ask(*question, roads)
        times_ms.append((time.perf_counter_ns() - began) / 1e6)
    usual_ms = [ours.ask(*question).cost_ms for question in questions]
    without = sum(answer.cost_ms == NEVER for answer in found)
    longer = sum(answer.cost_ms != usual for answer, usual in zip(found, usual_ms, strict=True)) - without
    figures = spread(times_ms) | {"worst_ms": max(times_ms), "taken_in_ms": taken_in_ms}
    note = f"{len(questions):,} questions: {longer:,} with another best, or a longer road to it; {without:,} shut in"
    details = {"closures": closures, "asked": len(questions), "longer": longer, "shut_in": without}
    return Row("closures", case.name, f"best of {len(found[0].order)} with {closures} closures", figures, note, details)


def make_closures(ours: InProcess, count: int) -> tuple[Closure, ...]:
    """Rings round hospitals, squares of 60 to 400 m, and OpenStreetMap ways; a fifth of the latter two slow, not closed."""
    network, random = ours.network, np.random.default_rng(SEED + 2)
    rings = [_metres(lat, lon, 150.0).difference(_metres(lat, lon, 90.0)) for lat, lon in _ringed(ours, count)]
    points = random.integers(len(network.point_x), size=(count - len(rings)) // 2)
    squares = [
        _metres(network.point_y[p] * 1e-7, network.point_x[p] * 1e-7, random.uniform(30, 200), "square") for p in points
    ]
    ways = random.choice(np.unique(network.stretch_way_id), count - len(rings) - len(squares), replace=False)
    said: list[dict[str, object]] = [{"geometry": shape} for shape in rings + squares]
    said += [{"ways": (int(way),)} for way in ways]
    slow = {"kind": "slow", "factor": 2.0}
    return tuple(
        Closure(id=n + 1, begins=NOW - timedelta(hours=1), created_at=NOW, reason="bench", author="bench",
                **where | (slow if n >= len(rings) and n % 5 == 0 else {}))  # type: ignore[arg-type]
        for n, where in enumerate(said)
    )  # fmt: skip


def _ringed(ours: InProcess, closures: int) -> list[tuple[float, float]]:
    gates = zip(ours.arrivals.gate_lat.tolist(), ours.arrivals.gate_lon.tolist(), strict=True)
    return list(gates)[: -(-closures // RING_IN)]


def _metres(lat: float, lon: float, radius_m: float, style: str = "round") -> shapely.Polygon:
    """A circle, or a square of twice that side; the metres are right from north to south."""
    return shapely.Point(lon, lat).buffer(radius_m / _DEGREE_M, cap_style=style)


def _answerable(ours: InProcess, roads: RoadsNow, questions: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those near a road that is open."""
    kept = []
    for question in questions:
        try:
            ours.ask(*question, roads)
        except OffNetworkError:
            continue
        kept.append(question)
    return kept
