"""What every fault begins with: the town, and a geodata folder in which its first edition is published."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from faults.command import start_update, timed_steps
from faults.town import PEOPLE, Town, make_town
from faults.whole import check_whole, published

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    #: Told what is done of a part: its name and the share, 0 to 1.
    Show = Callable[[str, float], None]

FIRST_YEAR = 2001


@dataclass
class Bed:
    """The town and its first edition.

    Attributes
    ----------
    folder
        Everything is in it.
    seconds_after
        Of an update that nothing disturbed: how many seconds passed after each step ("" is its start).
    """

    folder: Path
    town: Town = field(init=False)
    seconds_after: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        """Build and publish the first edition, by the yearly update itself."""
        self.town = make_town(self.folder / "town")
        first = self.folder / "first"
        process = start_update(first, *self.town.update(FIRST_YEAR), *PEOPLE)
        self.seconds_after, ended = timed_steps(process)
        ended.expect(0, f"Edition {self.first}: built, published")

    @property
    def first(self) -> str:
        """The id of the first edition."""
        return f"{FIRST_YEAR}.1"

    @property
    def edition_bytes(self) -> int:
        """How much room an edition takes on the disk."""
        return sum(path.stat().st_blocks * 512 for path in (self.folder / "first" / "editions").rglob("*"))

    def geodata(self, name: str, of: Path | None = None) -> Path:
        """A folder of its own with nothing but what is published in another, by default the first edition."""
        return copy_published(of or self.folder / "first", self.folder / name)


def copy_published(geodata: Path, target: Path) -> Path:
    """Copy what is published, and nothing else."""
    target.mkdir(parents=True, exist_ok=True)
    edition = published(geodata)
    shutil.copytree(geodata / "editions" / edition, target / "editions" / edition)
    shutil.copy2(geodata / "current", target / "current")
    check_whole(target)
    return target
