#!/usr/bin/env python3
"""Check answers under closures against one reverse shortest-path tree each, by SciPy, and by NetworkX for one tree in fifty.

    .venv/bin/python scripts/check_detours.py ../shared/osm/malta.osm.pbf --origins all

OSM is a road file, or `demo` for the demonstration city. Every set of changes closes discs and streets (one or both directions), bans
turns and slows roads at random; every third encloses a hospital. An answer that differs by a millisecond ends the run.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from detours.comparing import PLACES, compare
from detours.town import DISCS, Town

from stroke_map.demo import write_demo
from stroke_map.roads import RoadNetwork

DEMO = "demo"


@click.command(help=__doc__)
@click.argument("osm")
@click.option("--profile", default="car", show_default=True)
@click.option("--sets", default=25, show_default=True, help="Sets of changes.")
@click.option("--origins", default="500", show_default=True, help="Origins for each set and hospital, or `all`.")
@click.option(
    "--places", default=PLACES, show_default=True, help="Places in the street for each set, several starts each."
)
@click.option("--threads", default=2, show_default=True)
@click.option("--discs", default=DISCS, show_default=True, help="How many areas are closed at once, on average.")
@click.option("--nearest", type=click.IntRange(1, 255), help="Answer from so many of the nearest hospitals alone.")
@click.option("--seed", default=1, show_default=True)
def main(
    *,
    osm: str,
    profile: str,
    sets: int,
    origins: str,
    places: int,
    threads: int,
    discs: float,
    nearest: int | None,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    town = Town(_network(osm, profile), rng, discs, nearest)
    begun = time.monotonic()
    wanted = None if origins == "all" else int(origins)
    compared = compare(town, rng, sets=sets, origins=wanted, places=places, threads=threads)
    print(
        f"{Path(osm).name}, {town.network.segment_count:,} segments: all equal after {time.monotonic() - begun:.0f} s"
    )
    for name, count in asdict(compared).items():
        print(f"  {count:>12,} {name.replace('_', ' ')}")


def _network(osm: str, profile: str) -> RoadNetwork:
    if osm != DEMO:
        return RoadNetwork.from_osm(Path(osm), profile=profile)
    with tempfile.TemporaryDirectory(prefix="stroke-map-demo-") as folder:
        return RoadNetwork.from_osm(write_demo(Path(folder)).osm, profile=profile)


if __name__ == "__main__":
    main()
