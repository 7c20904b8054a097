"""What the workers of one server know of each other: a folder in memory, with a number and a file for each of them.

A worker holds the lock of its file as long as it lives. One that takes the place of a killed one takes its number too, and goes on counting
where that one stopped (`stroke_map.web.measures`): nothing is lost, and nothing stands there twice.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY_S: Final = 1.0
#: A worker that did not say for so long that it lives is stuck, as is a request that takes so long.
STUCK_AFTER_S: Final = 15.0
_OLDEST_MOST_S: Final = 60.0
_LONGEST_BYTES: Final = 128
#: A place in memory, which no full disk and no slow one holds up: a page of it that finds no room ends the process that writes.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  the folder in it is closed to others
_PREFIX: Final = "stroke_map-workers-"
#: A server that begins has no workers for a while.
_LEFT_AFTER_S: Final = 600.0
_ROUNDS, _BETWEEN_ROUNDS_S = 3, 0.1


class Worker(NamedTuple):
    """One that lives.

    Attributes
    ----------
    pulse_age_s
        How long ago it last said so.
    oldest_s
        How long it had then been at the oldest of its requests; 0: it had none.
    memory_bytes
        What is its own, without mapped files; 0 where the system does not tell.
    """

    number: int
    pulse_age_s: float
    oldest_s: float
    memory_bytes: int

    @property
    def stuck(self) -> bool:
        """Whether somebody should look after it."""
        return self.pulse_age_s > STUCK_AFTER_S or self.oldest_s > _OLDEST_MOST_S


@contextmanager
def shared_folder() -> Iterator[Path]:
    """A folder for the workers of one server, as long as it serves."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _tidy(place)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _tidy(place: Path) -> None:
    """Remove the folders of servers of this user that were killed: in none of them anybody lives."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            told = folder.stat()
            old = told.st_uid == os.getuid() and time.time() - told.st_mtime > _LEFT_AFTER_S
            if old and not any(_is_held(path) for path in folder.glob("worker-*")):
                shutil.rmtree(folder)


class Workers:
    """The workers of a server, as one of them sees them.

    Parameters
    ----------
    folder
        That of the server, see `shared_folder`.
    wanted
        How many there should be.

    Attributes
    ----------
    number
        Of this one, from 0; nobody else that lives has it.
    """

    def __init__(self, folder: Path, wanted: int) -> None:
        self.folder, self.wanted = folder, wanted
        self.number, self._file = self._take()
        self._tell(0.0)

    def _take(self) -> tuple[int, int]:
        self.folder.mkdir(mode=0o700, exist_ok=True)  # systemd tidies up there when somebody logs out
        # Whoever looks who lives holds a lock for a moment: asked again, it is free.
        for _ in range(_ROUNDS):
            for number in range(self.wanted):
                if (file := self._try(number)) is not None:
                    return number, file
            time.sleep(_BETWEEN_ROUNDS_S)
        number = self.wanted  # those of before a reload still answer what they began
        while (file := self._try(number)) is None:
            number += 1
        return number, file

    def _try(self, number: int) -> int | None:
        file = os.open(self.folder / f"worker-{number}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return file

    def _tell(self, oldest_s: float) -> None:
        told = orjson.dumps({"pid": os.getpid(), "at": time.monotonic(), "oldest_s": oldest_s})
        with suppress(OSError):
            os.pwrite(self._file, told.ljust(_LONGEST_BYTES), 0)

    def keep_telling(self, oldest_s: Callable[[], float], comes: Callable[[float], bool]) -> None:
        """Say every second that this one lives, and how long it is at its oldest request.

        Nothing is said while no question has its turn: `comes` tells whether one would within so many seconds.
        """

        def tell() -> None:
            while True:
                if comes(EVERY_S):
                    self._tell(oldest_s())
                time.sleep(EVERY_S)

        threading.Thread(target=tell, name="pulse", daemon=True).start()

    def alive(self) -> list[Worker]:
        """Every worker that lives, this one too."""
        found = []
        for path in sorted(self.folder.glob("worker-*")):
            number = int(path.name.removeprefix("worker-"))
            if number == self.number or _is_held(path):
                with suppress(OSError, ValueError):
                    told = orjson.loads(path.read_bytes())
                    age_s = max(0.0, time.monotonic() - told["at"])
                    found.append(Worker(number, age_s, told["oldest_s"], _memory_bytes(told["pid"])))
        return found


def pulses(folder: Path) -> Iterator[tuple[int, float]]:
    """The process of every worker that lives, and when it said so last, for whoever is none of them."""
    for path in folder.glob("worker-*"):
        with suppress(OSError, ValueError):
            if _is_held(path):
                told = orjson.loads(path.read_bytes())
                yield told["pid"], told["at"]


def _is_held(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _memory_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0
