"""Files that survive a power cut, a full disk and a second process."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import shutil
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# EFBIG is what a process meets that may not write larger files (`ulimit -f`): for us the same as a full disk.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# What is needed is rounded up and what is free is rounded down, to a tenth of a megabyte.
_TENTH = 99_999
# renameat2(2): relative to the current folder; each takes the other's place.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def fsync(path: Path) -> None:
    """Force a file, or the entries of a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` so that a reader, or a crash at any moment, finds the old content or the new one.

    The temporary file has a fixed name: callers hold a lock, and what a killed process left is overwritten.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(content)
        fsync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync(path.parent)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders of one disk change places in one step; False where this system, or this disk, cannot."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    names = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return renameat2 is not None and renameat2(*names, _RENAME_EXCHANGE) == 0


def lock_now(path: Path) -> int | None:
    """Take the lock if it is free: a descriptor that holds it until closed (also by the death of the process), or None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def exclusive_lock(path: Path, *, busy: str, patience_s: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`, or raise EditionError(`busy`) when another process keeps it for `patience_s` seconds."""
    deadline = time.monotonic() + patience_s
    while (descriptor := lock_now(path)) is None:
        if time.monotonic() >= deadline:
            raise EditionError(busy, next_step="Wait until it has ended, then run the command again.")
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(descriptor)


def is_full_disk(error: BaseException) -> bool:
    """Whether something failed because no more can be written there."""
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}
    # NumPy's ndarray.tofile reports a short write in words, without an errno.
    return isinstance(error, OSError) and (
        error.errno in _FULL
        or (error.errno is None and re.match(r"\d+ requested and \d+ written", str(error)) is not None)
    )


@contextmanager
def disk_faults(folder: Path, needed_bytes: Callable[[], int]) -> Iterator[None]:
    """Turn a full or read-only disk into an EditionError that says how much is needed and how much is free.

    Parameters
    ----------
    folder
        Where is written.
    needed_bytes
        Asked only when the disk is full: how many bytes the whole work takes.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        if is_full_disk(error):
            raise full_disk(folder, needed_bytes()) from error
        if isinstance(error, OSError) and error.errno in _READ_ONLY and str(folder) in str(error.filename):
            raise EditionError(
                f"{folder} cannot be written: {error.strerror}",
                next_step="Give the account that runs this the right to write there, or set STROKE_MAP_GEODATA_DIR.",
            ) from error
        raise


def full_disk(folder: Path, needed_bytes: int, *, variable: str = "STROKE_MAP_GEODATA_DIR") -> EditionError:
    """The error for a disk that has, or would have, no room for `needed_bytes`; `variable` is how to name another folder."""
    standing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free_bytes = shutil.disk_usage(standing).free
    return EditionError(
        f"the disk under {folder} has no room: about {_megabytes(needed_bytes + _TENTH)} are needed, {_megabytes(free_bytes)} are free",
        next_step=f"Free that much space, or point {variable} at a larger disk; what is published keeps serving.",
        needed_bytes=needed_bytes,
        free_bytes=free_bytes,
    )


def _megabytes(count: int) -> str:
    return f"{count // 100_000 / 10:,.1f} MB"
