"""The server, and clients that ask it without a pause and look at every answer."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Self

import orjson

from faults import Violation
from faults.town import ASKED_AT, edition_of
from stroke_map.web.reloading import listeners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
_READY_WITHIN_S = 180.0
_ENDS_WITHIN_S = 30.0
PLACE = f"lat={ASKED_AT[0]}&lon={ASKED_AT[1]}"
#: What a client asks in turn: answers, lists, the search, pages and what they load.
PATHS = (
    f"/api/v1/route?{PLACE}",
    "/api/v1/hospitals",
    "/readyz",
    f"/api/v1/route?{PLACE}&condition=chest_pain&limit=1",
    "/api/v1/search?q=Hospital",
    "/",
    f"/map?{PLACE}",
    "/map.js",
)


class Server:
    """A server process of one geodata folder, and the file to which it says what is wrong."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port, self.process, self._log = port, process, log

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask once, on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait_until(self, holds: Callable[[int, bytes], bool], what: str, *, within_s: float = _READY_WITHIN_S) -> float:
        """Ask `/readyz` until what it says holds; seconds that took. Violation where it never does."""
        begun = time.perf_counter()
        while time.perf_counter() - begun < within_s:
            with suppress(OSError, http.client.HTTPException):
                if holds(*self.get("/readyz")):
                    return time.perf_counter() - begun
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise Violation(f"/readyz did not say within {within_s:.0f} s: {what}\n{said}")

    def wait_for_edition(self, edition: str) -> float:
        """Wait until that edition serves; seconds that took."""
        named = f'"edition":"{edition}"'.encode()
        return self.wait_until(lambda status, body: status == 200 and named in body, f"edition {edition} serves")


@contextmanager
def serving(
    geodata: Path, *, workers: int = 1, plane: str = "both", wait: bool = True, **settings: object
) -> Iterator[Server]:
    """A server for as long as the block runs, with settings by their names; it begins when the server is ready unless `wait` is False."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = ["-m", "stroke_map.cli", "serve", "--host", HOST, "--port", str(port), "--workers", str(workers)]
    told = {"geodata_dir": geodata, "stream_port": 0, "plane": plane} | settings
    environment = os.environ | {f"STROKE_MAP_{name.upper()}": str(value) for name, value in told.items()}
    log = Path(tempfile.mkstemp(prefix="server-", suffix=".log")[1])
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *command], env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    server = Server(port, process, log)
    try:
        if wait:
            # All workers: whoever asks while one is still beginning would stay with the other.
            server.wait_until(lambda status, _: status == 200 and _all_listen(port, workers), "ready")
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_WITHIN_S)
        with suppress(ProcessLookupError):  # whatever still runs is of this session alone
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.unlink()


def _all_listen(port: int, workers: int) -> bool:
    return sys.platform != "linux" or len(listeners(port)) >= workers


class Watch:
    """Clients that ask all the time. The first answer that is not 200, or is not one allowed edition whole, is kept.

    Parameters
    ----------
    allowed
        The editions that may answer now; may be replaced at any time.
    """

    def __init__(self, server: Server, *allowed: str, clients: int = 1, pause_s: float = 0.01) -> None:
        self.allowed = frozenset(allowed)
        self.answers: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._port, self._pause_s, self._failure = server.port, pause_s, ""
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if kind is None:
            self.check()
            if not self.answers:
                raise Violation("nothing was asked while this went on")

    @property
    def count(self) -> int:
        """How many answers there were."""
        return self.answers.total()

    def check(self) -> None:
        """Raise Violation if any answer so far was not as it must be."""
        if self._failure:
            raise Violation(self._failure)

    def wait_for_answer(self, edition: str, *, within_s: float = _READY_WITHIN_S) -> None:
        """Wait until somebody was answered from that edition once more. Violation where nobody is, or an answer was wrong."""
        before, until = self.answers[edition], time.monotonic() + within_s
        while self.answers[edition] == before:
            self.check()
            if time.monotonic() > until:
                raise Violation(f"nobody was answered from edition {edition} within {within_s:.0f} s")
            time.sleep(0.01)

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=60)
        paths = cycle(PATHS[number % len(PATHS) :] + PATHS[: number % len(PATHS)])
        while not self._stopping.wait(self._pause_s):
            path = next(paths)
            try:
                self._ask(connection, path)
            except (Violation, OSError, http.client.HTTPException) as error:
                self._failure = self._failure or f"GET {path}: {type(error).__name__}: {error}"
                return
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> None:
        allowed, begun = self.allowed, time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        self.slowest_s = max(self.slowest_s, time.perf_counter() - begun)
        if answer.status != 200:
            raise Violation(f"answered {answer.status}: {body[:300]!r}")
        if path == "/readyz" and not _ready(body):
            raise Violation(f"not ready: {body[:300]!r}")
        edition = edition_of(body)
        if edition not in allowed | self.allowed:
            raise Violation(f"edition {edition} answered, not {' or '.join(sorted(allowed))}")
        self.answers[edition] += 1


def _ready(body: bytes) -> bool:
    """Whether `/readyz` has nothing to complain of but the disk, which some checks fill."""
    told = orjson.loads(body)
    return told["status"] == "ready" or {reason["code"] for reason in told["reasons"]} == {"disk-low"}
