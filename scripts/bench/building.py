"""Read, compile and grow the trees in a process of its own, so that its peak memory is that of this work alone.

Run as `python -m bench.building FILE FOLDER HOSPITALS`; keeps what it built in FOLDER and prints its figures as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.targets import Row

if TYPE_CHECKING:
    from bench.inputs import Case

PROFILE = "car"
SHEET_FILE = "hospitals.csv"


def measure_build(case: Case, hospitals: int) -> Row:
    """Build `case` in a fresh process."""
    case.folder.mkdir(parents=True, exist_ok=True)
    told = run_module("bench.building", str(case.osm), str(case.folder), str(hospitals))
    parts = told.pop("parts")
    note = f"read + compile {parts['roads_s']:.1f} s, trees {parts['trees_s']:.1f} s; {parts['segments']:,} segments"
    return Row("build", case.name, f"read + build + {hospitals} trees", told, note, parts)


def run_module(name: str, *arguments: str) -> Any:
    """What one of these modules prints as JSON, run in a fresh process."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    command = [sys.executable, "-m", name, *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


def main(osm: Path, folder: Path, count: int) -> None:
    """Build and print."""
    from bench.inputs import make_hospitals
    from stroke_map.editions.arrivals import build_arrivals, find_gates
    from stroke_map.registry import write_sheet
    from stroke_map.roads import RoadNetwork

    began = time.perf_counter()
    network = RoadNetwork.from_osm(osm, profile=PROFILE)
    read = time.perf_counter()
    hospitals = make_hospitals(network, count)
    chosen = time.perf_counter()
    arrivals = build_arrivals(network, find_gates(network, hospitals))
    grown = time.perf_counter()
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    network.save(folder / "roads")
    arrivals.save(folder / "arrivals")
    with (folder / SHEET_FILE).open("w", encoding="utf-8", newline="") as stream:
        write_sheet(hospitals, stream)
    parts = {"roads_s": read - began, "trees_s": grown - chosen, "segments": network.segment_count,
             "turns": len(network.turn_to), "arrivals_mb": (arrivals.time.nbytes + arrivals.next_turn.nbytes) / 1e6}  # fmt: skip
    print(json.dumps({"wall_s": read - began + grown - chosen, "peak_gb": peak_gb, "parts": parts}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
