#!/usr/bin/env python3
"""Measure speed and memory, with OSMnx + NetworkX and SciPy beside: one table, and JSON.

    .venv/bin/pip install -e '.[bench]'
    .venv/bin/python scripts/bench.py --json bench.json

Figures are of this machine, now: run it while nothing else does.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stroke_map.settings import prepare_numba_cache

# Before anything imports numba, which reads its cache folder once.
prepare_numba_cache()
from bench.building import measure_build  # noqa: E402
from bench.closures import CLOSURES, measure_closures  # noqa: E402
from bench.in_process import InProcess, measure_query  # noqa: E402
from bench.inputs import HOSPITALS, Case, road_files, write_grid  # noqa: E402
from bench.oracles import measure_networkx, measure_scipy  # noqa: E402
from bench.peers import measure_peers  # noqa: E402
from bench.report import print_table, write_json  # noqa: E402
from bench.serving import CONNECTIONS, measure_http, measure_pages, measure_start  # noqa: E402
from bench.yearly import measure_yearly  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.targets import Row

ROWS = ("query", "closures", "networkx", "scipy", "build", "http", "pages", "start", "yearly")
#: Measured on every file; the rest on the first alone.
ON_EVERY_FILE = ("query", "closures", "build", "yearly")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    questions: int = 4000
    closures: int = CLOSURES
    networkx: int = 7
    scipy: int = 50
    connections: int = CONNECTIONS
    warm_s: float = 3.0
    load_s: float = 10.0
    visitors_per_s: float = 2000.0
    starts: int = 5
    peers: int = 400
    sheet_rows: int = 5000


FULL = Size()
QUICK = Size(
    questions=50,
    closures=6,
    networkx=2,
    scipy=5,
    connections=8,
    warm_s=0.2,
    load_s=0.5,
    visitors_per_s=50.0,
    starts=1,
    peers=20,
    sheet_rows=50,
)


@click.command(help=__doc__)
@click.option(
    "--osm",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Road file; may be given more than once. Else the real extracts beside the checkout, else the demo city.",
)
@click.option("--only", multiple=True, type=click.Choice(ROWS), help="Just this row; may be given more than once.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here.")
@click.option("--hospitals", default=HOSPITALS, show_default=True, help="How many hospitals.")
@click.option("--quick", is_flag=True, help="A few questions in a made-up town: shows that everything runs, no more.")
@click.option(
    "--peers",
    is_flag=True,
    help="Compare answers with those of OSRM, Valhalla and NetworkX instead (fetches two wheels, 60 MB, with pip).",
)
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Build here and use what is there.")  # fmt: skip
def main(
    files: tuple[Path, ...],
    only: tuple[str, ...],
    json_file: Path | None,
    hospitals: int,
    keep: Path | None,
    *,
    quick: bool,
    peers: bool,
) -> None:
    """Measure what was asked for, print it, write it."""
    rows: list[Row] = []
    with _folder(keep) as folder:
        # Compiling the kernels is done once for a machine and is not what is measured.
        measure_build(Case(write_grid(folder / "warm.osm"), folder / "warm"), 3)
        for number, osm in enumerate(road_files(files, folder, quick=quick)):
            wanted = [row for row in (only or ROWS) if number == 0 or row in ON_EVERY_FILE]
            if peers:
                wanted = ["peers"]
            case = Case(osm, folder / osm.name.split(".")[0])
            rows += measure(case, wanted, QUICK if quick else FULL, hospitals, reuse=keep is not None)
    print_table(rows)
    if json_file:
        write_json(rows, json_file)


def measure(case: Case, wanted: list[str], size: Size, hospitals: int, *, reuse: bool) -> Iterator[Row]:
    """The rows wanted, of one road file."""
    if "build" in wanted or not (reuse and (case.folder / "arrivals").is_dir()):
        row = measure_build(case, hospitals)
        if "build" in wanted:
            yield row
    ours = InProcess(case)
    yield from measure_in_process(case, ours, wanted, size)
    if "http" in wanted:
        yield from measure_http(case, ours.questions(size.questions), connections=size.connections,
                                warm_s=size.warm_s, seconds=size.load_s)  # fmt: skip
    if "pages" in wanted:
        yield measure_pages(case, rate=size.visitors_per_s, connections=size.connections,
                            warm_s=size.warm_s, seconds=size.load_s)  # fmt: skip
    if "peers" in wanted:
        yield from measure_peers(case, ours, size.peers)
    if "start" in wanted:
        yield measure_start(case, size.starts)
    if "yearly" in wanted:
        yield from measure_yearly(case, rows=size.sheet_rows, questions=size.questions // 10)


def measure_in_process(case: Case, ours: InProcess, wanted: list[str], size: Size) -> Iterator[Row]:
    """Those of the rows wanted that need no server."""
    if {"query", "networkx", "scipy"}.intersection(wanted):
        row = measure_query(case, ours, size.questions)
        if "query" in wanted:
            yield row
        ours_ms = row.figures["median_ms"]
        if "networkx" in wanted:
            yield measure_networkx(case, ours, size.networkx, ours_ms)
        if "scipy" in wanted:
            yield measure_scipy(case, ours, size.scipy, ours_ms)
    if "closures" in wanted:
        yield measure_closures(case, ours, size.questions, size.closures)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    with nullcontext(str(keep)) if keep else tempfile.TemporaryDirectory(prefix="stroke-map-bench-") as folder:
        yield Path(folder)


if __name__ == "__main__":
    main()
