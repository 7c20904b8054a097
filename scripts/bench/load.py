"""A load generator: many keep-alive connections, each asking as soon as it was answered.

Run as `python -m bench.load HOST PORT PATHS CONNECTIONS WARM_S SECONDS` (PATHS: a file, one request target per line); prints
figures as JSON. One thread and plain non-blocking sockets: it shares the processors with the server it measures.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from bench.targets import spread

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_READ_BYTES = 1 << 18


class Client:
    """One connection and the question under way on it."""

    def __init__(self, address: tuple[str, int], requests: Iterator[bytes]) -> None:
        self._address, self._requests = address, requests
        self.connect()

    def connect(self) -> None:
        """Open the connection (again)."""
        self.socket = socket.create_connection(self._address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> None:
        """Ask the next question."""
        self._got, self._missing, self.status = b"", None, b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(next(self._requests))

    _missing: int | None
    _got: bytes

    def receive(self) -> bool:
        """Read what has come; whether that completes the answer. ConnectionError where the server hung up."""
        data = self.socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("closed by the server")
        if self._missing is not None:
            self._missing -= len(data)
            return self._missing <= 0
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0:
            return False
        self.status = self._got[9:12]
        length = _LENGTH.search(self._got, 0, head + 2)
        self._missing = head + 4 + int(length[1] if length else 0) - len(self._got)
        return self._missing <= 0


def run(
    address: tuple[str, int], paths: list[str], connections: int, warm_s: float, seconds: float
) -> dict[str, float]:
    """Ask for `warm_s` + `seconds`; the figures are of the latter."""
    host = f"{address[0]}:{address[1]}"
    requests = cycle([f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() for path in paths])
    selector = selectors.DefaultSelector()
    clients = [Client(address, requests) for _ in range(connections)]
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    begins = time.perf_counter() + warm_s
    ends = begins + seconds
    times_ms: list[float] = []
    errors = other_status = 0
    while (now := time.perf_counter()) < ends:
        for key, _ in selector.select(timeout=1.0):
            client = key.data
            try:
                if not client.receive():
                    continue
                if now >= begins:
                    times_ms.append((time.perf_counter() - client.sent_at) * 1000)
                    other_status += client.status != b"200"
                client.send()
            except OSError:
                errors += 1
                selector.unregister(client.socket)
                client.socket.close()
                client.connect()
                selector.register(client.socket, selectors.EVENT_READ, client)
                client.send()
    return {
        "requests_per_s": len(times_ms) / seconds,
        **spread(times_ms or [float("inf")]),
        "errors": errors,
        "other_status": other_status,
    }


if __name__ == "__main__":
    _host, _port, _paths, _connections, _warm, _seconds = sys.argv[1:]
    _targets = Path(_paths).read_text(encoding="utf-8").split()
    print(json.dumps(run((_host, int(_port)), _targets, int(_connections), float(_warm), float(_seconds))))
