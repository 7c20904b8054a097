"""An edition while it grows: what it is made of, what is known of it so far, and which steps are done."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from stroke_map.editions.edition import roads_folder
from stroke_map.editions.files import full_disk
from stroke_map.editions.marks import Marks
from stroke_map.editions.room import SLACK_BYTES, index_bytes, scratch_folder
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from stroke_map.editions.inputs import Inputs
    from stroke_map.editions.region import Region
    from stroke_map.registry import Hospital, SheetReading
    from stroke_map.registry.places import Place
    from stroke_map.roads import RoadNetwork

    Progress = Callable[[str, float], None]

#: How often a step that cannot say how far it is tells how far it should be.
_TICK_S = 0.5
_NEARLY_DONE = 0.99


def quiet(_step: str, _share: float) -> None:
    """Tell nobody of progress."""


@dataclass
class Work:
    """What one build knows so far.

    Attributes
    ----------
    inputs
        What the edition is made of.
    progress
        Told a step's name and its done share, 0 to 1.
    cluster
        The address of a Dask scheduler on whose machines trees grow; None: on this one.
    marks
        Which steps are done, from `begin` on; `folder` is where the edition grows.
    region
        That of the inputs, with its polygon as soon as that is known.
    reading, hospitals
        What was read of the sheet, with what the checks found; the hospitals, at last in the order of the columns of the arrivals.
    places
        Those that the publisher adds to what the map has.
    counts
        What `edition.json` will say of the edition.
    room
        About how many bytes every large step writes, by its name; exact as soon as the roads are known.
    """

    inputs: Inputs
    progress: Progress = quiet
    cluster: str | None = None
    marks: Marks = field(init=False)
    region: Region = field(init=False)
    reading: SheetReading = field(init=False)
    hospitals: list[Hospital] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    room: dict[str, int] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _disk: int = -1

    def __post_init__(self) -> None:
        """Begin with the region as it was given."""
        self.region = self.inputs.region

    def begin(self, folder: Path) -> None:
        """Let the edition grow in `folder`, from what of it is finished there."""
        self.marks = Marks(folder)
        self._disk = folder.stat().st_dev

    @property
    def folder(self) -> Path:
        """Where the edition grows."""
        return self.marks.edition

    @property
    def needed_bytes(self) -> int:
        """About how much room the steps take that are still to be done, with the reader's index where that is on the same disk."""
        still = {step: size for step, size in self.room.items() if step not in self._done}
        # The last step that reads the road file is the one that writes the registry.
        index = index_bytes(self.inputs) if "registry" in still and self._scratch_is_beside() else 0
        return SLACK_BYTES + sum(still.values()) + index

    def network(self, profile: str) -> RoadNetwork:
        """The roads of a profile, which are made already."""
        from stroke_map.roads import RoadNetwork

        return RoadNetwork.load(roads_folder(self.folder, profile))

    @contextmanager
    def told(self, name: str, *, seconds: float = 0.0) -> Iterator[None]:
        """Tell of a step; of one that should take so many `seconds` and cannot say how far it is, how far it should be."""
        self.progress(name, 0.0)
        with expected(seconds, partial(self._tell, name)) if seconds else nullcontext():
            yield
        self.progress(name, 1.0)

    def _tell(self, name: str, share: float) -> None:
        # Only `told` says that a step is done: its files must be noted first.
        self.progress(name, min(share, _NEARLY_DONE))

    def step(
        self, name: str, make: Callable[[Callable[[float], None]], dict[str, Any] | None], *, depends: str = ""
    ) -> dict[str, Any]:
        """Do a step unless it is done.

        Parameters
        ----------
        make
            Given a function to tell the done share to; writes into `folder` and returns what it found out, as JSON knows it.
        depends
            What the step hangs on that the inputs do not determine.

        Returns
        -------
        What `make` found out, this time or the last.

        Raises
        ------
        EditionError
            An input was replaced meanwhile: the step is not done.
        """
        with self.told(name):
            facts = self.marks.facts(name, depends)
            if facts is None:
                facts = make(partial(self._tell, name)) or {}
                self.inputs.check_unchanged()
                self.marks.finish(name, depends, facts)
            self._done.add(name)
        return facts

    def check_scratch(self) -> None:
        """Refuse to read a road file whose index the temporary folder cannot hold: a full disk under a mapped file kills.

        Raises
        ------
        EditionError
            `facts["needed_bytes"]` are needed there.
        """
        scratch, index = scratch_folder(), index_bytes(self.inputs)
        if shutil.disk_usage(scratch).free < index:
            needed_bytes = self.needed_bytes if self._scratch_is_beside() else index
            raise full_disk(scratch, needed_bytes, variable="TMPDIR")

    def _scratch_is_beside(self) -> bool:
        """Whether the temporary folder is on the disk that the edition is on."""
        try:
            return scratch_folder().stat().st_dev == self._disk
        except EditionError:  # as on a machine whose only disk is full
            return True

    def check_room(self, steps: Iterable[str]) -> None:
        """Refuse to begin what the disk cannot hold: those of these steps that are still to be done; OSError, as if it were full."""
        still = sum(self.room[step] for step in steps if step not in self._done)
        if shutil.disk_usage(self.folder).free < still:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))


@contextmanager
def expected(seconds: float, tell: Callable[[float], None]) -> Iterator[None]:
    """While work that cannot say how far it is goes on, tell how far it should be if it takes so many `seconds`."""
    begun, done = time.monotonic(), threading.Event()

    def tick() -> None:
        while not done.wait(_TICK_S):
            tell((time.monotonic() - begun) / seconds)

    thread = threading.Thread(target=tick, name="expected", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
