#!/usr/bin/env python3
"""Work at the screens in a real Chromium, while 120 other dispatchers ask every 5 s: each figure with how often it was tried.

    .venv/bin/python scripts/check_screens.py
    .venv/bin/python scripts/check_screens.py --times 400 --json figures.json

From a key in the dispatcher's fields to the answer that is drawn, at most 300 ms; from an alert to its sound at the hospital, at most 2 s,
also the moment the stream process was killed; from a lost connection until both screens say so, at most 5 s: where the browser is offline,
and where the server is frozen. Whatever was typed must stay, and what came meanwhile be shown afterwards. The service is that of `stroke-map
serve` with its stream and a deliverer, over the demonstration city. Ends with 1 where something does not hold. Linux alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from bench.targets import Target
from crowd import Violation
from duty.bed import on_duty
from page.visit import chromium
from screens.desks import others_ask, seated
from screens.trials import frozen, lose, offline, ring, type_answers

from stroke_map.commands.output import progress
from stroke_map.settings import prepare_numba_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Figures = dict[str, list[float]]

ANSWERED = Target("worst_ms", 300)
HEARD = Target("worst_ms", 2000)
LOST = Target("worst_ms", 5000)
#: What is measured beside, and holds nothing.
NOTHING_TO_HOLD = ("typing list", "others' routes")


@dataclass(frozen=True)
class Trials:
    """How often each thing is tried, and how many ask meanwhile."""

    keys: int = 200
    alerts: int = 30
    kills: int = 5
    cuts: int = 5
    dispatchers: int = 120
    seed: int = 1


@click.command(help=__doc__)
@click.option("--times", default=200, show_default=True, help="Keys that are pressed; an eighth as many alerts.")
@click.option("--cuts", default=5, show_default=True, help="Connections that are lost, of each kind.")
@click.option("--dispatchers", default=120, show_default=True, help="How many others ask.")
@click.option("--database", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write every time, in ms."
)
@click.option("--seed", default=1, show_default=True)
def main(*, times: int, cuts: int, dispatchers: int, database: str, file: Path | None, seed: int) -> None:
    prepare_numba_cache()
    trials = Trials(times, max(1, times // 8), cuts, cuts, dispatchers, seed)
    with tempfile.TemporaryDirectory(prefix="stroke-map-screens-") as folder, chromium() as browser, progress() as show:
        try:
            figures = play(Path(folder), browser, trials, show, database)
        except Violation as violation:
            print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)
    if file is not None:
        file.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    sys.exit(0 if told(figures) else 1)


def play(folder: Path, browser: Any, trials: Trials, show: Callable[[str, float], None], database: str) -> Figures:
    """Everything that is tried: milliseconds by what they are of; Violation where something is lost."""
    figures: Figures = {}
    with (
        on_duty(folder, database, deliverers=1) as service,
        others_ask(service, trials.dispatchers, trials.seed) as others,
        seated(service, browser) as desks,
    ):
        typed = type_answers(desks, trials.keys, partial(show, "typing"))
        figures |= {f"typing {field}": times for field, times in typed.items()}
        figures["alert"] = ring(desks, trials.alerts, partial(show, "alerts"))
        figures["alert, stream killed"] = ring(desks, trials.kills, partial(show, "stream killed"), without_stream=True)
        figures["others' routes"] = list(others.routes_ms)
        for cut in (offline, frozen):
            name = cut.__name__
            figures[f"lost, {name}"], figures[f"back, {name}"] = lose(desks, trials.cuts, partial(show, name), cut)
        if others.unexpected:
            raise Violation(f"others were answered otherwise: {others.unexpected}")
    return figures


def told(figures: Mapping[str, list[float]]) -> bool:
    """Print them as a Markdown table; whether all of them hold."""
    held = []
    print(
        "| what | how often | median, ms | 95 of 100, ms | worst, ms | at most, ms | held |\n|---|---|---|---|---|---|---|"
    )
    for name, times in figures.items():
        *spread, worst = np.percentile(times, [50, 95, 100]).tolist()
        target = _target(name)
        held.append(target is None or target.reached(worst) != "no")
        numbers = " | ".join(f"{number:,.0f}" for number in (*spread, worst, *((target.least,) if target else ())))
        print(
            f"| {name} | {len(times)} | {numbers} |{'' if target else '  |'} {'yes' if held[-1] else 'no'} |",
            flush=True,
        )
    return all(held)


def _target(name: str) -> Target | None:
    if name in NOTHING_TO_HOLD or name.startswith("back"):
        return None
    return ANSWERED if name.startswith("typing") else HEARD if name.startswith("alert") else LOST


if __name__ == "__main__":
    main()
