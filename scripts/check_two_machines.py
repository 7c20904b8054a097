#!/usr/bin/env python3
"""Let two machines with one database be on duty, and take away one after the other: a server, the connections to the database, the database.

    .venv/bin/python scripts/check_two_machines.py --rounds 5
    .venv/bin/python scripts/check_two_machines.py --rounds 1 --json figures.json

Whoever asks for a hospital is answered all the time, and told where closures and statuses may be out of date. Alerts that were answered
with 201 are recorded once, and reach screens and receivers when the database is back. The first thing that must not happen ends the run.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from duty import Violation
from duty.bed import keys_of_hospitals
from duty.kills import kept_alive
from duty.load import LOST, Load, Plan
from duty.machines import Asked, keep_asking, two_machines
from duty.postgres import cut_connections, without_server
from duty.receiver import receiving
from duty.verdict import check

from stroke_map.settings import prepare_numba_cache

if TYPE_CHECKING:
    from duty.bed import Service
    from duty.machines import Machines

_TOLD_WITHIN_S = 60.0


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True, help="How often each thing is taken away.")
@click.option("--away-s", default=20.0, show_default=True, help="For how long the database is gone, each time.")
@click.option(
    "--dispatchers", default=20, show_default=True, help="Each asks every 5 s, besides the one who never stops."
)
@click.option("--streams", default=40, show_default=True, help="Open streams, of the hospitals in turn.")
@click.option("--alerts-per-s", default=5.0, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the figures to this file too.")
def main(
    *, rounds: int, away_s: float, dispatchers: int, streams: int, alerts_per_s: float, seed: int, file: Path | None
) -> None:
    prepare_numba_cache()
    plan = Plan(seconds=rounds * (away_s + 20.0), dispatchers=dispatchers, alerts_per_s=alerts_per_s, seed=seed)
    with tempfile.TemporaryDirectory(prefix="stroke-map-machines-") as folder:
        try:
            figures = asyncio.run(play(Path(folder), plan, streams=streams, rounds=rounds, away_s=away_s))
        except* Violation as violations:
            for violation in violations.exceptions:
                print(f"VIOLATION: {violation}", file=sys.stderr)
            sys.exit(1)
    for name, value in figures.items():
        print(f"  {name:<50} {value:,.3g}" if isinstance(value, float) else f"  {name:<50} {value:,}")
    if file is not None:
        file.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    print("nothing happened that must not happen")


async def play(
    folder: Path, plan: Plan, *, streams: int, rounds: int = 1, away_s: float = 1.0, **more: str
) -> dict[str, Any]:
    """Play a shift on two machines and take things away meanwhile; what came of it. Violation where something happened that must not."""
    with two_machines(folder, folder / "store", **more) as machines:
        load, asked = Load(machines, plan, keys_of_hospitals(machines.services[0], streams)), Asked()
        first, second = machines.services
        async with receiving(first.receiver_port, first.secret) as received, kept_alive(first), kept_alive(second):
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(keep_asking(machines, asked))
                loading = group.create_task(load.run())
                taken = [await _take_away(machines, asked, rounds=number, away_s=away_s) for number in range(rounds)]
                await loading
                asking.cancel()
            told = await check(machines, load, received)
    return {
        "answers to the dispatcher who never stops": len(asked.answers),
        "of them marked as perhaps out of date": sum(stale for _, _, stale in asked.answers),
        "the longest of them took, s": asked.longest_s,
        "alerts": len(load.shift.alerts),
        "acknowledgements": len(load.shift.acknowledged),
        "tried again by the clients": load.shift.lost.total(),
        **{name: max(one[name] for one in taken) for name in taken[0]},
        **told,
    }


async def _take_away(machines: Machines, asked: Asked, *, rounds: int, away_s: float) -> dict[str, float]:
    """Take away one machine, the connections, the database; the longest that each was noticed after, s."""
    victim = machines.services[rounds % 2]
    await asked.until(stale=False)
    _kill(victim)
    back_s = await _until_ready(victim)
    before = len(asked.answers)
    for _ in range(3):
        await asyncio.to_thread(cut_connections, machines.database_url)
        await asyncio.sleep(0)
    cut_s = await asked.until(stale=False)
    with without_server(machines.database_url):
        gone_s = await asked.until(stale=True)
        for service in machines.services:
            await _until_told(service, stale=True)
        await _refused(machines)
        await asyncio.sleep(max(0.0, away_s - gone_s))
    fresh_s = await asked.until(stale=False)
    for service in machines.services:
        await _until_told(service, stale=False)
    if len(asked.answers) == before:
        raise Violation("nobody was answered meanwhile")
    return {
        "a killed machine answers again after, s": back_s,
        "cut connections are noticed no more after, s": cut_s,
        "answers are marked after, s": gone_s,
        "answers are fresh again after, s": fresh_s,
    }


def _kill(service: Service) -> None:
    """`kill -9` to the server of a machine, its workers and its stream at once."""
    for pid, name in service.victims().items():
        if name == "server":
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


async def _until_ready(service: Service) -> float:
    begun = time.perf_counter()
    await asyncio.to_thread(service.wait_until_ready)
    return time.perf_counter() - begun


async def _until_told(service: Service, *, stale: bool) -> None:
    """Wait until `/readyz` of a machine says whether its live state is out of date; it goes on being asked either way."""
    end = time.monotonic() + _TOLD_WITHIN_S
    while time.monotonic() < end:
        connection = service.connect()
        try:
            answer = await connection.ask("GET", "/readyz")
            if answer.status == 200 and answer.json()["live_state"]["stale"] is stale:
                return
        except LOST:
            pass
        finally:
            connection.close()
        await asyncio.sleep(0.1)
    raise Violation(f"/readyz does not say stale={stale}")


async def _refused(machines: Machines) -> None:
    """Whoever writes without the database is told so, at once enough to take the telephone, and not that it was done."""
    hospital = machines.hospitals[0]
    question = {"lat": hospital.lat + 0.01, "lon": hospital.lon, "crs": "WGS-84", "condition": "stroke"}
    connection = machines.connect(machines.dispatcher)
    answer = await connection.ask("POST", "/api/v1/cases", {"question": question})
    connection.close()
    if answer.status != 503 or answer.json()["code"] != "live-store":
        raise Violation(f"a case without a database was answered {answer.status}: {answer.body[:300]!r}")


if __name__ == "__main__":
    main()
