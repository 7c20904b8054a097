"""A geodata folder that can only be read, as after a disk was remounted because of errors."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults import Violation
from faults.bed import FIRST_YEAR
from faults.command import run, update
from faults.disks import may_mount, read_only
from faults.full_disk import REFUSED
from faults.service import Watch, serving
from faults.town import APPROVED_BY, PEOPLE, update_here
from faults.whole import check_whole, left_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faults.bed import Bed, Show

_SAID = ("cannot be written: ", "Give the account that runs this the right to write there")
_HOSPITAL = "h00.phone=023-20029999"


@dataclass
class ReadOnly:
    """What was done."""

    how: str
    refused: list[str] = field(default_factory=list)
    answers: int = 0


def check_read_only(bed: Bed, *, show: Show) -> ReadOnly:
    """Update, amend, publish and roll back where nothing can be written, and start a server there.

    Raises
    ------
    Violation
        An answer failed, a command did not say what to do, or something has changed.
    """
    geodata = bed.geodata("kept")
    update_here(geodata, bed.town, FIRST_YEAR + 1)
    before = _state(geodata)
    shown = bed.folder / "shown"
    by_mount = may_mount(shown)
    if not by_mount and os.geteuid() == 0:
        return ReadOnly("not tried: root may write anywhere, and nothing can be mounted here")
    done = ReadOnly("mounted read-only" if by_mount else "rights taken away")
    commands = {
        "update": lambda at: update(at, *bed.town.update(FIRST_YEAR + 2), *PEOPLE),
        "amend": lambda at: run(at, "edition", "amend", "--set", _HOSPITAL, "--reason", "a new number"),
        "publish": lambda at: run(at, "edition", "publish", bed.first, "--approved-by", APPROVED_BY),
        "rollback": lambda at: run(at, "edition", "rollback"),
    }
    with (
        read_only(geodata, shown) if by_mount else _rights_taken(geodata) as at,
        serving(at) as server,
        Watch(server, f"{FIRST_YEAR + 1}.1") as watch,
    ):
        for number, (name, command) in enumerate(commands.items(), start=1):
            command(at).expect(REFUSED, *_SAID)
            done.refused.append(name)
            show("read-only", number / (len(commands) + 1))
        done.answers = watch.count
    check_whole(geodata)
    if _state(geodata) != before or left_over(geodata):
        raise Violation("a folder that could only be read has changed")
    for command in commands.values():
        command(geodata).expect(0)
    show("read-only", 1.0)
    return done


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file, with what changes when it is written."""
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


@contextmanager
def _rights_taken(folder: Path) -> Iterator[Path]:
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for one in folders:
        one.chmod(0o555)
    try:
        yield folder
    finally:
        for one in folders:
            one.chmod(0o755)
