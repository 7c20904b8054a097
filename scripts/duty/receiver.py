"""The receiver at the hospitals' end: takes signed messages, and remembers which."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from duty.http import HOST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Received:
    """What came in.

    Attributes
    ----------
    messages
        By message id: how often it came.
    forged
        Messages whose signature is not that of their content.
    """

    secret: str
    messages: Counter[str] = field(default_factory=Counter)
    alerts: dict[str, int] = field(default_factory=dict)
    forged: int = 0

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Look at one message (https://www.standardwebhooks.com)."""
        message = headers["webhook-id"]
        signed = f"{message}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        if not any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split()):
            self.forged += 1
        self.messages[message] += 1
        self.alerts[message] = json.loads(body)["alert"]


@asynccontextmanager
async def receiving(port: int, secret: str) -> AsyncIterator[Received]:
    """A receiver on a port of this machine, for as long as the block runs."""
    received = Received(secret)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            received.take(headers, await reader.readexactly(int(headers["content-length"])))
            writer.write(_ANSWER)
            await writer.drain()
        except (OSError, EOFError):
            pass  # whoever sent it was killed, and will send it again
        finally:
            writer.close()

    async with await asyncio.start_server(handle, HOST, port):
        yield received
