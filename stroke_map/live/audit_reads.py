"""Reads, written to a file of this worker once a second and gathered into the database: an answer never waits for it.

`kill -9` loses at most what the last second held; a full disk or a database that is away only delays. The file is a chain of its
own, and is removed when all of it is in the database and its worker has ended; another worker sees to that if need be.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from stroke_map.errors import AuditError
from stroke_map.live.audit_chain import Link, beginning, link

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stroke_map.live.store import LiveStore

PERIOD_S: Final = 1.0
#: Records in memory while the disk takes none; what comes on top is counted, and the count is written.
MOST_WAITING: Final = 100_000
_MOST_GATHERED = 5_000  # lines in one transaction
_LOOK_ROUND_EVERY = 60  # periods between looks for files of workers that have ended
_SUFFIX = ".jsonl"
#: The last line of a worker that ended by itself.
CHAIN_CLOSED: Final = "audit.close"
log = logging.getLogger("stroke_map.live")


class ReadLog:
    """The read records of one worker; safe to share between its threads. Nothing is opened before the first record.

    Parameters
    ----------
    folder
        Where the files lie; made when need be, closed to other users.
    store
        Where they are gathered.
    """

    def __init__(self, folder: Path, store: LiveStore) -> None:
        self._folder, self._store = folder, store
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._lost = 0
        self._chain, self._head = "", beginning("")
        self._file: int | None = None
        self._size = self._gathered = 0
        self._ending = threading.Event()
        self._writer: threading.Thread | None = None

    def record(self, facts: Mapping[str, Any]) -> None:
        """Note that somebody read something; takes microseconds and never waits for a disk."""
        noted = {"at": datetime.now(UTC), **facts}
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                self._lost += 1
                return
            self._waiting.append(noted)
            if self._writer is None:
                # No daemon: a process that ends waits for it. A worker's `atexit` would never be called (os._exit).
                writer = threading.Thread(target=self._run, name="audit-reads", daemon=False)
                with suppress(RuntimeError):  # the system gives no more threads: with the next record, perhaps
                    writer.start()
                    self._writer = writer

    def close(self) -> None:
        """Write what waits, and the line that says nothing is missing after it."""
        self._ending.set()
        if self._writer is not None:
            self._writer.join()

    def _run(self) -> None:
        periods = 0
        while not self._ending.wait(PERIOD_S) and threading.main_thread().is_alive():
            self._work(look_round=periods % _LOOK_ROUND_EVERY == 0)
            periods += 1
        self._work(look_round=False)
        if self._file is not None:
            with self._lock:
                self._waiting.append({"at": datetime.now(UTC), "action": CHAIN_CLOSED})
            self._work(look_round=False)
        if self._file is not None:
            if self._gathered == self._size and not self._waiting:
                self._path.unlink(missing_ok=True)
            self._let_go()

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._chain}{_SUFFIX}"

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file, self._size, self._gathered = None, 0, 0

    def _work(self, *, look_round: bool) -> None:
        try:
            self._write()
            if self._file is not None:
                self._gather()
            if look_round:
                gather_left(self._folder, self._store)
        except (OSError, AuditError) as error:  # LiveStoreError is an OSError: in a second there is another chance
            log.warning("audit of reads: %s", error)
        except Exception:
            log.exception("audit of reads: an unexpected failure")

    def _gather(self) -> None:
        try:
            self._gathered = gather_file(self._path, self._store, self._gathered)
        except FileNotFoundError:  # what is read from now on is written to another; the chain of this one has no end
            log.warning("audit of reads: somebody took the file %s away", self._path.name)
            self._let_go()

    def _write(self) -> None:
        """Bring what waits to the disk, and be sure of it; after a failure all of it waits on."""
        with self._lock:
            taken, lost = list(self._waiting), self._lost
        if not taken:
            return
        if lost:
            taken.append({"at": datetime.now(UTC), "action": "audit.lost", "lost": lost})
        file, head, lines = self._open(), self._head, []
        for noted in taken:
            made = link(self._chain, head, noted)
            head = made.head
            lines.append(f"{made.hash} {made.line}\n")
        content = "".join(lines).encode()
        try:
            _write_all(file, content)
            os.fsync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, self._size)
            raise
        self._size += len(content)
        self._head = head
        with self._lock:
            del self._waiting[: len(taken) - bool(lost)]
            self._lost -= lost

    def _open(self) -> int:
        if self._file is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            chain = f"reads-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            file = os.open(self._folder / f"{chain}{_SUFFIX}", flags, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)  # as long as this worker lives: so others know that it does
            self._chain, self._head, self._file = chain, beginning(chain), file
        return self._file


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def gather_file(path: Path, store: LiveStore, offset: int = 0) -> int:
    """Bring the whole lines of a file from `offset` on into the database; returns the offset after the last of them.

    Raises
    ------
    AuditError
        A line was changed, or does not follow the one before.
    LiveStoreError
        The database is away.
    """
    chain = path.name.removesuffix(_SUFFIX)
    with path.open("rb") as file:
        file.seek(offset)
        while True:
            links: list[Link] = []
            for content in file:
                if not content.endswith(b"\n"):
                    break  # torn by a power cut: never answered for
                links.append(_read(chain, content))
                offset += len(content)
                if len(links) == _MOST_GATHERED:
                    break
            if not links:
                return offset
            store.audit.gather(chain, links)
            file.seek(offset)


def _read(chain: str, content: bytes) -> Link:
    try:
        kept_hash, _, line = content.decode().rstrip("\n").partition(" ")
        made = Link.of(line, kept_hash)
        made.at()  # whatever is no record is refused before it meets the database
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuditError(f"{chain}: a line of its file cannot be read", problems=[f"{chain}: a line of its file was changed"]) from error  # fmt: skip
    return made


def gather_left(folder: Path, store: LiveStore) -> list[str]:
    """Gather and remove the files of workers that have ended; returns what is wrong with any of them."""
    wrong: list[str] = []
    for path in sorted(folder.glob(f"reads-*{_SUFFIX}")):
        try:
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue  # another worker was quicker
        except OSError:  # a link, which is never followed, or the file of somebody else
            wrong.append(f"{path.name}: is no file that can be read here")
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gather_file(path, store)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue  # its worker lives
        except AuditError as error:  # it stays as it is, for whoever looks into it
            wrong += error.facts["problems"]
        finally:
            os.close(file)
    return wrong
