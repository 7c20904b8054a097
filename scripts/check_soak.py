#!/usr/bin/env python3
"""Ask everything for an hour while another edition is published each minute and roads are closed and opened: does memory stay, and no answer mix two editions?

    .venv/bin/python scripts/check_soak.py --minutes 60

Every answer must be, byte by byte in its hospitals, times, roads and decision, one of those that its own edition has in this process, with the
roads open or slowed down. Prints a row of a Markdown table; ends with 1 where it does not hold. Linux alone.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from stroke_map.settings import prepare_numba_cache

# Before anything imports numba, which reads its cache folder once.
prepare_numba_cache()
from bench.targets import Target  # noqa: E402
from crowd import KEY, Violation  # noqa: E402
from crowd.asking import HOST, Asking, Pace  # noqa: E402
from crowd.questions import Question, dispatchers_questions, learn, public_questions, slow_roads  # noqa: E402
from crowd.report import tell, told_of  # noqa: E402
from crowd.towns import default_roads, two_editions  # noqa: E402
from duty.sessions import Memory  # noqa: E402
from faults.service import serving  # noqa: E402

from stroke_map.commands.output import progress  # noqa: E402
from stroke_map.editions import publish  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOLDS = (Target("memory_growth_percent", 5), Target("errors", 0), Target("wrong_answers", 0))
LISTS = ("/hospitals.geojson", "/hospitals?lang=zh", "/api/v1/hospitals")
_HEADER = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


@dataclass(frozen=True)
class Soak:
    """How long, how much, and how often something changes.

    Attributes
    ----------
    settled_s
        Until then memory may grow.
    """

    seconds: float = 3600.0
    settled_s: float = 300.0
    rate: float = 300.0
    connections: int = 40
    questions: int = 300
    switch_every_s: float = 60.0
    close_every_s: float = 7.0
    seed: int = 1


@click.command(help=__doc__)
@click.option("--minutes", default=60.0, show_default=True)
@click.option("--rate", default=300.0, show_default=True, help="Questions a second.")
@click.option("--osm", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Road file. Else Porto, where the real extracts lie beside the checkout, or a made-up town.")  # fmt: skip
@click.option("--seed", default=1, show_default=True)
def main(*, minutes: float, rate: float, osm: Path | None, seed: int) -> None:
    seconds = minutes * 60
    # A trial too short for five minutes settles in a quarter of its time.
    settled_s = min(Soak.settled_s, seconds / 4)
    soak = Soak(seconds, settled_s, rate, switch_every_s=min(60.0, settled_s), seed=seed)
    with TemporaryDirectory(prefix="stroke-map-soak-") as folder, progress() as show:
        try:
            play(Path(folder), osm or default_roads(), soak, partial(show, "soak"))
        except Violation as violation:
            print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)


def play(folder: Path, osm: Path | None, soak: Soak, show: Callable[[float], None]) -> dict[str, float]:
    """Ask and change: the figures; Violation where they do not hold."""
    editions = two_editions(folder, osm)
    questions = dispatchers_questions(folder, soak.questions)
    questions += public_questions(folder, soak.questions // 3, by_browser=False)
    questions += [Question("list", path) for path in LISTS]
    closure = slow_roads(folder)
    learn(folder, questions, closure, editions)
    pace = Pace(soak.connections, soak.seconds, rate=soak.rate, warm_s=0.0, seed=soak.seed)
    with serving(folder, plane="both", workers=2, clinical_key=KEY) as server, Memory(server.process.pid, every_s=2.0) as memory:  # fmt: skip
        asking = Asking(server.port, questions, pace)
        changes = {
            "switches": (_switches(folder, editions), soak.switch_every_s),
            "closures_come_or_gone": (_closures(server.port, closure), soak.close_every_s),
        }
        changed = _change(changes, soak.seconds, show)
        told = asking.wait()
    errors = told.lost + sum(count for status, count in told.statuses.items() if not status.endswith((" 200", " 429")))
    figures = {
        "answers": sum(told.statuses.values()),
        "p99_ms": max(times["p99_ms"] for times in told.kinds.values()),
        **changed,
        **_growth(memory, soak),
        "errors": errors,
        "public_routes_refused": told.refused("public route"),
    } | told_of(told)
    tell(f"soak, {soak.seconds / 60:g} min, {soak.rate:g} questions/s", figures, HOLDS, told)
    return figures


def _change(changes: dict[str, tuple[Iterator[None], float]], seconds: float, show: Callable[[float], None]) -> dict[str, float]:  # fmt: skip
    """Change each thing every so many seconds until time is up; how often."""
    begun, done = time.monotonic(), Counter[str]()
    while (now_s := time.monotonic() - begun) < seconds:
        for name, (change, every_s) in changes.items():
            if now_s >= every_s * (done[name] + 1):
                next(change)
                done[name] += 1
        show(now_s / seconds)
        time.sleep(0.2)
    return dict(done)


def _switches(folder: Path, editions: tuple[str, str]) -> Iterator[None]:
    for edition in cycle(editions):
        publish(folder, edition)
        yield


def _closures(port: int, closure: dict[str, Any]) -> Iterator[None]:
    for _ in count():
        made = _ask(port, "POST", "/api/v1/closures", closure)["closure"]["id"]
        yield
        _ask(port, "DELETE", f"/api/v1/closures/{made}")
        yield


def _ask(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), _HEADER)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status not in {200, 201}:
        raise Violation(f"{method} {path}: {answer.status} {content[:300]!r}")
    return json.loads(content)


def _growth(memory: Memory, soak: Soak) -> dict[str, float]:
    """How much more is taken in the last minutes than when all had settled; a few switches each, for while one happens both are open."""
    for_s = max(2 * soak.switch_every_s, soak.seconds / 12)
    before = median(memory.between(soak.settled_s, soak.settled_s + for_s))
    after = median(memory.between(soak.seconds - for_s, soak.seconds))
    return {"memory_mb": after, "memory_growth_percent": (after / before - 1) * 100}


if __name__ == "__main__":
    main()
