"""Build and publish an edition in a process of its own, so that its peak memory is that of this work alone.

Run as `python -m scale.building OSM SHEET GEODATA`; prints its figures as JSON.
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
    """How long each step took, by its name."""

    def __init__(self) -> None:
        self.took_s: dict[str, float] = {}
        self._began: dict[str, float] = {}

    def tell(self, step: str, share: float) -> None:
        """Take note of the progress of a step."""
        began = self._began.setdefault(step, time.perf_counter())
        if share >= 1.0:
            self.took_s[step] = time.perf_counter() - began


def main(osm: Path, sheet: Path, geodata: Path) -> None:
    """Build, publish and print."""
    began, steps = time.perf_counter(), Steps()
    folder = build_edition(
        osm=osm, sheet=sheet, region=Region(), geodata_dir=geodata, edition_id=EDITION, profiles=(PROFILE,),
        progress=steps.tell,
    )  # fmt: skip
    built_s = time.perf_counter() - began
    publish(geodata, EDITION)
    figures = {
        "build_s": built_s,
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
    main(*(Path(argument) for argument in sys.argv[1:]))
