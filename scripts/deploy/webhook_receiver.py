#!/usr/bin/env python3
"""An example of what a hospital runs to take alerts by webhook: Python alone, nothing to install. Put a proxy with TLS before it.

    STROKE_MAP_WEBHOOK_SECRET=whsec_... python3 webhook_receiver.py --port 8090 --known known.db

It lets a message in only if (https://www.standardwebhooks.com has libraries for other languages)

1. `webhook-timestamp` is within five minutes of its own clock: an old recording is worth nothing, and the clocks must be right;
2. `webhook-signature` holds `v1,` and the Base64 of HMAC-SHA256 over `webhook-id` + "." + `webhook-timestamp` + "." + body, with the
   Base64 behind `whsec_` as the key, compared in constant time, before anything in the body is read;
3. that `webhook-id` was not seen with this moment or a later one: whoever sends the same bytes again is refused.

A message may come twice, for its sender could not know whether the first arrived: the second has the same id and a newer moment, is
answered 2xx, and nothing is done. The ids are kept in a file, so that a restart forgets none.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOLERANCE_S: Final = 300
LARGEST_BODY: Final = 64 * 1024


class RefusedError(Exception):
    """A message that is not let in: the HTTP status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Receiver:
    """Lets genuine messages in, each once.

    Parameters
    ----------
    secret
        As `stroke-map channel add` printed it.
    known
        The file that remembers ids.
    act
        What is done with a message; when it fails, the message is not remembered, and comes again.
    clock
        Seconds since 1970.
    """

    def __init__(
        self, secret: str, known: Path, act: Callable[[dict[str, Any]], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._known, self._act, self._clock = known, act, clock
        with closing(self._open()) as database:
            database.execute("CREATE TABLE IF NOT EXISTS known (id TEXT PRIMARY KEY, moment INTEGER NOT NULL)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._known, timeout=5, isolation_level=None)

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Act on a message, unless it was acted on before; returns whether it was new.

        Raises
        ------
        RefusedError
            It is none that the sender signed just now.
        """
        message_id, told = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not (told.isascii() and told.isdecimal() and len(told) <= 12 and message_id):
            raise RefusedError(400, "webhook-id or webhook-timestamp is missing")
        if abs(self._clock() - int(told)) > TOLERANCE_S:
            raise RefusedError(401, "the moment is too far from this clock")
        signed = b".".join((message_id.encode(), told.encode(), body))
        right = "v1," + base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        given = headers.get("webhook-signature", "").split()
        if not any(hmac.compare_digest(right.encode(), one.encode()) for one in given):
            raise RefusedError(401, "the signature is wrong")
        return self._once(message_id, int(told), body)

    def _once(self, message_id: str, moment: int, body: bytes) -> bool:
        with closing(self._open()) as database:
            database.execute("BEGIN IMMEDIATE")  # two that come at once wait for each other here
            seen = database.execute("SELECT moment FROM known WHERE id = ?", (message_id,)).fetchone()
            if seen and moment <= seen[0]:
                raise RefusedError(409, "these bytes came before")
            if not seen:
                self._act(json.loads(body))
            database.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", (message_id, moment))
            database.execute("COMMIT")
            return not seen


def serve(receiver: Receiver, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers 200 to what is let in; whoever starts it calls `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # of one read: who sends nothing is hung up on

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdecimal() and int(length) <= LARGEST_BODY):
                return self.send_error(413)
            try:
                receiver.take(self.headers, self.rfile.read(int(length)))
            except RefusedError as refusal:
                return self.send_error(refusal.status, str(refusal))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            return self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep no log: an address may be private."""

    return ThreadingHTTPServer((host, port), Handler)


def main() -> None:
    """Print every new message."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--known", type=Path, default=Path("known.db"), help="the file that remembers ids")
    asked = parser.parse_args()
    secret = os.environ["STROKE_MAP_WEBHOOK_SECRET"]
    receiver = Receiver(secret, asked.known, lambda message: print(json.dumps(message, ensure_ascii=False), flush=True))
    with serve(receiver, asked.host, asked.port) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
