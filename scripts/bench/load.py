"""A load generator: many keep-alive connections, each asking as soon as it was answered.

Run as `python -m bench.load HOST PORT PATHS CONNECTIONS WARM_S SECONDS KEY` (PATHS: a file, one request target per line; KEY: shown with each,
or empty); prints figures as JSON. One thread and plain sockets: it shares the processors with the server it measures.
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
from typing import TYPE_CHECKING, SupportsBytes

from bench.targets import spread

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)
#: Below what an allocator takes from the system and gives back each time.
_READ_BYTES = 1 << 16
_WITHIN_S = 10.0
#: Servers end connections on which nobody has asked for longer than this (ours after 15 s). On any other an answer that does not come is lost.
IDLE_S = 5.0


class Client:
    """One connection and the question under way on it.

    Attributes
    ----------
    asked, sent_at
        The question, and when it was sent (`time.perf_counter`); opening the connection counts.
    waits
        Whether the answer is still to come.
    status, head
        Of the answer.
    """

    def __init__(self, address: tuple[str, int], selector: selectors.BaseSelector) -> None:
        self._address, self._selector = address, selector
        self._socket: socket.socket | None = None
        self._was_idle, self._answered_at = False, 0.0
        self.status = self.head = b""
        self.waits = False

    asked: SupportsBytes
    sent_at: float

    def send(self, asked: SupportsBytes) -> None:
        """Ask, on a new connection where there is none."""
        self.asked, self.sent_at = asked, time.perf_counter()
        self.waits = True
        self._was_idle = self._socket is not None and self.sent_at - self._answered_at >= IDLE_S
        try:
            self._send()
        except ConnectionError:
            self._send_again()

    def _send(self) -> None:
        self._got, self._end, self._missing = list[bytes](), 0, 0
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=_WITHIN_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self._socket, selectors.EVENT_READ, self)
        self._socket.sendall(bytes(self.asked))

    def _send_again(self) -> None:
        """Ask on another connection what was asked just as the server ended an idle one, once, as browsers and proxies do (RFC 9112, 9.3.1)."""
        if not self._was_idle or self._got:
            raise ConnectionError("closed by the server")
        self._close()
        self._was_idle = False
        self._send()

    def receive(self) -> bool:
        """Read what has come; whether that completes the answer. ConnectionError where the server hung up while one waited."""
        try:
            data = self._socket.recv(_READ_BYTES) if self._socket else b""
        except ConnectionError:
            data = b""
        if not self.waits:  # a server may end a connection on which nothing is asked
            self._close()
            return False
        if not data:
            self._send_again()
            return False
        self._got.append(data)
        if self._end:
            self._missing -= len(data)
        elif not self._read_head():
            return False
        if self._missing > 0:
            return False
        self.waits, self._answered_at = False, time.perf_counter()
        if _CLOSES.search(self.head):
            self._close()
        return True

    def _read_head(self) -> bool:
        data = self._got[0] if len(self._got) == 1 else b"".join(self._got)
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return False
        self.head, self.status, self._end = data[: end + 2], data[9:12], end + 4
        length = _LENGTH.search(self.head)
        self._missing = self._end + int(length[1] if length else 0) - len(data)
        return True

    @property
    def body(self) -> bytes:
        """Of the answer, once it is complete."""
        return b"".join(self._got)[self._end :]

    def hang_up(self) -> None:
        """Wait for nothing any more, and close the connection; the next question opens another."""
        self.waits = False
        self._close()

    def _close(self) -> None:
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None


def without_pause(
    address: tuple[str, int], requests: Iterator[SupportsBytes], connections: int, until: float
) -> Iterator[tuple[Client, bool]]:
    """Ask on so many connections at once; each client as it was answered, or (False) as it lost its connection."""
    selector = selectors.DefaultSelector()
    clients = [Client(address, selector) for _ in range(connections)]
    ready = [*clients]
    try:
        while time.perf_counter() < until:
            for client in [ready.pop() for _ in range(len(ready))]:
                try:
                    client.send(next(requests))
                except OSError:
                    client.hang_up()
                    yield client, False
                    ready.append(client)
            for client, answered in heard(selector, 1.0):
                yield client, answered
                ready.append(client)
    finally:
        for client in clients:
            client.hang_up()


def heard(selector: selectors.BaseSelector, within_s: float) -> Iterator[tuple[Client, bool]]:
    """The clients whose answer is whole by now, and (False) those who lost their connection."""
    for key, _ in selector.select(timeout=within_s):
        client, answered = key.data, False
        try:
            if not client.receive():
                continue
            answered = True
        except OSError:
            client.hang_up()
        yield client, answered


def run(
    address: tuple[str, int], paths: list[str], connections: int, warm_s: float, seconds: float, *, key: str = ""
) -> dict[str, float]:
    """Ask for `warm_s` + `seconds`; the figures are of the latter."""
    host = f"{address[0]}:{address[1]}"
    shown = f"Authorization: Bearer {key}\r\n" if key else ""
    requests = cycle([f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{shown}\r\n".encode() for path in paths])
    begins = time.perf_counter() + warm_s
    times_ms: list[float] = []
    errors = other_status = 0
    for client, answered in without_pause(address, requests, connections, begins + seconds):
        now = time.perf_counter()
        errors += not answered
        if answered and now >= begins:
            times_ms.append((now - client.sent_at) * 1000)
            other_status += client.status != b"200"
    return {
        "requests_per_s": len(times_ms) / seconds,
        **spread(times_ms or [float("inf")]),
        "errors": errors,
        "other_status": other_status,
    }


if __name__ == "__main__":
    _host, _port, _paths, _connections, _warm, _seconds, _key = sys.argv[1:]
    _targets = Path(_paths).read_text(encoding="utf-8").split()
    print(json.dumps(run((_host, int(_port)), _targets, int(_connections), float(_warm), float(_seconds), key=_key)))
