"""Seal a folder, and find out later whether every byte is still what was sealed."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING

from stroke_map.editions.files import fsync
from stroke_map.editions.info import EDITION_FILE, EditionInfo, FileSeal, read_info, write_info
from stroke_map.errors import EditionDamagedError, NoMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# The quick check reads small files whole, and of the others what NumPy and SQLite keep at their beginning.
SMALL_FILE_BYTES = 64 * 1024
HEAD_BYTES = 4 * 1024
# What a machine says that has no memory, or no open files, left: nothing is wrong with the file then.
_SHORT = {errno.ENOMEM, errno.EMFILE, errno.ENFILE}


def seal(folder: Path, info: EditionInfo, known: Mapping[str, FileSeal] | None = None) -> EditionInfo:
    """Write checksums of every file under `folder` into its `edition.json`, last, with everything on the disk.

    Parameters
    ----------
    folder
        A finished staging folder without `edition.json`.
    info
        What it is; its `files` and `seal` are filled in.
    known
        Checksums taken when a file was written, by its path in the folder: it is not read again. What has changed since is
        damage, and is found when the edition is verified.
    """
    files, known = {}, known or {}
    folders = {folder}
    for name, status in walk(folder):
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{name} is not a plain file")
        path = folder / name
        # What it shares with a sealed edition is on the disk already, and is copied before it serves (see `copying.keep_apart`).
        if status.st_nlink == 1:
            fsync(path)
        files[name] = known.get(name) or checksums(path, status.st_size)
        folders.update(parent for parent in path.parents if parent.is_relative_to(folder))
    for inner in sorted(folders, reverse=True):
        fsync(inner)
    sealed, content = write_info(info.model_copy(update={"files": files}))
    (folder / EDITION_FILE).write_bytes(content)
    fsync(folder / EDITION_FILE)
    fsync(folder)
    return sealed


def verify(folder: Path, *, edition_id: str, full: bool = False) -> EditionInfo:
    """Check a sealed folder.

    Parameters
    ----------
    folder
        The edition.
    edition_id
        Which edition it should be.
    full
        True reads every byte (about 1.8 GB/s); False compares names, sizes, small files and the heads of large ones.

    Raises
    ------
    EditionDamagedError
        `facts["files"]` names each file that is damaged, missing or extra, `facts["problems"]` says which.
    NoMemoryError
        Nobody knows: the machine is short of memory or of open files.
    """
    info = _read_sealed_info(folder, edition_id)
    problems = {}
    try:
        found = dict(walk(folder))
    except OSError as error:
        refuse_if_short(error)
        raise damaged(edition_id, {f"{error.filename}": f"unreadable: {error.strerror}"}) from error
    found.pop(EDITION_FILE, None)
    for name in info.files.keys() - found.keys():
        problems[name] = "missing"
    for name, status in found.items():
        problem = _compare(folder / name, status, info.files.get(name), full=full)
        if problem:
            problems[name] = problem
    if problems:
        raise damaged(edition_id, problems)
    return info


def refuse_if_short(error: Exception) -> None:
    """Take no file for damaged because the machine has no memory, or no open files, left: NoMemoryError then."""
    cause: BaseException | None = error
    while cause is not None:  # whoever reads a part says so in words of its own
        if isinstance(cause, MemoryError) or (isinstance(cause, OSError) and cause.errno in _SHORT):
            raise NoMemoryError("there is no memory, or no file, left to open the edition") from error
        cause = cause.__cause__


def damaged(edition_id: str, problems: dict[str, str]) -> EditionDamagedError:
    """The error that names each file (a path relative to the edition) and what is wrong with it."""
    names = sorted(problems)
    listed = ", ".join(f"{name} ({problems[name]})" for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return EditionDamagedError(
        f"edition {edition_id} is damaged: {listed}{more}",
        edition=edition_id,
        files=names,
        problems={name: problems[name] for name in names},
    )


def _read_sealed_info(folder: Path, edition_id: str) -> EditionInfo:
    try:
        info = read_info((folder / EDITION_FILE).read_bytes())
    except FileNotFoundError:
        raise damaged(edition_id, {EDITION_FILE: "missing"}) from None
    except OSError as error:
        refuse_if_short(error)
        raise damaged(edition_id, {EDITION_FILE: f"unreadable: {error.strerror}"}) from error
    except ValueError as error:
        raise damaged(edition_id, {EDITION_FILE: "changed"}) from error
    if info.id != edition_id:
        raise damaged(edition_id, {EDITION_FILE: f"describes edition {info.id}"})
    return info


def _compare(path: Path, status: os.stat_result, sealed: FileSeal | None, *, full: bool) -> str | None:
    if sealed is None:
        return "not part of the edition"
    if not stat.S_ISREG(status.st_mode):
        return "not a plain file"
    if status.st_size != sealed.size:
        return f"{status.st_size} bytes instead of {sealed.size}"
    try:
        if full or sealed.head_sha256 is None:
            return None if sha256_of(path) == sealed.sha256 else "changed"
        return None if _head_sha256(path) == sealed.head_sha256 else "changed"
    except OSError as error:
        refuse_if_short(error)
        return f"unreadable: {error.strerror}"


def walk(folder: Path, prefix: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Every entry that is not a folder, by its path inside `folder`, in one order everywhere; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from walk(folder / entry.name, name + "/")
            else:
                yield name, entry.stat(follow_symlinks=False)


def checksums(path: Path, size: int) -> FileSeal:
    """What is sealed of a file of `size` bytes."""
    head = _head_sha256(path) if size > SMALL_FILE_BYTES else None
    return FileSeal(size=size, sha256=sha256_of(path), head_sha256=head)


def is_sealed_file(path: Path, sealed: FileSeal) -> bool:
    """Whether every byte of a file is what was sealed."""
    try:
        return _compare(path, path.lstat(), sealed, full=True) is None
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _head_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.sha256(stream.read(HEAD_BYTES)).hexdigest()
