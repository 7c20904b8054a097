"""Take over files of a sealed edition into one that grows."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from stroke_map.editions.seal import damaged, is_sealed_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stroke_map.editions.edition import Edition


def copy_files(
    base: Edition,
    folder: Path,
    wanted: Callable[[str], bool],
    tell: Callable[[float], None] | None = None,
) -> None:
    """Copy files of an edition, each compared byte by byte with what was sealed.

    They are copies, not hard links: a byte that flips on the disk would otherwise damage the new edition together with the one
    to roll back to.

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
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(base.folder / name, copy)
        except FileNotFoundError:
            problems[name] = "missing"
            continue
        if not is_sealed_file(copy, base.info.files[name]):
            problems[name] = "changed"
        if tell:
            tell(done / len(names))
    if problems:
        raise damaged(base.info.id, problems)
