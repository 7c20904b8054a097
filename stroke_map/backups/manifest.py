"""`backup.json`: what a backup holds, written last. A folder without it, or in which anything is otherwise, is no backup."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Final, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from stroke_map.editions.files import fsync
from stroke_map.editions.info import EDITION_FILE, FileSeal
from stroke_map.editions.seal import checksums, verify, walk
from stroke_map.errors import BackupError, EditionDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST: Final = "backup.json"
DATABASE: Final = "live.db"
AUDIT: Final = "audit"
SHEETS: Final = "sheets"
EDITIONS: Final = "editions"
#: What `stroke-map audit verify --against` takes.
AUDIT_ENDS: Final = "audit-ends.json"
_NAME: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


class Manifest(BaseModel):
    """The whole of `backup.json`.

    Attributes
    ----------
    version
        Of this package.
    database
        The kind it was; "": there was none.
    rows
        By table.
    editions
        The seal of each, by its id.
    serving
        The edition that served; "": none did, or it was damaged.
    left_out
        Editions that are damaged and of which no earlier backup has a sound copy: what is wrong, by id.
    files
        Every other file, and each edition's description, which has the checksums of its own.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    made_at: AwareDatetime
    version: str
    database: Literal["", "sqlite", "postgresql"]
    rows: dict[str, int]
    editions: dict[str, str]
    serving: str
    left_out: dict[str, str]
    files: dict[str, FileSeal] = Field(default_factory=dict)


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Bring everything to the disk, and write the manifest with the checksums of all that is there."""
    folders, files = {folder}, {}
    for name, status in walk(folder):
        path = folder / name
        folders.update(parent for parent in path.parents if parent.is_relative_to(folder))
        if status.st_nlink == 1:  # else an earlier backup has brought it there
            fsync(path)
        if _is_sealed_here(name):
            files[name] = checksums(path, status.st_size)
    sealed = manifest.model_copy(update={"files": files})
    document = sealed.model_dump(mode="json", exclude_none=True)
    (folder / MANIFEST).write_bytes(_canonical({**document, "seal": _seal_of(document)}))
    fsync(folder / MANIFEST)
    for inner in sorted(folders, reverse=True):
        fsync(inner)
    return sealed


def read(folder: Path) -> Manifest:
    """The manifest of a backup, of which nothing else is looked at.

    Raises
    ------
    BackupError
        It is none, or was made by a later version of this package.
    """
    try:
        document = orjson.loads((folder / MANIFEST).read_bytes())
        told = document.pop("seal")
    except FileNotFoundError:
        known = ", ".join(found.name for found in backups(folder)) if folder.is_dir() else ""
        step = f"Give one of those in it: {known}." if known else "Give a folder that `stroke-map backup` has made."
        raise BackupError(f"{folder} is no whole backup: it has no {MANIFEST}", next_step=step) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(folder, {MANIFEST: "cannot be read"}) from error
    if _seal_of(document) != told:
        raise damaged(folder, {MANIFEST: "changed"})
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        step = f"Install version {document.get('version')} of this package, or a later one."
        raise BackupError(f"{folder.name} was made by another version of this package", next_step=step) from error


def check(folder: Path, manifest: Manifest) -> None:
    """Look at every byte of a backup, or of a copy of it in which `backup.json` may be missing.

    Raises
    ------
    BackupError
        A file is missing, was changed, or is none of the backup's.
    """
    found = {name: status for name, status in walk(folder) if _is_sealed_here(name) and name != MANIFEST}
    wrong = dict.fromkeys(manifest.files.keys() - found.keys(), "missing")
    for name, status in found.items():
        if name not in manifest.files:
            wrong[name] = "not part of the backup"
        elif checksums(folder / name, status.st_size) != manifest.files[name]:
            wrong[name] = "changed"
    for edition_id in manifest.editions:
        try:
            verify(folder / EDITIONS / edition_id, edition_id=edition_id, full=True)
        except EditionDamagedError as error:
            wrong |= {f"{EDITIONS}/{edition_id}/{name}": said for name, said in error.facts["problems"].items()}
    if wrong:
        raise damaged(folder, wrong)


def damaged(folder: Path, wrong: dict[str, str]) -> BackupError:
    """The error that names each file, by its path in the backup, and what is wrong with it."""
    files = [f"{name}: {wrong[name]}" for name in sorted(wrong)]
    step = "Take another backup; keep this one for whoever looks into it."
    return BackupError(f"{folder.name} is not what was backed up; first: {files[0]}", next_step=step, files=files)


def backups(place: Path) -> list[Path]:
    """The whole backups in a folder, the oldest first."""
    return sorted(path for path in place.iterdir() if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file())


def loose_files(folder: Path) -> Iterator[str]:
    """Every plain file that is not hidden, by its path in a folder that others may write to meanwhile."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(parent, name)  # noqa: PTH118 - of thousands
            if not name.startswith(".") and os.path.isfile(path) and not os.path.islink(path):  # noqa: PTH113, PTH114
                yield os.path.relpath(path, folder)


def _is_sealed_here(name: str) -> bool:
    parts = name.split("/")
    return parts[0] != EDITIONS or parts[2:] == [EDITION_FILE]


def _canonical(document: dict[str, object]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS)


def _seal_of(document: dict[str, object]) -> str:
    return hashlib.sha256(_canonical(document)).hexdigest()
