"""`kill -9` of whatever process of the service, and the end of connections to its database, at random moments."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from duty.bed import Service

#: A server that is started anew needs some seconds before it can be killed at work again.
_FIRST_AFTER_S = 3.0
_LOOK_EVERY_S = 0.1
#: Of so many victims one is a connection to the database, where the database is a server.
_CONNECTION_ONE_IN = 4
_CUT_ONE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"""


async def kill_at_random(service: Service, *, kills: int, within_s: float, seed: int) -> Counter[str]:
    """Kill so many processes and connections to the database, spread over `within_s`. Counted by what they were."""
    rng, done = random.Random(seed), Counter[str]()
    moments = sorted(rng.uniform(_FIRST_AFTER_S, within_s) for _ in range(kills))
    loop = asyncio.get_running_loop()
    begins = loop.time()
    for moment in moments:
        await asyncio.sleep(max(0.0, begins + moment - loop.time()))
        if service.database_url and rng.randrange(_CONNECTION_ONE_IN) == 0:
            done["database connection"] += await _cut_one(service.database_url)
            continue
        while not (victims := service.victims()):
            await asyncio.sleep(_LOOK_EVERY_S)
        name, pid = rng.choice(sorted((name, pid) for pid, name in victims.items()))
        what = _what(pid, name, service.processes[name].pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            done[what] += 1
    return done


async def _cut_one(url: str) -> int:
    """End a connection that somebody else has to the database, as soon as there is one; how many that were: 1."""
    import psycopg

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while not (cut := await (await connection.execute(_CUT_ONE)).fetchall()):
            await asyncio.sleep(_LOOK_EVERY_S)
    return len(cut)


@asynccontextmanager
async def kept_alive(service: Service) -> AsyncIterator[None]:
    """Start processes anew that have ended, as systemd would: killed ones, and a server whose workers ended too often in a row."""
    keeping = asyncio.create_task(_keep_alive(service))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def _keep_alive(service: Service) -> None:
    while True:
        for name, process in service.processes.items():
            if process.poll() is not None:
                with suppress(ProcessLookupError):  # whoever it left behind still has its port
                    os.killpg(process.pid, signal.SIGKILL)
                service.start(name)
        await asyncio.sleep(_LOOK_EVERY_S)


def _what(pid: int, name: str, first: int) -> str:
    if name != "server":
        return "deliverer"
    if pid == first:
        return "server"
    with suppress(OSError):
        if b"stream" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return "stream"
    return "worker or stream"
