#!/usr/bin/env python3
"""Do to the yearly update, and to the edition that serves, whatever can go wrong; the first thing that must not happen ends the run.

    .venv/bin/python scripts/check_update_faults.py --kills 200

A server answers throughout, and every one of its answers is looked at: 200, and one edition whole. Some faults need a small disk, which
is made in memory where this system lets anybody do so.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from faults import Violation
from faults.bed import Bed
from faults.disks import as_root_of_its_own
from faults.flips import check_flips
from faults.full_disk import check_full_disk
from faults.kills import check_kills
from faults.read_only import check_read_only
from faults.sheets import check_sheets
from faults.switches import check_switches
from faults.twice import check_twice

from stroke_map.commands.output import progress
from stroke_map.settings import prepare_numba_cache

if TYPE_CHECKING:
    from collections.abc import Callable

#: The function is the promise; the command also starts an interpreter, for which it waits its turn on a machine that is busy.
ROLLBACK_WITHIN_S = 1.0
PARTS = ("kills", "full disk", "read-only", "twice", "flips", "rollback", "sheets")


@click.command(help=__doc__)
@click.option("--kills", default=200, show_default=True, help="Updates to kill.")
@click.option("--clients", default=120, show_default=True, help="Clients that ask while editions are switched.")
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Only this part; may be repeated.")
@click.option("--seed", default=1, show_default=True)
def main(*, kills: int, clients: int, only: tuple[str, ...], seed: int) -> None:
    as_root_of_its_own()
    prepare_numba_cache()
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="stroke-map-faults-") as folder, progress() as show:
        try:
            show("town", 0.0)
            bed = Bed(Path(folder))
            show("town", 1.0)
            for name, check in _parts(bed, rng, kills=kills, clients=clients, show=show).items():
                if not only or name in only:
                    begun = time.monotonic()
                    _tell(name, check(), time.monotonic() - begun)
        except Violation as violation:
            print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)
    print("nothing happened that must not happen")


def _parts(bed: Bed, rng: random.Random, *, kills: int, clients: int, show: Any) -> dict[str, Callable[[], object]]:
    return {
        "kills": partial(check_kills, bed, rng, kills=kills, show=show),
        "full disk": partial(check_full_disk, bed, show=show),
        "read-only": partial(check_read_only, bed, show=show),
        "twice": partial(check_twice, bed, show=show),
        "flips": partial(check_flips, bed, rng, show=show),
        "rollback": partial(_check_rollback, bed, clients=clients, show=show),
        "sheets": partial(check_sheets, bed, show=show),
    }


def _check_rollback(bed: Bed, *, clients: int, show: Any) -> object:
    done = check_switches(bed, clients=clients, show=show)
    if max(done.function_s) > ROLLBACK_WITHIN_S:
        raise Violation(f"a rollback took {max(done.function_s):.2f} s")
    return done


def _tell(name: str, done: object, seconds: float) -> None:
    print(f"{name}: {seconds:.0f} s")
    for one in fields(done):  # type: ignore[arg-type]
        print(f"  {one.name.replace('_', ' '):<40} {_text(getattr(done, one.name))}")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(number)}" for key, number in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
