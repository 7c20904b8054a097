#!/usr/bin/env python3
"""Measure how building, disk, memory, start and answers grow with the region, its hospitals and those who ask.

    .venv/bin/python scripts/scale.py ../shared/osm/porto.osm.pbf --cache /tmp/scale --report scale.md --plot scale.svg

Regions are copies of OSM side by side (a made-up town where none is given), which is for speed and memory alone. Rows that are in the
cache already are not measured again. Ends with 1 where ranking grows with the region.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from stroke_map.settings import prepare_numba_cache

# Before anything imports numba, which reads its cache folder once.
prepare_numba_cache()
from scale.country import country  # noqa: E402
from scale.fitting import by_connections, by_hospitals, by_region, lines  # noqa: E402
from scale.plot import write_plots  # noqa: E402
from scale.report import is_flat, markdown  # noqa: E402
from scale.rows import QUICK, Lab, Row, Size  # noqa: E402


@click.command(help=__doc__)
@click.argument("osm", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--cache", required=True, type=click.Path(file_okay=False, path_type=Path), help="Keep everything here.")
@click.option("--side", "sides", multiple=True, type=click.IntRange(1), default=(1, 2, 4), show_default=True, help="1, 4, 16 copies.")  # fmt: skip
@click.option("--hospitals", multiple=True, type=click.IntRange(1), default=(25, 115, 500, 2000), show_default=True)
@click.option("--connections", multiple=True, type=click.IntRange(1), default=(1, 4, 16, 64), show_default=True)
@click.option("--in-process", is_flag=True, help="Without a server: neither start nor HTTP.")
@click.option(
    "--nearest",
    type=click.IntRange(1, 255),
    help="Store so many of the nearest hospitals for each capability instead of all.",
)
@click.option("--memory-gb", default=8.0, show_default=True, help="Leave out rows whose build needs more.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write it here (Markdown); else to stdout.")  # fmt: skip
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write the plots here (SVG).")
@click.option("--quick", is_flag=True, help="A few questions: shows that everything runs, no more.")
def main(
    *,
    osm: Path | None,
    cache: Path,
    sides: tuple[int, ...],
    hospitals: tuple[int, ...],
    connections: tuple[int, ...],
    in_process: bool,
    nearest: int | None,
    memory_gb: float,
    report: Path | None,
    plot: Path | None,
    quick: bool,
) -> None:
    lab = Lab(osm, cache, QUICK if quick else Size(), () if in_process else connections)
    rows = [Row(side, number, nearest) for side in sides for number in hospitals]
    left_out = [
        f"Not measured: {row.side**2} x with {row.hospitals:,} hospitals, whose arrivals take about {row.needs_gb:.0f} GB of memory to build."
        for row in rows
        if row.needs_gb > memory_gb
    ]
    measured = measure(lab, [row for row in rows if row.needs_gb <= memory_gb])
    regions, numbers = by_region(measured), by_hospitals(measured)
    region, hospital = lines(regions, "segments"), lines(numbers, "hospitals")
    told = markdown(measured, region, hospital, left_out)
    if nearest:
        told += f"\n{country(measured)}\n"
    report.write_text(told, encoding="utf-8") if report else click.echo(told, nl=False)
    if plot:
        plots = [
            (f"By the size of the region ({regions[0]['hospitals']:,} hospitals)", "directed segments", region),
            (f"By hospitals ({numbers[0]['side'] ** 2} x)", "hospitals", hospital),
            ("By those who ask at once", "connections", by_connections(regions[0])),
        ]
        write_plots([each for each in plots if each[-1]], plot)
    sys.exit(1 if is_flat(region) is False else 0)


def measure(lab: Lab, rows: list[Row]) -> list[dict]:
    """What is known of all rows, each measured unless it was before; says how far it is."""
    missing = [row for row in rows if lab.known(row) is None]
    begun, done, work = time.monotonic(), 0, sum(row.work for row in missing)
    for row in missing:
        left = f", about {(time.monotonic() - begun) / done * (work - done) / 60:.0f} min left" if done else ""
        click.echo(f"{row.side**2} x, {row.hospitals:,} hospitals ({done * 100 // work} % done{left})", err=True)
        lab.measure(row)
        done += row.work
    return [told for row in rows if (told := lab.known(row))]


if __name__ == "__main__":
    main()
