#!/usr/bin/env python3
"""Back up a service on duty again and again while alerts come, and restore each backup into an empty place.

    .venv/bin/python scripts/check_backups.py --minutes 5
    .venv/bin/python scripts/check_backups.py --minutes 5 --database postgres

Every alert that was answered with 201 before a backup began must be in it, with its case, its calls and its lines of an audit log that is whole; none
may be there that nobody sent. The first thing that must not be ends the run. Linux alone.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from duty import Violation
from duty.bed import keys_of_hospitals, on_duty
from duty.load import Load, Plan
from duty.receiver import receiving
from sqlalchemy import select

from stroke_map.live import LiveStore
from stroke_map.live.case_tables import alerts, cases, deliveries
from stroke_map.settings import prepare_numba_cache, read_settings

if TYPE_CHECKING:
    from duty.bed import Service

_BETWEEN_S = 1.0


@dataclass
class Trials:
    """What came of the backups: how long each took to make and to restore, and how many alerts were in it."""

    backup_s: list[float] = field(default_factory=list)
    restore_s: list[float] = field(default_factory=list)
    alerts: list[int] = field(default_factory=list)


@click.command(help=__doc__)
@click.option("--minutes", default=5.0, show_default=True, help="How long alerts come.")
@click.option("--alerts-per-s", default=20.0, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(*, minutes: float, alerts_per_s: float, database: str, seed: int) -> None:
    prepare_numba_cache()
    plan = Plan(seconds=minutes * 60, dispatchers=20, alerts_per_s=alerts_per_s, seed=seed)
    with tempfile.TemporaryDirectory(prefix="stroke-map-backups-") as folder:
        try:
            trials, load = asyncio.run(play(Path(folder), plan, database=database, streams=20))
        except* Violation as violations:
            for violation in violations.exceptions:
                print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)
    answered_ms = [(answered - sent) * 1000 for sent, answered, _, _ in load.shift.alerts.values()]
    print(f"{len(trials.alerts)} backups of up to {trials.alerts[-1]:,} alerts, each restored and whole")
    for name, values in (
        ("backup, s", trials.backup_s),
        ("restore, s", trials.restore_s),
        ("alert answered, ms", answered_ms),
    ):
        half, most, worst = np.percentile(values, [50, 99, 100])
        print(f"  {name:<20} median {half:.3g}, p99 {most:.3g}, worst {worst:.3g} of {len(values):,}")


async def play(folder: Path, plan: Plan, *, database: str, streams: int) -> tuple[Trials, Load]:
    """Let alerts come, and back up and restore meanwhile; Violation where a backup is not one moment of it."""
    trials = Trials()
    with on_duty(folder / "service", database, deliverers=1) as service:
        load = Load(service, plan, keys_of_hospitals(service, streams))
        async with receiving(service.receiver_port, service.secret):
            loading = asyncio.create_task(load.run())
            begun = time.monotonic()
            while not loading.done() or not trials.alerts:
                await _try_one(service, load, folder, trials)
                print(
                    f"{len(trials.alerts)} backups, {max(0.0, plan.seconds - time.monotonic() + begun):.0f} s left",
                    file=sys.stderr,
                )
                await asyncio.sleep(_BETWEEN_S)
            await loading
    return trials, load


async def _try_one(service: Service, load: Load, folder: Path, trials: Trials) -> None:
    before, begun = set(load.shift.alerts), time.monotonic()
    made = json.loads(await _run(service, "backup", "--json", "--keep", "2", str(folder / "backups")))
    trials.backup_s.append(time.monotonic() - begun)
    restored, begun = folder / "restored", time.monotonic()
    await _run(service, "restore", made["backup"], GEODATA_DIR=str(restored), DATABASE_URL="")
    trials.restore_s.append(time.monotonic() - begun)
    found = await asyncio.to_thread(_look_at, restored)
    if not before <= found:
        raise Violation(f"{len(before - found)} alerts that were answered are not in {made['backup']}")
    trials.alerts.append(len(found))
    shutil.rmtree(restored)


async def _run(service: Service, *arguments: str, **settings: str) -> str:
    environment = service.environment | {f"STROKE_MAP_{name}": value for name, value in settings.items()}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stroke_map.cli", *arguments, env=environment, stdout=pipe, stderr=pipe
    )
    said, complained = await process.communicate()
    if process.returncode:
        raise Violation(f"{arguments[0]} ended with {process.returncode}: {complained.decode()[-2000:]}")
    return said.decode()


def _look_at(restored: Path) -> set[int]:
    """The alerts of what was restored; Violation where anything of one is missing."""
    with closing(LiveStore(read_settings({}, geodata_dir=restored))) as store:
        wrong = store.audit.verify()[1]
        if wrong:
            raise Violation(f"the audit log is not whole: {wrong[0]}")
        with store.reading() as connection:
            of_case = dict(connection.execute(select(alerts.c.id, alerts.c.case_id)).all())
            known = set(connection.execute(select(cases.c.id)).scalars())
            called = set(connection.execute(select(deliveries.c.alert_id)).scalars())
        told = sum(line.get("path") == "/api/v1/alerts" for line in store.audit.list(writes=True, most=1_000_000))
    if not set(of_case.values()) <= known or not set(of_case) <= called or told < len(of_case):
        raise Violation("an alert is there without its case, its calls or its line in the audit log")
    return set(of_case)


if __name__ == "__main__":
    main()
