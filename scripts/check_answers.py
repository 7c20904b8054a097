#!/usr/bin/env python3
"""Ask at random, and hold every answer against an oracle that shares no code with what answers: the first that is wrong ends the run.

    .venv/bin/python scripts/check_answers.py ../shared/osm/malta.osm.pbf --questions 100000
    .venv/bin/python scripts/check_answers.py ../shared/osm/malta.osm.pbf --seed 7 --replay 41.17

Roads are closed and slow, hospitals are full or lack their CT, hours and accreditation end on the way, for both conditions, every need,
both profiles and every hour. Compared are who is listed, in which class and order, the travel times to a tenth of a second, who
stands besides, warnings, and what is said where there is no answer.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import fields
from pathlib import Path

import click
import numpy as np
from answers import Wrong
from answers.comparing import PER_SCENE, Compared, Comparing
from answers.town import make_edition

from stroke_map.commands.output import progress
from stroke_map.settings import prepare_numba_cache


@click.command(help=__doc__)
@click.argument("osm", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--questions", default=1000, show_default=True)
@click.option("--per-scene", default=PER_SCENE, show_default=True, help="Questions of one state of things.")
@click.option("--seed", default=1, show_default=True, help="Of the hospitals, and of everything that is asked.")
@click.option("--nearest", type=click.IntRange(min=1), help="Store so many hospitals of each capability (--arrivals).")
@click.option(
    "--replay", metavar="SCENE.NUMBER", help="Ask one question again, and print it with what the oracle says."
)
def main(*, osm: Path, questions: int, per_scene: int, seed: int, nearest: int | None, replay: str | None) -> None:
    prepare_numba_cache()
    print(f"{osm.name}, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="stroke-map-answers-") as folder, progress() as show:
        edition = make_edition(osm, Path(folder), np.random.default_rng(seed), show, nearest)
        comparing = Comparing(edition, seed, per_scene)
        begun = time.monotonic()
        try:
            if replay:
                comparing.replay(replay)
            else:
                comparing.run(questions, lambda share: show("questions", share))
        except Wrong as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            sys.exit(1)
    _tell(comparing.compared, time.monotonic() - begun)


def _tell(compared: Compared, seconds: float) -> None:
    print(f"all right after {seconds:.0f} s")
    for one in fields(compared):
        value = getattr(compared, one.name)
        counts = value if isinstance(value, Counter) else {one.name.replace("_", " "): value}
        for name, count in sorted(counts.items()):
            print(f"  {count:>12,} {name}")


if __name__ == "__main__":
    main()
