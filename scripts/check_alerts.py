#!/usr/bin/env python3
"""Play a shift on the demonstration city: dispatchers that ask, streams that are open, alerts, and processes that are killed.

    .venv/bin/python scripts/check_alerts.py --minutes 5
    .venv/bin/python scripts/check_alerts.py --minutes 15 --kills 100 --database postgres

Every alert that was answered with 201 must be recorded once, reach every open stream of its hospital and its receiver, and every
acknowledgement must be kept; every answer about a road must be the one that is known of its place. The first thing that must not happen ends
the run. Linux alone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

from stroke_map.settings import prepare_numba_cache

# Before anything imports numba, which reads its cache folder once.
prepare_numba_cache()
from crowd.questions import dispatchers_questions, learn  # noqa: E402
from duty import Violation  # noqa: E402
from duty.bed import keys_of_hospitals, on_duty  # noqa: E402
from duty.kills import kept_alive, kill_at_random  # noqa: E402
from duty.load import Load, Plan, Shift  # noqa: E402
from duty.receiver import receiving  # noqa: E402
from duty.verdict import check  # noqa: E402

#: From so many places dispatchers ask, in turn.
_PLACES = 60


@click.command(help=__doc__)
@click.option("--minutes", default=5.0, show_default=True, help="How long alerts come.")
@click.option("--dispatchers", default=120, show_default=True, help="Each asks every 5 s.")
@click.option("--streams", default=345, show_default=True, help="Open streams, of the hospitals in turn.")
@click.option("--alerts-per-s", default=20.0, show_default=True)
@click.option(
    "--kills",
    default=0,
    show_default=True,
    help="Processes to kill at random moments; with PostgreSQL connections to it as well.",
)
@click.option("--database", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(
    *, minutes: float, dispatchers: int, streams: int, alerts_per_s: float, kills: int, database: str, seed: int
) -> None:
    plan = Plan(seconds=minutes * 60, dispatchers=dispatchers, alerts_per_s=alerts_per_s, seed=seed)
    with tempfile.TemporaryDirectory(prefix="stroke-map-duty-") as folder:
        try:
            asyncio.run(play(Path(folder), plan, streams=streams, kills=kills, database=database))
        except* Violation as violations:
            for violation in violations.exceptions:
                print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)
    print("nothing happened that must not happen")


async def play(folder: Path, plan: Plan, *, streams: int, kills: int, database: str) -> Shift:
    """Play one shift, and print what came of it; Violation where something happened that must not."""
    with on_duty(folder, database) as service:
        questions = dispatchers_questions(folder, _PLACES)
        learn(folder, questions)
        load = Load(service, plan, keys_of_hospitals(service, streams), questions)
        async with receiving(service.receiver_port, service.secret) as received, kept_alive(service):
            async with asyncio.TaskGroup() as group:
                killing = group.create_task(kill_at_random(service, kills=kills, within_s=plan.seconds, seed=plan.seed))
                group.create_task(load.run())
            figures = await check(service, load, received)
    _tell(load.shift, figures, dict(killing.result()))
    return load.shift


def _tell(shift: Shift, figures: dict[str, int], killed: dict[str, int]) -> None:
    told_s = [at - shift.alerts[alert][0] for (_, alert), at in shift.seen.items() if alert in shift.alerts]
    answered_ms = [(answered - sent) * 1000 for sent, answered, _, _ in shift.alerts.values()]
    print(f"{len(shift.alerts):,} alerts, {len(shift.acknowledged):,} acknowledgements, {len(told_s):,} events awaited")
    _spread("route, ms", shift.routes_ms)
    _spread("alert answered, ms", answered_ms)
    _spread("alert sent to stream, s", told_s)
    for name, number in (figures | {f"killed: {what}": number for what, number in sorted(killed.items())}).items():
        print(f"  {name:<28} {number:,}")
    for name, number in shift.lost.most_common():
        print(f"  {'tried again: ' + name:<28} {number:,}")


def _spread(name: str, values: list[float]) -> None:
    if values:
        half, most, worst = np.percentile(values, [50, 99, 100])
        print(f"  {name:<28} median {half:.3g}, p99 {most:.3g}, worst {worst:.3g} of {len(values):,}")


if __name__ == "__main__":
    main()
