"""Take over files of a sealed edition into one that grows; and let an edition that will serve share no file with another."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stroke_map.editions.files import fsync
from stroke_map.editions.seal import damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from stroke_map.editions.edition import EditionHead
    from stroke_map.editions.info import EditionInfo

_CHUNK_BYTES = 1 << 20
_APART_PREFIX = ".apart-"
#: No copying takes so long: what is older was left by a process that was killed.
_LEFT_AFTER_S = 24 * 3600


def copy_files(
    base: EditionHead, folder: Path, wanted: Callable[[str], bool], tell: Callable[[float], None] | None = None
) -> None:
    """Copy files of an edition, each compared with what was sealed.

    Parameters
    ----------
    wanted
        Given a path in the edition.
    tell
        Called with the share that is done, 0 to 1.

    Raises
    ------
    EditionDamagedError
        A file is missing or is not what was sealed.
    """
    names = [name for name in base.info.files if wanted(name)]
    problems = {}
    for done, name in enumerate(names, start=1):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            if _copy(base.folder / name, folder / name) != base.info.files[name].sha256:
                problems[name] = "changed"
        except FileNotFoundError:
            problems[name] = "missing"
        if tell:
            tell(done / len(names))
    if problems:
        raise damaged(base.info.id, problems)


def link_files(base: EditionHead, folder: Path, wanted: Callable[[str], bool]) -> None:
    """Let `folder` have files of an edition without copying them, or copy them where the disk knows no hard links.

    A byte that flips in such a file damages both editions. Their seals are their own, so each check names the edition it looks at; and
    `keep_apart` ends the sharing before one of them serves, lest there be nothing sound to roll back to.

    Raises
    ------
    EditionDamagedError
        A file is missing or, where it is copied, is not what was sealed.
    """
    names = [name for name in base.info.files if wanted(name)]
    for parent in {(folder / name).parent for name in names}:
        parent.mkdir(parents=True, exist_ok=True)
    try:
        for name in names:
            os.link(base.folder / name, folder / name)
    except FileNotFoundError:
        raise damaged(base.info.id, {name: "missing"}) from None
    except OSError:
        for name in names:
            (folder / name).unlink(missing_ok=True)
        copy_files(base, folder, wanted)


def keep_apart(folder: Path, info: EditionInfo) -> None:
    """Replace every file that an edition shares with another by a copy of its own; readers notice nothing.

    Raises
    ------
    EditionDamagedError
        A file is not what was sealed.
    """
    shared = [name for name in info.files if (folder / name).stat().st_nlink > 1]
    if not shared:
        return
    for left in folder.parent.glob(f"{_APART_PREFIX}*"):
        if time.time() - left.stat().st_mtime > _LEFT_AFTER_S:
            shutil.rmtree(left, ignore_errors=True)
    # Beside the edition, whose folder may at no moment hold a file that is not sealed.
    with tempfile.TemporaryDirectory(prefix=_APART_PREFIX, dir=folder.parent) as beside:
        for name in shared:
            copy = Path(beside) / "copy"
            if _copy(folder / name, copy) != info.files[name].sha256:
                raise damaged(info.id, {name: "changed"})
            fsync(copy)
            copy.replace(folder / name)
    for parent in {(folder / name).parent for name in shared}:
        fsync(parent)


def _copy(source: Path, target: Path) -> str:
    """Copy a file; the sha256 of what was read."""
    sha256 = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(_CHUNK_BYTES):
            sha256.update(chunk)
            writer.write(chunk)
    return sha256.hexdigest()
