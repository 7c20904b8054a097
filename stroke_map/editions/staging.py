"""Where an edition grows before it has a name: hidden folders beside the editions, which nothing lists or opens."""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import TYPE_CHECKING

from stroke_map.editions.files import exclusive_lock, fsync
from stroke_map.editions.publish import editions_dir
from stroke_map.editions.seal import verify
from stroke_map.errors import EditionDamagedError, EditionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGING_PREFIX = ".staging-"
WORK_PREFIX = ".work-"
#: An interrupted update that nobody continued for so long is given up.
WORK_LIFETIME_S = 7 * 24 * 3600


def only_build(geodata_dir: Path) -> contextlib.AbstractContextManager[None]:
    """Hold the lock that lets one build, update or amendment at a time work; EditionError where another one does."""
    return exclusive_lock(geodata_dir / ".build.lock", busy="another edition is being built at this moment")


def check_name_is_free(final: Path) -> None:
    """A sealed edition never changes; only a damaged one may be built again under its name.

    Raises
    ------
    EditionError
        The edition is there and sound.
    """
    if not final.exists():
        return
    try:
        verify(final, edition_id=final.name, full=True)
    except EditionDamagedError:
        return
    raise EditionError(f"edition {final.name} exists and is sound", next_step="Choose another id, such as 2026.2.")


@contextlib.contextmanager
def staging_folder(final: Path) -> Iterator[Path]:
    """A folder beside the editions; removed when the work fails, and by the next build when the process died."""
    final.parent.mkdir(parents=True, exist_ok=True)
    for left in final.parent.glob(f"{STAGING_PREFIX}*"):
        shutil.rmtree(left)
    staging = final.with_name(STAGING_PREFIX + final.name)
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def work_folder(geodata_dir: Path, key: str) -> Path:
    """Where an update with these inputs grows; it outlives the process, so that the next one goes on from there."""
    return editions_dir(geodata_dir) / f"{WORK_PREFIX}{key[:32]}"


def remove_work(geodata_dir: Path, *, older_than_s: float = 0.0) -> None:
    """Remove what updates left that were interrupted longer ago than that; the caller holds the lock of builds."""
    for folder in editions_dir(geodata_dir).glob(f"{WORK_PREFIX}*"):
        if time.time() - folder.stat().st_mtime >= older_than_s:
            shutil.rmtree(folder, ignore_errors=True)


def give_name(staging: Path, final: Path) -> None:
    """Let a sealed folder be the edition `final`; a damaged one of that name makes room."""
    damaged = final.with_name(f"{STAGING_PREFIX}damaged-{final.name}")
    if final.exists():
        final.rename(damaged)
    staging.rename(final)
    fsync(final.parent)
    # Servers that still have its files mapped keep them until they have changed over.
    shutil.rmtree(damaged, ignore_errors=True)
