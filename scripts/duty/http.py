"""Just enough HTTP/1.1 for hundreds of connections in one thread: requests on a kept connection, and streams of events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
_WITHIN_S = 30.0
_LONGEST_LINE = 1 << 22


@dataclass(frozen=True)
class Answer:
    """One answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Event:
    """One event of a stream; `id` is "" where it has none."""

    id: str
    name: str
    data: str


class Connection:
    """A kept connection to a port of this machine; it is opened again when it was lost.

    Every method raises OSError, EOFError or TimeoutError when the answer did not come whole.
    """

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self.port, self._headers = port, headers or {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request and read its answer."""
        try:
            async with asyncio.timeout(_WITHIN_S):
                reader = await self._send(method, path, body, headers)
                status, told = await _head(reader)
                answer = Answer(status, told, await _body(reader, told))
        except BaseException:
            self.close()
            raise
        if told.get("connection", "").lower() == "close":
            self.close()
        return answer

    async def events(self, path: str, last_id: str = "") -> AsyncIterator[Event]:
        """The events of a stream until it ends."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        try:
            async with asyncio.timeout(_WITHIN_S):
                reader = await self._send("GET", path, None, headers)
                status, told = await _head(reader)
                if status != 200:
                    raise OSError(f"GET {path}: {status} {(await _body(reader, told))[:300]!r}")
            async for block in _blocks(reader, told):
                lines: dict[str, str] = {}
                for line in block.splitlines():
                    name, _, value = line.partition(":")
                    lines[name] = lines.get(name, "") + value.removeprefix(" ")
                if "data" in lines:
                    yield Event(lines.get("id", ""), lines.get("event", "message"), lines["data"])
        finally:
            self.close()

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> asyncio.StreamReader:
        if self._reader is None or self._writer is None or self._reader.at_eof():
            self.close()
            self._reader, self._writer = await asyncio.open_connection(HOST, self.port, limit=_LONGEST_LINE)
        content = b"" if body is None else orjson.dumps(body)
        told = {"Host": f"{HOST}:{self.port}", "Content-Length": str(len(content))} | self._headers
        if body is not None:
            told["Content-Type"] = "application/json"
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        await self._writer.drain()
        return self._reader


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:] if line)
    return int(lines[0].split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join([chunk async for chunk in _chunks(reader)])
    return await reader.readexactly(int(headers.get("content-length", "0")))


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


async def _blocks(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[str]:
    """What stands between empty lines of a stream, chunked or until the connection ends."""
    rest = b""
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    async for piece in _open_chunks(reader) if chunked else _pieces(reader):
        *whole, rest = (rest + piece.replace(b"\r\n", b"\n")).split(b"\n\n")
        for block in whole:
            yield block.decode()


async def _open_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The chunks of an answer after which nothing comes: as many at once as there are, for thousands a second are read."""
    rest = b""
    async for piece in _pieces(reader):
        rest += piece
        while (at := rest.find(b"\r\n")) >= 0:
            end = at + 2 + int(rest[:at].split(b";")[0], 16)
            if len(rest) < end + 2:
                break
            yield rest[at + 2 : end]
            rest = rest[end + 2 :]


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while piece := await reader.read(1 << 16):
        yield piece
