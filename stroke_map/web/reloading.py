"""The program as it is installed now in the place of the one that runs, without a request lost: what SIGHUP does, and so `systemctl reload`.

The process stays, and only what it runs becomes another (exec): whoever watches over it notices nothing. Its workers go on answering until
those of the new program listen at the same port; then they are told to end, and end when they have answered what they began.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from stroke_map.stream.process import StreamProcess

#: Said to the new program: the folder of the workers, and their ids.
BEFORE: Final = "_STROKE_MAP_BEFORE"
_SOCKETS: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING: Final = "0A"
_LOOK_EVERY_S: Final = 0.05
#: What is needed to serve; what cannot be imported, and a setting that is refused, is found while the old program still answers.
_NEEDED: Final = (
    "import granian, stroke_map.cli\n"
    "from stroke_map.settings import read_settings\n"
    "from stroke_map.web import create_app\n"
    "create_app(read_settings())"
)
log = logging.getLogger("stroke_map.web")


@dataclass(frozen=True)
class Before:
    """What the program before this one in the same process left: the ids of its workers, and their folder."""

    workers: tuple[int, ...] = ()
    folder: Path | None = None

    @classmethod
    def found(cls) -> Before:
        """What was left; nothing in a process that begins."""
        folder, *workers = os.environ.pop(BEFORE, "").split("|")
        return cls(tuple(map(int, workers)), Path(folder) if folder else None)

    def end(self, within_s: float) -> None:
        """Let its workers answer what they have begun, and leave none after so many seconds."""
        for pid in filter(_is_alive, self.workers):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + within_s
        for pid in self.workers:
            while _is_alive(pid) and time.monotonic() < until:
                time.sleep(_LOOK_EVERY_S)
        for pid in filter(_is_alive, self.workers):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class Reloading:
    """Lets this process begin anew at SIGHUP, and the workers of before end when those of now listen.

    Parameters
    ----------
    before
        What the program before left.
    folder
        Of the workers, for the next one.
    stream
        Ended before the next program begins, which starts its own; clients come again by themselves.
    stop_timeout_s
        How long workers may take to answer what they have begun.
    ends
        Whether this process was told to end, which may be while it looks whether the new program can start.
    """

    def __init__(
        self,
        before: Before,
        folder: Path,
        stream: StreamProcess | None,
        *,
        port: int,
        workers: int,
        stop_timeout_s: float,
        ends: Callable[[], bool],
    ) -> None:
        self._before, self._folder, self._stream, self._ends = before, folder, stream, ends
        self._port, self._workers, self._stop_timeout_s = port, workers, stop_timeout_s

    def begin(self) -> None:
        """Heed SIGHUP from now on. To be called when the server has set its own signals and no worker runs yet."""
        if not _SOCKETS[0].exists():  # not Linux
            return
        signal.signal(signal.SIGHUP, lambda *_: self._reload())
        if self._before.workers:
            threading.Thread(target=self._retire, args=(listeners(self._port),), name="retire", daemon=True).start()

    def _reload(self) -> None:
        environment = _first_environment()
        tried = subprocess.run(
            [sys.executable, "-c", _NEEDED],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode:
            log.error("not reloaded, for it could not start: %s", tried.stderr.strip().rpartition("\n")[2])
            return
        if self._ends():
            return
        log.warning("reloading: the workers go on until new ones listen")
        if self._stream is not None:
            self._stream.end()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # also in the new program, until it heeds it
        children = (child.pid for child in multiprocessing.active_children())
        workers = {*children, *filter(_is_alive, self._before.workers)}
        environment[BEFORE] = "|".join(map(str, (self._folder, *sorted(filter(None, workers)))))
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - no shell is what is wanted

    def _retire(self, known: set[str]) -> None:
        """End the workers of before once as many new ones listen besides the sockets that are known."""
        while len(listeners(self._port) - known) < self._workers:
            time.sleep(_LOOK_EVERY_S)
        self._before.end(self._stop_timeout_s)
        log.warning("reloaded: the workers of before have ended")


def _is_alive(pid: int) -> bool:
    """Whether a child of this process runs; one that has ended is laid to rest."""
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False


def listeners(port: int) -> set[str]:
    """The sockets that listen at a port: each worker has one of its own."""
    found = set()
    for file in _SOCKETS:
        with suppress(OSError):
            rows = [line.split() for line in file.read_text(encoding="ascii").splitlines()[1:]]
            found |= {row[9] for row in rows if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port}
    return found


def _first_environment() -> dict[str, str]:
    """What this process was started with: what was set since, such as where kernels are kept, is for the program that runs now."""
    told = Path("/proc/self/environ").read_bytes().split(b"\0")
    return dict(os.fsdecode(entry).split("=", 1) for entry in told if b"=" in entry)
