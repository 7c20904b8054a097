"""What a disk can do to a backup, said so that somebody can do something about it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from stroke_map.editions.files import is_full_disk
from stroke_map.errors import BackupError, StrokeMapError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MB: Final = 1_000_000


@contextmanager
def told_faults(folder: Path) -> Iterator[None]:
    """Turn what the disk under a folder refuses into a BackupError, also where a database has wrapped it."""
    try:
        yield
    except Exception as error:
        if _is_full(error):
            raise no_room(folder, "more is needed") from error
        if isinstance(error, OSError) and not isinstance(error, StrokeMapError):
            step = "Run this as the user that the service runs as, and give a folder that it may write to."
            raise BackupError(f"{error.filename or folder}: {error.strerror or error}", next_step=step) from error
        raise


def is_there(there: Sequence[str]) -> BackupError:
    """The error for a place that is not empty."""
    step = "Stop the service, move away what is there, and give an empty folder and an empty database."
    return BackupError(f"{there[0]} is there already", next_step=step, files=there)


def no_room(folder: Path, needed: str) -> BackupError:
    """The error for a disk that has no room; `needed` says how much it would have to have."""
    standing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free_mb = shutil.disk_usage(standing).free / MB
    step = "Free some room there, keep fewer backups (--keep), or give a folder on a larger disk; nothing was changed."
    return BackupError(f"the disk under {folder} has no room: {needed}, {free_mb:,.1f} MB are free", next_step=step)


def _is_full(error: BaseException | None) -> bool:
    while error is not None and not is_full_disk(error):
        error = getattr(error, "orig", None) or error.__cause__
    return error is not None
