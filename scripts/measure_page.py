#!/usr/bin/env python3
"""Measure the public page in a real Chromium: a first visit on slow 3G with a slowed processor, and the way from a location to three hospitals.

    .venv/bin/python scripts/measure_page.py                        # the demonstration city, served by this script
    .venv/bin/python scripts/measure_page.py --address http://...   # a service that runs

The bytes and the requests are also held by the tests; the times hang on the machine, and are only told here.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import click
from page.visit import Visit, chromium, first_place, visit

from stroke_map.commands.building import publish_demo

if TYPE_CHECKING:
    from collections.abc import Iterator

#: (what, figure, unit): at most so much.
FIGURES = (
    ("readable_ms", 3000, "ms until 120 and the list are readable"),
    ("readable_bytes", 60_000, "bytes until then"),
    ("usable_bytes", 350_000, "bytes until the map is usable"),
    ("others", 0, "requests to other hosts"),
    ("answer_ms", 300, "ms from the location to three hospitals"),
    ("usable_ms", None, "ms until the map is usable"),
    ("requests", None, "requests in all"),
)


@click.command(help=__doc__)
@click.option("--address", help="A service that runs, such as http://127.0.0.1:8120.")
@click.option("--visits", default=5, show_default=True, help="How often; the median is told.")
@click.option("--lang", default="zh", show_default=True, type=click.Choice(["zh", "en"]))
def main(*, address: str | None, visits: int, lang: str) -> None:
    with _served(address) as at, chromium() as browser:
        place = first_place(at)
        visit(browser, at, place, throttled=False)  # the server's own first time is not the visitor's
        measured = [visit(browser, at, place, throttled=True, path=f"/?lang={lang}") for _ in range(visits)]
    sys.exit(0 if _told(measured) else 1)


def _told(measured: list[Visit]) -> bool:
    reached = True
    for name, most, what in FIGURES:
        values = [getattr(one, name) for one in measured]
        values = [len(value) if isinstance(value, list) else value for value in values]
        middle = statistics.median(values)
        good = most is None or middle <= most
        reached &= good
        wanted = "" if most is None else f"  at most {most:,}  {'reached' if good else 'NOT REACHED'}"
        print(f"{what:45} {middle:>10,.0f}  ({min(values):,.0f} to {max(values):,.0f}){wanted}")
    return reached


@contextmanager
def _served(address: str | None) -> Iterator[str]:
    if address:
        yield address.rstrip("/")
        return
    with tempfile.TemporaryDirectory(prefix="stroke-map-page-") as name:
        port, geodata = "8977", Path(name)
        own = {"STROKE_MAP_GEODATA_DIR": name, "STROKE_MAP_STREAM_PORT": "0"}
        publish_demo(geodata)
        command = Path(sys.executable).with_name("stroke-map")
        server = subprocess.Popen([command, "serve", "--plane", "public", "--port", port], env=os.environ | own)
        try:
            yield _ready(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(timeout=30)


def _ready(address: str) -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            with urlopen(f"{address}/readyz") as response:  # noqa: S310 - our own
                if response.status == 200:
                    return address
        except URLError:
            time.sleep(0.3)
    raise click.ClickException("the service did not become ready")


if __name__ == "__main__":
    main()
