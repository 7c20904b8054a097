"""Disks that are small, or that may only be read; both need root, or a user namespace as `as_root_of_its_own` gives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INSIDE = "STROKE_MAP_FAULTS_INSIDE"


def as_root_of_its_own() -> None:
    """Start this program again where it may mount disks that nobody else sees, and that go with it whatever ends it.

    Where the system allows that to nobody, it goes on as it is.
    """
    if _INSIDE in os.environ or shutil.which("unshare") is None:
        return
    apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0:
        os.environ[_INSIDE] = "yes"
        os.execvp("unshare", [*apart, sys.executable, *sys.argv])  # noqa: S606 - no shell is what is wanted


def may_mount(folder: Path) -> bool:
    """Whether a disk can be mounted on a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)):
        return False
    _unmount(folder)
    return True


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[None]:
    """A disk of that size, in memory, on a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _mount("-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)):
        raise PermissionError(f"no disk can be mounted on {folder}")
    try:
        yield
    finally:
        _unmount(folder)


@contextmanager
def read_only(folder: Path, shown_at: Path) -> Iterator[Path]:
    """A folder a second time, at `shown_at`, where it can only be read."""
    shown_at.mkdir(parents=True, exist_ok=True)
    if not (_mount("--bind", str(folder), str(shown_at)) and _mount("-o", "remount,bind,ro", str(shown_at))):
        raise PermissionError(f"no folder can be shown at {shown_at}")
    try:
        yield shown_at
    finally:
        _unmount(shown_at)


def leave_free(folder: Path, free_bytes: int) -> None:
    """Fill the disk under a folder until so many bytes are free."""
    ballast = folder / "ballast"
    ballast.unlink(missing_ok=True)
    fill_bytes = shutil.disk_usage(folder).free - free_bytes
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(fill_bytes, 1))


def _mount(*arguments: str) -> bool:
    if shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
