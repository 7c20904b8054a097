"""Make a backup while everything runs."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

import stroke_map
from stroke_map.backups import database
from stroke_map.backups.faults import MB, no_room, told_faults
from stroke_map.backups.manifest import AUDIT, AUDIT_ENDS, SHEETS, Manifest, backups, loose_files, read, seal
from stroke_map.backups.rows import count_rows
from stroke_map.backups.sealed import needed_bytes, save_editions
from stroke_map.editions.files import fsync, lock_now
from stroke_map.editions.region import own_regions_dir, regions_dir
from stroke_map.errors import BackupError, LiveStoreError
from stroke_map.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from stroke_map.settings import Settings

_PART_PREFIX: Final = ".part-"
_MASK: Final = "********"
#: Left free for whoever else writes there, such as the database of alerts.
_SPARE_BYTES: Final = 20 * MB


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: where it is, what it holds, and which older ones were removed."""

    folder: Path
    manifest: Manifest
    removed: tuple[str, ...]


def back_up(
    settings: Settings,
    place: Path,
    *,
    now: datetime,
    keep: int | None = None,
    progress: Callable[[str, float], None] = lambda _step, _share: None,
) -> Made:
    """Make a backup in a folder of `place` that is named after the moment; nothing has to stop for it.

    Files of editions are shared with the backup before, where it has them: a night costs what is new.

    Parameters
    ----------
    keep
        So many whole backups stay, and older ones are removed in the end; None: all stay.
    progress
        Told of each step and its share, 0 to 1.

    Raises
    ------
    BackupError
        There is nothing to back up, another backup is being made, or the disk is full: nothing of this one is left.
    LiveStoreError
        The database is away, damaged, or of another version of this package.
    """
    _refuse_inside(settings, place)
    with told_faults(place), _only_backup(place):
        known = backups(place)
        before = known[-1] if known else None
        final = place / f"{now:%Y%m%dT%H%M%SZ}"
        if final.exists():
            raise BackupError(f"{final} is there already", next_step="Wait for a second.")
        if before is not None and final.name < before.name:
            # The oldest are removed by their names: what was made now would be the first to go.
            step = "Set the clock, or rename or remove that backup."
            raise BackupError(f"{before} was made later than now, by a clock that was ahead", next_step=step)
        _check_room(settings, place, before)
        part = place / f"{_PART_PREFIX}{final.name}"
        with _whole_or_nothing(part):
            manifest = seal(part, _gather(settings, before, part, now, progress))
            progress("seal", 1.0)
            part.rename(final)
        fsync(place)
        removed = [] if keep is None else backups(place)[:-keep]
        for old in removed:
            shutil.rmtree(old)
    return Made(final, manifest, tuple(old.name for old in removed))


def _gather(
    settings: Settings, before: Path | None, part: Path, now: datetime, progress: Callable[[str, float], None]
) -> Manifest:
    # The files of the audit log first: what is brought into the database meanwhile is in both, instead of in neither.
    _copy_loose(settings.audit_dir, part / AUDIT)
    kind = database.save(settings, part)
    if before is not None and not kind and read(before).database:
        step = "Find out where it is; or restore it from the last backup, or begin another folder of backups."
        raise LiveStoreError("the database of live state is gone, which the last backup still has", next_step=step)
    rows = _tell_audit(settings, part) if kind else {}
    progress("live state", 1.0)
    _copy_loose(settings.sheets_dir, part / SHEETS)
    _tell_settings(settings, part)
    saved = save_editions(settings.geodata_dir, before, part, lambda share: progress("editions", share))
    if not (kind or saved.sound or saved.left_out):
        step = "Set STROKE_MAP_GEODATA_DIR and STROKE_MAP_DATABASE_URL as they are where the service runs."
        raise BackupError(f"there is neither live state nor an edition in {settings.geodata_dir}", next_step=step)
    return Manifest(
        made_at=now,
        version=stroke_map.__version__,
        database=kind,
        rows=rows,
        editions=saved.sound,
        serving=saved.serving,
        left_out=saved.left_out,
    )


def _refuse_inside(settings: Settings, place: Path) -> None:
    for folder in (settings.audit_dir, settings.sheets_dir, settings.geodata_dir / "editions"):
        if place.resolve().is_relative_to(folder.resolve()):
            step = "Give a folder beside it, better on another disk."
            raise BackupError(f"{place} is inside of {folder}, which is backed up", next_step=step)


@contextmanager
def _only_backup(place: Path) -> Iterator[None]:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = lock_now(place / ".lock")
    if descriptor is None:
        raise BackupError(f"another backup is being made in {place}", next_step="Wait until it has ended.")
    try:
        for left in place.glob(f"{_PART_PREFIX}*"):  # of one that was killed
            shutil.rmtree(left)
        yield
    finally:
        os.close(descriptor)


def _check_room(settings: Settings, place: Path, before: Path | None) -> None:
    loose = sum(
        (folder / name).stat().st_size
        for folder in (settings.audit_dir, settings.sheets_dir)
        for name in loose_files(folder)
    )
    needed = database.size_bytes(settings) + loose + needed_bytes(settings.geodata_dir, before) + _SPARE_BYTES
    if needed > shutil.disk_usage(place).free:
        raise no_room(place, f"about {needed / MB:,.1f} MB are needed")


@contextmanager
def _whole_or_nothing(part: Path) -> Iterator[None]:
    """A folder of that name for the block, with nothing left of it where that fails."""
    try:
        part.mkdir(mode=0o700)
        yield
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _copy_loose(folder: Path, target: Path) -> None:
    """Copy files that others write to and remove meanwhile: each as it is when its turn comes."""
    for name in loose_files(folder):
        (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            shutil.copy2(folder / name, target / name)


def _tell_audit(settings: Settings, part: Path) -> dict[str, int]:
    """Write down where the audit log ends; gives how many rows each table has."""
    with database.store_in(part, settings) as store, store.reading() as connection:
        ends = database.ends_of_audit(connection)
        told = {chain: {"number": end.number, "hash": end.hash} for chain, end in sorted(ends.items())}
        (part / AUDIT_ENDS).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return count_rows(connection)


def _tell_settings(settings: Settings, part: Path) -> None:
    """Write down what was set, but for secrets, and what is known of regions: for a person, who puts it in place again."""
    values = {one.variable: (getattr(settings, one.name), one.secret) for one in SETTINGS}
    told = {variable: _MASK if secret and value else str(value) for variable, (value, secret) in values.items()}
    (part / "settings.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    own = own_regions_dir(settings.geodata_dir)
    _copy_loose(own if own.is_dir() else regions_dir(), part / "regions")
