#!/usr/bin/env python3
"""Give every reader what strangers may send: hostile texts, damaged files, values of every kind. Each case must be read or refused in words.

    .venv/bin/python scripts/check_fuzz.py --cases 100000
    .venv/bin/python scripts/check_fuzz.py --only workbooks --seed 7 --cases 5000

An error that is none of our own, or a case that takes over a second of the processor, ends the run; what it was is printed as small as can be.
"""

from __future__ import annotations

import faulthandler
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

import click
from fuzz import Violation, live, questions, roads, sheets, tables
from fuzz.running import Target, fuzz

from stroke_map.commands.output import progress
from stroke_map.settings import prepare_numba_cache

#: A reader that never comes back is told by where it stands; no case takes so long otherwise.
HANGS_AFTER_S = 120.0
ROOMS = (sheets, roads, live, questions, tables)


@click.command(help=__doc__)
@click.option("--cases", default=10_000, show_default=True, help="In all; each reader gets its share.")
@click.option("--seed", type=int, help="Give the same cases as a run that printed this.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this reader; may be repeated.")
def main(*, cases: int, seed: int | None, only: tuple[str, ...]) -> None:
    prepare_numba_cache()
    faulthandler.enable()
    first = random.randrange(2**32) if seed is None else seed
    print(f"seed {first}")
    with tempfile.TemporaryDirectory(prefix="stroke-map-fuzz-") as folder:
        targets = make_targets(Path(folder))
        unknown = set(only) - {target.name for target in targets}
        if unknown:
            raise click.BadParameter(f"no reader {', '.join(unknown)}; there are {', '.join(t.name for t in targets)}")
        chosen = [target for target in targets if not only or target.name in only]
        try:
            run(chosen, cases=cases, first=first)
        except Violation as violation:
            print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)


def make_targets(folder: Path) -> list[Target]:
    """All readers; their files are written into `folder`."""
    return [target for room in ROOMS for target in room.targets(folder)]


def run(targets: list[Target], *, cases: int, first: int) -> int:
    """Give them their shares; returns how many cases that were, and prints what came of each.

    Raises
    ------
    Violation
        One of them failed.
    """
    shares, given, begun = sum(target.share for target in targets), 0, time.monotonic()
    with progress() as show, warnings.catch_warnings():
        warnings.simplefilter("error")
        for target in targets:
            wanted = max(round(cases * target.share / shares), 1)
            faulthandler.dump_traceback_later(HANGS_AFTER_S + wanted * 0.5, exit=True)
            done = fuzz(target, cases=wanted, first=first, show=lambda share, name=target.name: show(name, share))
            faulthandler.cancel_dump_traceback_later()
            given += done.cases
            print(
                f"  {target.name:<28} {done.cases:>8,} cases, {done.refused:>8,} refused, slowest {done.slowest_s * 1000:.0f} ms",
                flush=True,
            )
    print(f"{given:,} cases after {time.monotonic() - begun:.0f} s: each was read or refused")
    return given


if __name__ == "__main__":
    main()
