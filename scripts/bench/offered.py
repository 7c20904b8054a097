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
from typing import TYPE_CHECKING, SupportsBytes

from bench.load import Client, heard
from bench.targets import spread

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_S = 10.0  # for the answers that are still under way


def offered(
    address: tuple[str, int], requests: Iterator[SupportsBytes], connections: int, *, rate: float, seconds: float
) -> Iterator[tuple[Client, bool, float]]:
    """Offer `rate` requests a second: each client as it was answered, or (False) as it lost its connection, and when it was due.

    Connections are opened as they are needed, so many at the most. Due is by `time.perf_counter`.
    """
    selector = selectors.DefaultSelector()
    clients = [Client(address, selector) for _ in range(connections)]
    idle = [*clients]
    began, all_due = time.perf_counter(), round(seconds * rate)
    sent = done = 0
    due_of: dict[Client, float] = {}
    try:
        while done < all_due and time.perf_counter() < began + seconds + _PATIENCE_S:
            while idle and sent < all_due and (due := began + sent / rate) <= time.perf_counter():
                client = idle.pop()
                due_of[client] = due
                sent += 1
                try:
                    client.send(next(requests))
                except OSError:
                    client.hang_up()
                    yield client, False, due
                    done += 1
                    idle.append(client)
            wait_s = began + sent / rate - time.perf_counter() if idle and sent < all_due else 0.1
            for client, answered in heard(selector, max(0.0, wait_s)):
                yield client, answered, due_of[client]
                done += 1
                idle.append(client)
    finally:
        for client in clients:
            client.hang_up()


def run(
    address: tuple[str, int], paths: list[str], connections: int, *, warm_s: float, seconds: float, rate: float
) -> dict[str, float]:
    """Offer `rate` requests a second for `warm_s` + `seconds`; the figures are of those due in the latter."""
    host = f"{address[0]}:{address[1]}"
    requests = cycle(
        [f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n".encode() for path in paths]
    )
    begins = time.perf_counter() + warm_s
    times_ms: list[float] = []
    done = lost = other_status = 0
    for client, answered, due in offered(address, requests, connections, rate=rate, seconds=warm_s + seconds):
        done += 1
        lost += not answered
        other_status += answered and client.status != b"200"
        if answered and due >= begins:
            times_ms.append((time.perf_counter() - due) * 1000)
    return {
        "offered_per_s": rate,
        **spread(times_ms or [float("inf")]),
        "errors": lost + round((warm_s + seconds) * rate) - done,
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
