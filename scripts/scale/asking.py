"""Questions to a published edition in a process of its own: where on the road, in which order the hospitals, the road to the best.

Run as `python -m scale.asking GEODATA COUNT PATHS`; prints milliseconds and the memory it took as JSON, and writes the same questions
to PATHS as a server is asked them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from bench.inputs import make_questions
from bench.targets import spread

from scale.sheets import PROFILE
from stroke_map.dispatch.prepared import prepare
from stroke_map.dispatch.starts import find_starts
from stroke_map.editions import open_published
from stroke_map.roads.trace import trace_line
from stroke_map.settings import read_settings

_PARTS = ("snap", "rank", "road")


def main(geodata: Path, count: int, paths: Path) -> None:
    """Ask `count` different questions, each once after a warm-up over all of them, and print."""
    edition, settings = open_published(geodata), read_settings({})
    network = edition.network(PROFILE)
    roads = prepare(edition).profiles[PROFILE, edition.info.periods[0]].always
    everyone = np.ones(len(edition.hospitals), dtype=bool)

    def ask(lat: float, lon: float) -> list[int]:
        """When each part began, and when the last one ended, in nanoseconds."""
        moments = [time.perf_counter_ns()]
        starts = find_starts(roads, lat, lon, settings).starts
        moments.append(time.perf_counter_ns())
        bounds_ms = roads.ranking.bounds_ms(starts)
        np.argsort(bounds_ms)
        moments.append(time.perf_counter_ns())
        for column in roads.ranking.nearest(starts, bounds_ms, everyone, 1)[0].tolist():
            _, start, segments, _, last_share = roads.ranking.road(starts, column)
            trace_line(
                segments, float(starts.share[start]), last_share,
                network.segment_stretch, network.segment_forward, network.stretch_first_point, network.point_x, network.point_y,
            )  # fmt: skip
        moments.append(time.perf_counter_ns())
        return moments

    questions = make_questions(network, roads.usable(None, None), count)
    asked = (f"/api/v1/route?lat={lat:.6f}&lon={lon:.6f}" for lat, lon in questions)
    paths.write_text("\n".join(asked), encoding="utf-8")
    for question in questions:
        ask(*question)
    taken = np.diff(np.array([ask(*question) for question in questions]), axis=1) / 1e6
    figures = {f"{part}_{name}": ms for part, of_it in zip(_PARTS, taken.T, strict=True) for name, ms in spread(of_it.tolist()).items()}  # fmt: skip
    memory = {"private_mb": _memory_mb("RssAnon"), "mapped_mb": _memory_mb("RssFile")}
    size = {"segments": network.segment_count, "turns": len(network.turn_to)}
    print(json.dumps(size | figures | memory))


def _memory_mb(kind: str) -> float:
    """What this process has in memory of its own, or of files that all processes share."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(f"{kind}:"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
