"""Editions in a backup: sealed folders, shared with the backup before where they are the same."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stroke_map.backups.manifest import EDITIONS
from stroke_map.editions.info import EDITION_FILE, read_info
from stroke_map.editions.publish import CURRENT_FILE, edition_folder, list_editions, read_or_none
from stroke_map.editions.seal import verify, walk
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Saved:
    """What was saved: seals by id, what is wrong with those that are left out, and which one served."""

    sound: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    serving: str = ""


def needed_bytes(geodata_dir: Path, before: Path | None) -> int:
    """How much room editions take that the backup before does not have."""
    needed = 0
    for state in list_editions(geodata_dir):
        if not _has(before, edition_folder(geodata_dir, state.id)) and state.info is not None:
            needed += sum(file.size for file in state.info.files.values())
    return needed


def save_editions(geodata_dir: Path, before: Path | None, part: Path, tell: Callable[[float], None]) -> Saved:
    """Have a sound copy of every edition in `part`, every byte of it checked, and what says which of them serves."""
    publication = read_or_none(geodata_dir)  # first: whatever serves now is among those that follow
    saved, states = Saved(), list_editions(geodata_dir)
    for number, state in enumerate(states, start=1):
        try:
            saved.sound[state.id] = _save(edition_folder(geodata_dir, state.id), before, part / EDITIONS / state.id)
        except EditionError as error:
            saved.left_out[state.id] = error.detail
        except FileNotFoundError:  # removed meanwhile, for nobody goes back to it
            shutil.rmtree(part / EDITIONS / state.id, ignore_errors=True)
        tell(number / len(states))
    if publication is not None and publication.edition in saved.sound:
        saved.serving = publication.edition
        (part / CURRENT_FILE).write_bytes(publication.model_dump_json(indent=2).encode() + b"\n")
    return saved


def copy_tree(folder: Path, target: Path, copy: Callable[[Path, Path], object] = shutil.copy2) -> None:
    """Copy, or link, every file below a folder."""
    for name, _ in walk(folder):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy(folder / name, target / name)


def _save(folder: Path, before: Path | None, target: Path) -> str:
    """Have a sound copy of an edition in `target`; its seal.

    Raises
    ------
    EditionError
        It is damaged, and the backup before has no sound copy.
    """
    if before is not None and _has(before, folder):
        with suppress(EditionError, OSError):  # a disk without hard links; a backup that has been damaged
            copy_tree(before / EDITIONS / folder.name, target, os.link)
            return verify(target, edition_id=folder.name, full=True).seal
        shutil.rmtree(target, ignore_errors=True)
    try:
        copy_tree(folder, target)
        return verify(target, edition_id=folder.name, full=True).seal
    except EditionError:
        shutil.rmtree(target)
        raise


def _has(before: Path | None, folder: Path) -> bool:
    """Whether a backup has an edition: by the same description, or by any where this one has none that can be read."""
    if before is None:
        return False
    known, here = before / EDITIONS / folder.name / EDITION_FILE, folder / EDITION_FILE
    if not known.is_file():
        return False
    try:
        read_info(here.read_bytes())
        return here.read_bytes() == known.read_bytes()
    except (ValueError, EditionError, OSError):
        return True
