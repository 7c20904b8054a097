"""Build and publish an edition in a process of its own, so that its peak memory is that of this work alone.

Run as `python -m scale.building OSM SHEET GEODATA NEAREST` (NEAREST: how many are stored, "" for all); prints its figures as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from scale.sheets import PROFILE
from stroke_map.editions import Region, build_edition, publish
from stroke_map.settings import prepare_numba_cache

EDITION = "scale"


class Steps:
    """How long each step took, and how long its processors worked, in seconds by its name."""

    def __init__(self) -> None:
        self.took_s: dict[str, float] = {}
        self.worked_s: dict[str, float] = {}
        self._began: dict[str, tuple[float, float]] = {}

    def tell(self, step: str, share: float) -> None:
        """Take note of the progress of a step."""
        now = time.perf_counter(), time.process_time()
        began = self._began.setdefault(step, now)
        if share >= 1.0:
            self.took_s[step], self.worked_s[step] = now[0] - began[0], now[1] - began[1]


def main(osm: Path, sheet: Path, geodata: Path, nearest: int | None) -> None:
    """Build, publish and print."""
    began, steps = time.perf_counter(), Steps()
    folder = build_edition(
        osm=osm, sheet=sheet, region=Region(), geodata_dir=geodata, edition_id=EDITION, profiles=(PROFILE,),
        nearest=nearest, progress=steps.tell,
    )  # fmt: skip
    built_s, worked_s = time.perf_counter() - began, time.process_time()
    publish(geodata, EDITION)
    figures = {
        "build_s": built_s,
        "build_cpu_s": worked_s,
        "roads_cpu_s": steps.worked_s[f"roads {PROFILE}"],
        "arrivals_cpu_s": steps.worked_s[f"arrivals {PROFILE}"],
        "roads_s": steps.took_s[f"roads {PROFILE}"],
        "arrivals_s": steps.took_s[f"arrivals {PROFILE}"],
        "build_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "roads_mb": _size_mb(folder / "roads"),
        "arrivals_mb": _size_mb(folder / "arrivals"),
        "disk_mb": _size_mb(folder),
    }
    print(json.dumps(figures))


def _size_mb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    prepare_numba_cache()
    _osm, _sheet, _geodata, _nearest = sys.argv[1:]
    main(Path(_osm), Path(_sheet), Path(_geodata), int(_nearest) if _nearest else None)
