"""Those who mean harm, in a process of their own: each holds many connections, and opens another for each that was ended.

Run as `python -m crowd.enemies NAME PORT SECONDS SHARE`; prints what came of it as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crowd import KEY
from crowd.asking import HOST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    #: What is sent on one connection; then its end is waited for.
    Attack = Callable[[], AsyncIterator[bytes]]

_OPENING_AT_ONCE = 200
_OPENED_WITHIN_S = 10.0
_SLOWLY_S = 1.0
_AGAIN_S = 0.05
_LARGE_BYTES = 100 * 1000 * 1000
_CHUNK = b"x" * (1 << 16)
_DEEP = ("[" * 16_000, '{"lat":' * 2_300, '{"lat":' + "[" * 8_000 + "]" * 8_000 + "}")


@dataclass
class Harm:
    """What an enemy managed.

    Attributes
    ----------
    opened, most_open
        Connections, all in all and at once.
    failed
        Connections that could not be opened.
    longest_s
        For how long the server kept the one that it kept longest.
    sent_mb
        What the server let itself be sent.
    statuses
        What was answered, where anything was.
    """

    opened: int = 0
    most_open: int = 0
    failed: int = 0
    longest_s: float = 0.0
    sent_mb: float = 0.0
    statuses: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Enemy:
    """One enemy with so many connections at once."""

    def __init__(self, port: int, harm: Harm) -> None:
        self._port, self.harm = port, harm
        self._open = 0
        self._opening = asyncio.Semaphore(_OPENING_AT_ONCE)

    async def again_and_again(self, attack: Attack) -> None:
        """One of the connections, for ever."""
        while True:
            try:
                async with self._opening, asyncio.timeout(_OPENED_WITHIN_S):
                    reader, writer = await asyncio.open_connection(HOST, self._port)
            except OSError:  # TimeoutError too
                self.harm.failed += 1
                await asyncio.sleep(_AGAIN_S)
                continue
            await self._use(attack, reader, writer)
            await asyncio.sleep(_AGAIN_S)

    async def _use(self, attack: Attack, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = time.monotonic()
        self._open += 1
        self.harm.opened += 1
        self.harm.most_open = max(self.harm.most_open, self._open)
        # It may answer and hang up while more is sent to it.
        sending = asyncio.create_task(self._send(attack, writer))
        try:
            if attack is _never_read:
                await asyncio.Event().wait()
            with suppress(OSError, ValueError):  # a line longer than any of ours
                while line := await reader.readline():
                    if line.startswith(b"HTTP/1.1 "):
                        self.harm.statuses[line[9:12].decode("latin-1")] += 1
        finally:
            self._open -= 1
            self.harm.longest_s = max(self.harm.longest_s, time.monotonic() - begun)
            sending.cancel()
            writer.close()

    async def _send(self, attack: Attack, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            async for data in attack():
                writer.write(data)
                await writer.drain()
                self.harm.sent_mb += len(data) / 1e6


async def _idle() -> AsyncIterator[bytes]:
    """Nothing at all."""
    return
    yield b""


async def _kept() -> AsyncIterator[bytes]:
    """One question, and then nothing more."""
    yield b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def _slow_headers() -> AsyncIterator[bytes]:
    yield b"GET /api/v1/route?lat=1&lon=1 HTTP/1.1\r\nHost: localhost\r\n"
    while True:
        await asyncio.sleep(_SLOWLY_S)
        yield b"X-More: and more\r\n"


def _post(path: str, length: int, more: str = "") -> bytes:
    told = f"{more}Host: localhost\r\nContent-Type: application/json\r\n"
    return f"POST {path} HTTP/1.1\r\n{told}Content-Length: {length}\r\n\r\n".encode()


def _slow_body(path: str) -> Attack:
    async def attack() -> AsyncIterator[bytes]:
        yield _post(path, 10_000) + b"{"
        while True:
            await asyncio.sleep(_SLOWLY_S)
            yield b" "

    return attack


async def _large_body() -> AsyncIterator[bytes]:
    yield _post("/api/v1/route", _LARGE_BYTES)
    for _ in range(_LARGE_BYTES // len(_CHUNK)):
        yield _CHUNK


async def _large_chunked() -> AsyncIterator[bytes]:
    yield b"POST /api/v1/route HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ in range(_LARGE_BYTES // len(_CHUNK)):
        yield b"%x\r\n%s\r\n" % (len(_CHUNK), _CHUNK)


async def _deep_json() -> AsyncIterator[bytes]:
    """From somebody who has a key, so that it is read."""
    while True:
        for text in _DEEP:
            yield _post("/api/v1/route", len(text), f"Authorization: Bearer {KEY}\r\n") + text.encode()
            await asyncio.sleep(_AGAIN_S)


async def _many_headers() -> AsyncIterator[bytes]:
    many = "".join(f"X-Header-{number}: {'x' * 60}\r\n" for number in range(5_000))
    yield f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{many}\r\n".encode()


async def _long_header() -> AsyncIterator[bytes]:
    yield b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: "
    while True:
        yield _CHUNK


async def _large_head() -> AsyncIterator[bytes]:
    """As large a head as is taken, held back before its end."""
    yield b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"x" * 400_000


async def _never_read() -> AsyncIterator[bytes]:
    """A thousand questions at once whose answers nobody takes."""
    yield b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1_000


async def _other_protocols() -> AsyncIterator[bytes]:
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" * 1_000
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500


#: What each does, and with how many connections at once.
ENEMIES: dict[str, tuple[Attack, int]] = {
    "idle connections": (_idle, 10_000),
    "kept connections": (_kept, 10_000),
    "slow headers": (_slow_headers, 2_000),
    "slow bodies": (_slow_body("/api/v1/route"), 500),
    "slow log-ins": (_slow_body("/api/v1/session"), 500),
    "100 MB bodies": (_large_body, 20),
    "100 MB in chunks": (_large_chunked, 20),
    "deep JSON": (_deep_json, 50),
    "5,000 headers": (_many_headers, 50),
    "endless headers": (_long_header, 50),
    "large heads held back": (_large_head, 2_000),
    "answers never read": (_never_read, 500),
    "other protocols": (_other_protocols, 200),
}
#: All of them at the same time.
ALL, _SHARE_OF_ALL = "all of them at once", 0.2


async def attack(name: str, port: int, seconds: float, share: float) -> Harm:
    """Do harm for so long, with a share of the connections; `ALL` is everybody, each with fewer."""
    harm = Harm()
    enemy = Enemy(port, harm)
    attacks = [(how, count * _SHARE_OF_ALL) for how, count in ENEMIES.values()] if name == ALL else [ENEMIES[name]]
    harming = [
        asyncio.create_task(enemy.again_and_again(how))
        for how, connections in attacks
        for _ in range(max(1, round(connections * share)))
    ]
    await asyncio.sleep(seconds)
    for one in harming:
        one.cancel()
    await asyncio.gather(*harming, return_exceptions=True)
    return harm


def more_files() -> int:
    """Let this process have as many files open as it may; how many these are."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


if __name__ == "__main__":
    more_files()
    os.nice(10)  # he has a machine of his own, and does not take the processors that answer
    _name, _port, _seconds, _share = sys.argv[1:]
    print(json.dumps(vars(asyncio.run(attack(_name, int(_port), float(_seconds), float(_share))))))
