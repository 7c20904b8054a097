"""Where an edition grows before it has a name: hidden folders beside the editions, which nothing lists or opens."""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import TYPE_CHECKING

from stroke_map.editions.files import exchange, exclusive_lock, fsync
from stroke_map.editions.publish import editions_dir, read_or_none
from stroke_map.editions.seal import verify
from stroke_map.errors import EditionDamagedError, EditionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Held by the one build, update or amendment that works.
BUILD_LOCK = ".build.lock"
STAGING_PREFIX = ".staging-"
WORK_PREFIX = ".work-"
#: An interrupted update that nobody continued for so long is given up.
WORK_LIFETIME_S = 7 * 24 * 3600


@contextlib.contextmanager
def only_build(geodata_dir: Path) -> Iterator[None]:
    """Hold the lock that lets one build, update or amendment at a time work; EditionError where another one does.

    What one left that was killed is removed first.
    """
    with exclusive_lock(geodata_dir / BUILD_LOCK, busy="another edition is being built at this moment"):
        for left in editions_dir(geodata_dir).glob(f"{STAGING_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def next_id(geodata_dir: Path, stem: str, *, after: int = 0) -> str:
    """`stem.number` with the number after all that editions have, and had that once served: an id never means two of them."""
    publication = read_or_none(geodata_dir)
    served = (publication.edition, *publication.history, *publication.approvals) if publication else ()
    names = {folder.name for folder in editions_dir(geodata_dir).glob(f"{stem}.*")} | set(served)
    numbers = (name.removeprefix(f"{stem}.") for name in names if name.startswith(f"{stem}."))
    return f"{stem}.{max([after, *(int(number) for number in numbers if number.isdecimal())]) + 1}"


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
    """A folder beside the editions; removed when the work fails, and by `only_build` when the process died."""
    staging = final.with_name(STAGING_PREFIX + final.name)
    staging.mkdir(parents=True)
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
    """Let a sealed folder be the edition `final`; a damaged one of that name makes room.

    It may be the one that is published: in one step, wherever that can be done, lest a crash leave none of that name.
    """
    damaged = final.with_name(f"{STAGING_PREFIX}damaged-{final.name}")
    if final.exists() and exchange(staging, final):
        damaged = staging
    else:
        if final.exists():
            final.rename(damaged)
        staging.rename(final)
    fsync(final.parent)
    # Servers that still have its files mapped keep them until they have changed over.
    shutil.rmtree(damaged, ignore_errors=True)
