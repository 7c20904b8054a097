"""Put a backup into an empty place: every byte and every line of the audit log is looked at before any of it has a name there."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from stroke_map.backups import database, resting
from stroke_map.backups.faults import is_there, told_faults
from stroke_map.backups.manifest import AUDIT, DATABASE, EDITIONS, SHEETS, Manifest, check, read
from stroke_map.backups.rows import skip_ids
from stroke_map.backups.sealed import copy_tree
from stroke_map.editions.files import fsync, lock_now
from stroke_map.editions.publish import CURRENT_FILE, editions_dir
from stroke_map.editions.seal import walk
from stroke_map.errors import AuditError, BackupError
from stroke_map.live.audit_reads import gather_left
from stroke_map.live.database import database_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from stroke_map.settings import Settings

_STAGING: Final = ".restoring"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and what is wrong with its audit log where that was accepted."""

    manifest: Manifest
    audit_problems: tuple[str, ...]


def restore(
    settings: Settings,
    backup: Path,
    *,
    by: Mapping[str, str],
    accept_audit: bool = False,
    now: datetime | None = None,
    progress: Callable[[str, float], None] = lambda _step, _share: None,
) -> Restored:
    """Put a backup where the settings say; nothing of the service may run there, and nothing may be there.

    Parameters
    ----------
    by
        Who does it, for the audit log: `actor`, `role`, `action`.
    accept_audit
        Restore also what has an audit log that is not whole.
    now
        Until when the alerts are worked off before they rest; None: by the clock.
    progress
        Told of each step and its share, 0 to 1.

    Raises
    ------
    BackupError
        It is none, is not whole, or something is there already: then nothing was changed. Only where something comes while the parts
        are put in place, those before it are there, to be moved away with it.
    AuditError
        A line of its audit log was changed or removed.
    LiveStoreError
        The database is away.
    """
    manifest = read(backup)
    targets = _targets(settings, manifest)
    with told_faults(settings.geodata_dir), _only_restore(settings.geodata_dir), _staging(targets):
        _refuse_what_is_there(settings, targets)
        check(backup, manifest)
        progress("check", 1.0)
        _copy(backup, targets, progress)
        looked_at = now or datetime.now(UTC)
        wrong = _look_at_live_state(settings, targets, manifest, by, looked_at) if manifest.database else []
        if wrong and not accept_audit:
            step = "Restore an earlier backup; or this one as it is, with --accept-audit, and find out who could write to it."
            raise AuditError(
                f"in the backup {len(wrong):,} places are not as they were written", problems=wrong, next_step=step
            )
        progress("audit log", 1.0)
        _make_lasting(targets)
        _refuse_what_is_there(settings, targets)  # by now: all of that took its time
        if manifest.database and database_file(settings) is None:
            database.fill(settings, _staged(targets[DATABASE], DATABASE).parent)
            del targets[DATABASE]
        _move_in(targets)
    return Restored(manifest, tuple(wrong))


def _targets(settings: Settings, manifest: Manifest) -> dict[str, Path]:
    """Where each part of the backup goes, in the order in which they are moved in: what says which edition serves comes last."""
    targets = {}
    if manifest.database:
        targets[DATABASE] = database_file(settings) or settings.geodata_dir / DATABASE
    targets |= {AUDIT: settings.audit_dir, SHEETS: settings.sheets_dir, EDITIONS: editions_dir(settings.geodata_dir)}
    return targets | ({CURRENT_FILE: settings.geodata_dir / CURRENT_FILE} if manifest.serving else {})


def _staged(target: Path, part: str) -> Path:
    """Where a part is before it is moved in: on the same disk."""
    return target.parent / _STAGING / part


@contextmanager
def _only_restore(geodata_dir: Path) -> Iterator[None]:
    descriptor = lock_now(geodata_dir / ".restore.lock")
    if descriptor is None:
        raise BackupError(f"another backup is being restored to {geodata_dir}", next_step="Wait until it has ended.")
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _staging(targets: Mapping[str, Path]) -> Iterator[None]:
    """Folders for what is to be moved in, gone in the end."""
    folders = {target.parent / _STAGING for target in targets.values()}
    try:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
            folder.mkdir(mode=0o700, parents=True)
        yield
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _refuse_what_is_there(settings: Settings, targets: Mapping[str, Path]) -> None:
    there = [str(target) for part, target in targets.items() if _is_taken(part, target)]
    if not there and DATABASE in targets and database_file(settings) is None and not database.is_empty(settings):
        there = [database.IN_POSTGRES]
    if there:
        raise is_there(there)


def _is_taken(part: str, target: Path) -> bool:
    if part == DATABASE:  # what SQLite keeps beside a file that is gone would be taken for the new one's
        return any(target.parent.glob(f"{target.name}*"))
    return any(target.iterdir()) if target.is_dir() else target.exists()


def _copy(backup: Path, targets: Mapping[str, Path], progress: Callable[[str, float], None]) -> None:
    for number, (part, target) in enumerate(targets.items(), start=1):
        source, staged = backup / part, _staged(target, part)
        if source.is_dir():
            copy_tree(source, staged)
            if part != EDITIONS:
                staged.chmod(0o700)
        elif source.is_file():
            shutil.copy2(source, staged)
        progress("copy", number / len(targets))


def _look_at_live_state(
    settings: Settings, targets: Mapping[str, Path], manifest: Manifest, by: Mapping[str, str], now: datetime
) -> list[str]:
    """Bring the staged database to the newest form, with what stood in the audit log's files; what is wrong with that log, in words.

    What was recorded after the backup is lost here, but not for those who saw it: no id is given twice, and nobody is called again.
    """
    folder = _staged(targets[DATABASE], DATABASE).parent
    database.look_at(folder / DATABASE)
    with database.store_in(folder, settings) as store:
        store.migrate()
        wrong = gather_left(_staged(targets[AUDIT], AUDIT), store)
        wrong += store.audit.verify()[1]
        resting.work_off(store, now)
        with store.audit.doing(**by), store.writing() as connection:
            skip_ids(connection)
            kept_back = resting.let_rest(connection, store.alerts.timers, now)
            store.audit.mention(backup=manifest.made_at.isoformat(), kept_back=kept_back)
    database.look_at(folder / DATABASE)  # all of it is in that one file again
    return wrong


def _make_lasting(targets: Mapping[str, Path]) -> None:
    for part, target in targets.items():
        staged = _staged(target, part)
        for name, _ in walk(staged) if staged.is_dir() else ():
            fsync(staged / name)
        if staged.exists():
            fsync(staged)


def _move_in(targets: Mapping[str, Path]) -> None:
    for part, target in targets.items():
        staged = _staged(target, part)
        if not staged.exists():
            continue
        if _is_taken(part, target):  # by a service that was started just now: its file would be gone without a word
            raise is_there([str(target)])
        with suppress(FileNotFoundError):
            target.rmdir()  # empty, as was seen
        staged.rename(target)
        fsync(target.parent)
