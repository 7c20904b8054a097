"""`kill -9` of whatever process of the service, at random moments."""

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


async def kill_at_random(service: Service, *, kills: int, within_s: float, seed: int) -> Counter[str]:
    """Kill so many processes, spread over `within_s`. Counted by what they were."""
    rng, done = random.Random(seed), Counter[str]()
    moments = sorted(rng.uniform(_FIRST_AFTER_S, within_s) for _ in range(kills))
    loop = asyncio.get_running_loop()
    begins = loop.time()
    for moment in moments:
        await asyncio.sleep(max(0.0, begins + moment - loop.time()))
        while not (victims := service.victims()):
            await asyncio.sleep(_LOOK_EVERY_S)
        name, pid = rng.choice(sorted((name, pid) for pid, name in victims.items()))
        what = _what(pid, name, service.processes[name].pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            done[what] += 1
    return done


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
