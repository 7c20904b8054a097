"""`kill -9` of whatever process of the service, at random moments."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duty.bed import Service

#: A server that is started anew needs some seconds before it can be killed at work again.
_FIRST_AFTER_S = 3.0


async def kill_at_random(service: Service, *, kills: int, within_s: float, seed: int) -> Counter[str]:
    """Kill so many processes, spread over `within_s`; what nobody else starts anew is started here. Counted by what they were."""
    rng, done = random.Random(seed), Counter[str]()
    moments = sorted(rng.uniform(_FIRST_AFTER_S, within_s) for _ in range(kills))
    loop = asyncio.get_running_loop()
    begins = loop.time()
    for moment in moments:
        await asyncio.sleep(max(0.0, begins + moment - loop.time()))
        name, pid = rng.choice(sorted((name, pid) for pid, name in service.victims().items()))
        what = _what(pid, name, service.processes[name].pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            done[what] += 1
        process = service.processes[name]
        if process.pid == pid:
            await asyncio.to_thread(process.wait)
            for orphan, of in service.victims().items():
                if of == name and orphan != pid:
                    with suppress(ProcessLookupError):
                        os.kill(orphan, signal.SIGKILL)
            service.start(name)
    return done


def _what(pid: int, name: str, first: int) -> str:
    if name != "server":
        return "deliverer"
    if pid == first:
        return "server"
    with suppress(OSError):
        if b"stream" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return "stream"
    return "worker or stream"
