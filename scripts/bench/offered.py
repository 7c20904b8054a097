"""Requests at a steady rate, whatever the server makes of it: as many as come after an accident, not as many as it manages.

Each is timed from the moment at which it was due: who waits for a free connection waits too. Run as `python -m bench.offered HOST PORT
PATHS CONNECTIONS WARM_S SECONDS RATE` (PATHS: a file, one request target per line); prints figures as JSON.
"""

from __future__ import annotations

import json
import selectors
import sys
import time
from itertools import cycle
from pathlib import Path

from bench.load import Client
from bench.targets import spread

_PATIENCE_S = 10.0  # for the answers that are still under way


def run(
    address: tuple[str, int], paths: list[str], connections: int, *, warm_s: float, seconds: float, rate: float
) -> dict[str, float]:
    """Offer `rate` requests a second for `warm_s` + `seconds`; the figures are of those due in the latter."""
    host = f"{address[0]}:{address[1]}"
    requests = cycle(
        [f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode() for path in paths]
    )
    selector = selectors.DefaultSelector()
    idle = [Client(address, requests) for _ in range(connections)]
    for client in idle:
        selector.register(client.socket, selectors.EVENT_READ, client)
    began = time.perf_counter()
    all_due, first = round((warm_s + seconds) * rate), round(warm_s * rate)
    sent = done = errors = other_status = 0
    due_of: dict[Client, int] = {}
    times_ms: list[float] = []
    while done < all_due and time.perf_counter() < began + warm_s + seconds + _PATIENCE_S:
        while idle and sent < all_due and began + sent / rate <= time.perf_counter():
            due_of[idle[-1]] = sent
            idle.pop().send()
            sent += 1
        wait_s = began + sent / rate - time.perf_counter() if idle and sent < all_due else 0.1
        for key, _ in selector.select(timeout=max(0.0, wait_s)):
            client = key.data
            try:
                if not client.receive():
                    continue
            except OSError:
                errors += 1
                selector.unregister(client.socket)
                client.socket.close()
                client.connect()
                selector.register(client.socket, selectors.EVENT_READ, client)
            else:
                other_status += client.status != b"200"
                if due_of[client] >= first:
                    times_ms.append((time.perf_counter() - began - due_of[client] / rate) * 1000)
            done += 1
            idle.append(client)
    return {
        "offered_per_s": rate,
        **spread(times_ms or [float("inf")]),
        "errors": errors + all_due - done,
        "other_status": other_status,
    }


if __name__ == "__main__":
    _host, _port, _paths, _connections, _warm, _seconds, _rate = sys.argv[1:]
    _targets = Path(_paths).read_text(encoding="utf-8").split()
    print(
        json.dumps(
            run(
                (_host, int(_port)),
                _targets,
                int(_connections),
                warm_s=float(_warm),
                seconds=float(_seconds),
                rate=float(_rate),
            )
        )
    )
