#!/usr/bin/env python3
"""Let 120 dispatchers ask without a pause, and hold every answer against what is known of it; with --public while the public asks too.

    .venv/bin/python scripts/check_load.py --minutes 10
    .venv/bin/python scripts/check_load.py --minutes 10 --public

Alone, the clinical plane has two workers. With the public it has one, and the public plane one of its own, as in production: 2,000 pages and
500 routes a second are offered to that one, whatever it makes of them. Prints a row of a Markdown table; ends with 1 where it does not hold.
Figures are of this machine, now: run it while nothing else does.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stroke_map.settings import prepare_numba_cache

# Before anything imports numba, which reads its cache folder once.
prepare_numba_cache()
from bench.serving import PAGES  # noqa: E402
from bench.targets import Target  # noqa: E402
from crowd import KEY, Violation  # noqa: E402
from crowd.asking import Asking, Pace, Told  # noqa: E402
from crowd.questions import Question, dispatchers_questions, learn, public_questions  # noqa: E402
from crowd.report import tell, told_of  # noqa: E402
from crowd.towns import default_roads, geodata_of  # noqa: E402
from faults.service import serving  # noqa: E402

from stroke_map.commands.output import progress  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

ALONE = (
    Target("routes_per_s", 1500, more=True), Target("p99_ms", 120), Target("errors", 0), Target("wrong_answers", 0),
)  # fmt: skip
WITH_PUBLIC = (
    Target("p99_ms", 200), Target("errors", 0), Target("wrong_answers", 0), Target("pages_refused", 0),
    Target("public_route_p99_ms", 1000),
)  # fmt: skip


@dataclass(frozen=True)
class Crowd:
    """How many ask, and how much."""

    seconds: float = 600.0
    warm_s: float = 10.0
    dispatchers: int = 120
    questions: int = 1500
    pages_per_s: float = 2000.0
    routes_per_s: float = 500.0
    visitors: int = 400
    patients: bool = False
    seed: int = 1


@click.command(help=__doc__)
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--public", is_flag=True, help="While the public asks too, at a plane of its own.")
@click.option("--osm", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Road file. Else Porto, where the real extracts lie beside the checkout, or the demonstration city.")  # fmt: skip
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Build here and use what is there.")
@click.option("--dispatchers", default=120, show_default=True)
@click.option(
    "--patients",
    is_flag=True,
    help="Every third question tells of the patient, which takes four times as long to answer.",
)
@click.option("--seed", default=1, show_default=True)
def main(
    *, minutes: float, public: bool, osm: Path | None, keep: Path | None, dispatchers: int, patients: bool, seed: int
) -> None:
    crowd = Crowd(seconds=minutes * 60, dispatchers=dispatchers, patients=patients, seed=seed)
    with geodata_of(osm or default_roads(), keep) as geodata, progress() as show:
        play = play_with_public if public else play_alone
        try:
            play(geodata, crowd, partial(show, "load"))
        except Violation as violation:
            print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)


def play_alone(geodata: Path, crowd: Crowd, show: Callable[[float], None]) -> dict[str, float]:
    """Dispatchers alone, on two workers: the figures; Violation where they do not hold."""
    asked = _known(geodata, dispatchers_questions(geodata, crowd.questions, patients=crowd.patients))
    with serving(geodata, plane="clinical", workers=2, clinical_key=KEY) as server:
        told = Asking(server.port, asked, _without_pause(crowd)).wait(show)
    figures = _dispatch(told)
    tell(f"{crowd.dispatchers} dispatchers at once, {crowd.seconds / 60:g} min", figures, ALONE, told)
    return figures


def play_with_public(geodata: Path, crowd: Crowd, show: Callable[[float], None]) -> dict[str, float]:
    """Dispatchers on one worker, and the public on one that is not theirs: the figures; Violation where they do not hold."""
    asked = _known(geodata, dispatchers_questions(geodata, crowd.questions, patients=crowd.patients))
    routes = public_questions(geodata, crowd.questions)
    pages = [Question("page", path, headers={"Accept-Encoding": "gzip"}, may_refuse=True) for path in PAGES]
    one = {"warm_s": crowd.warm_s, "seconds": crowd.seconds, "seed": crowd.seed}
    with ExitStack() as stack:
        clinical = stack.enter_context(serving(geodata, plane="clinical", workers=1, clinical_key=KEY))
        public = stack.enter_context(serving(geodata, plane="public", workers=1, trusted_proxies=1))
        for path in PAGES:  # made once, which is not what is measured
            public.get(path)
        asking = [
            Asking(clinical.port, asked, _without_pause(crowd)),
            Asking(public.port, pages, Pace(crowd.visitors, rate=crowd.pages_per_s, **one)),
            Asking(public.port, routes, Pace(crowd.visitors, rate=crowd.routes_per_s, **one)),
        ]
        told = [one.wait(show if number == 0 else lambda _: None) for number, one in enumerate(asking)]
    figures = _dispatch(told[0]) | told_of(*told) | _public(*told[1:])
    tell(
        f"the same with {crowd.pages_per_s:,g} public pages/s and {crowd.routes_per_s:,g} public routes/s offered, {crowd.seconds / 60:g} min",
        figures,
        WITH_PUBLIC,
        *told,
    )
    return figures


def _known(geodata: Path, questions: list[Question]) -> list[Question]:
    learn(geodata, questions)
    return questions


def _without_pause(crowd: Crowd) -> Pace:
    return Pace(crowd.dispatchers, crowd.seconds, warm_s=crowd.warm_s, seed=crowd.seed)


def _dispatch(told: Told) -> dict[str, float]:
    times = told.kinds["dispatch"]
    errors = told.lost + sum(count for status, count in told.statuses.items() if not status.endswith(" 200"))
    return {
        "routes_per_s": times["per_s"],
        "median_ms": times["median_ms"],
        "p99_ms": times["p99_ms"],
        "worst_ms": times["worst_ms"],
        "errors": errors,
    } | told_of(told)


def _public(pages: Told, routes: Told) -> dict[str, float]:
    return {
        "pages_per_s": pages.kinds["page"]["per_s"],
        "page_p99_ms": pages.kinds["page"]["p99_ms"],
        "pages_refused": pages.refused("page"),
        "public_routes_per_s": routes.kinds["public route"]["per_s"],
        "public_routes_refused": routes.refused("public route"),
        "public_route_p99_ms": routes.kinds["public route"]["p99_ms"],
    }


if __name__ == "__main__":
    main()
