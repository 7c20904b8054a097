"""A disk that is full at one step of the update or another."""

from __future__ import annotations

import re
import resource
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from faults import Violation
from faults.bed import FIRST_YEAR
from faults.command import Ended, finish, held, run, run_here, start_update, wait_for_step
from faults.disks import leave_free, may_mount, small_disk
from faults.service import Watch, serving
from faults.town import PEOPLE
from faults.whole import check_whole, left_over, published

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from subprocess import Popen

    from faults.bed import Bed, Show

#: How much of the room that an edition takes is free at the start, or the step after which nothing is free any more.
FULL: tuple[float | str, ...] = (
    0.0, 0.002, 0.1, 0.35, 0.5, 0.65, 0.85, 0.95,
    "roads car", "roads ambulance", "entrances", "registry", "arrivals car", "arrivals ambulance", "tiles", "bands",
    "report",
)  # fmt: skip
#: After which step no file may grow any more, where no disk can be mounted.
LIMITED_AFTER = (
    "registry",
    "roads ambulance",
    "entrances",
    "arrivals car",
    "arrivals ambulance",
    "tiles",
    "bands",
    "report",
)
#: The exit code of an edition that cannot be made.
REFUSED = 6
_DISK_BYTES = 256_000_000
_ROOMY_BYTES = 60_000_000
_LARGEST_BYTES = 100
_SAID = re.compile(r"has no room: about ([\d,.]+) MB are needed, [\d,.]+ MB are free")


@dataclass
class FullDisk:
    """What was done; `stopped_after` has the last step that was done before the disk was full, each time."""

    disk: str
    answers: int = 0
    stopped_after: list[str] = field(default_factory=list)
    needed_mb: list[float] = field(default_factory=list)

    def refused(self, ended: Ended) -> float:
        """Take note of a command that found no room; the megabytes that it says it needs."""
        said = _SAID.search(ended.expect(REFUSED, "has no room", "Free that much space").err)
        if said is None:
            raise Violation(f"it does not say how much room is needed:\n{ended.err}")
        needed_mb = float(said[1].replace(",", ""))
        self.stopped_after.append(ended.steps[-1] if ended.steps else "")
        self.needed_mb.append(needed_mb)
        return needed_mb


def check_full_disk(bed: Bed, *, full: Sequence[float | str] = FULL, show: Show) -> FullDisk:
    """Let the disk be full at several steps; then make the room that the message asks for, and no more.

    Raises
    ------
    Violation
        An answer failed, the message is of no use, something half-made has a name, or the next run fails for all the room.
    """
    folder = bed.folder / "small"
    if not may_mount(folder):
        return _check_limits(bed, LIMITED_AFTER[: len(full)], show)
    done = FullDisk(f"{_DISK_BYTES / 1e6:.0f} MB in memory")
    with small_disk(folder, _DISK_BYTES):
        geodata = bed.geodata("small/geodata")
        scratches = [bed.folder / "roomy", folder / "scratch"]
        with serving(geodata) as server, Watch(server, bed.first) as watch:
            for number, when in enumerate(full):
                # Every third time the temporary folder is on the same disk.
                year, scratch = FIRST_YEAR + 1 + number, scratches[number % 3 == 2]
                scratch.mkdir(exist_ok=True)
                watch.allowed |= {f"{year}.1"}
                command = partial(start_update, geodata, *bed.town.update(year), *PEOPLE, env={"TMPDIR": str(scratch)})
                before = published(geodata)
                needed_mb = _refused(_meeting(bed, folder, when, command), before, geodata, done)
                leave_free(folder, _bytes(needed_mb))
                _made(command, geodata, year)
                done.stopped_after[-1] = done.stopped_after[-1] or str(when)
                server.wait_for_edition(f"{year}.1")
                run_here(geodata, "edition", "prune", "--keep", "1", "--yes").expect(0)
                show("full disk", (number + 1) / (len(full) + 1))
            _full_at_the_switch(geodata, folder, done)
        done.answers = watch.count
    show("full disk", 1.0)
    return done


def _bytes(megabytes: float) -> int:
    return int(megabytes * 1e6)


def _meeting(bed: Bed, folder: Path, when: float | str, command: Callable[[], Popen[str]]) -> Ended:
    """Run a command that meets a full disk, from its start or after a step."""
    if not isinstance(when, str):
        leave_free(folder, int(when * bed.edition_bytes))
        return finish(command())
    leave_free(folder, _ROOMY_BYTES)
    process = command()
    wait_for_step(process, when)
    with held(process):
        leave_free(folder, 0)
    return finish(process)


def _refused(ended: Ended, before: str, geodata: Path, done: FullDisk) -> float:
    needed_mb = done.refused(ended)
    check_whole(geodata)
    if published(geodata) != before:
        raise Violation(f"a command that found no room has put {published(geodata)} in the place of {before}")
    return needed_mb


def _made(command: Callable[[], Popen[str]], geodata: Path, year: int) -> None:
    finish(command()).expect(0, f"Edition {year}.1: ", "built, published")
    check_whole(geodata)
    if left_over(geodata):
        raise Violation(f"a run that succeeded left {left_over(geodata)}")


def _full_at_the_switch(geodata: Path, folder: Path, done: FullDisk) -> None:
    """Not one block is left for `current`."""
    leave_free(folder, 0)
    needed_mb = _refused(run(geodata, "edition", "rollback"), published(geodata), geodata, done)
    leave_free(folder, _bytes(needed_mb))
    run(geodata, "edition", "rollback").expect(0)
    done.stopped_after[-1] = "the switch itself"
    check_whole(geodata)


def _check_limits(bed: Bed, steps: Sequence[str], show: Show) -> FullDisk:
    """From a step on no file may grow beyond a few bytes: what a process meets under `ulimit -f`."""
    done = FullDisk("no disk can be mounted here: files that may not grow instead")
    geodata = bed.geodata("limited")
    with serving(geodata) as server, Watch(server, bed.first) as watch:
        for number, step in enumerate(steps):
            year = FIRST_YEAR + 1 + number
            watch.allowed |= {f"{year}.1"}
            command = partial(start_update, geodata, *bed.town.update(year), *PEOPLE)
            before, process = published(geodata), command()
            wait_for_step(process, step)
            with held(process):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (_LARGEST_BYTES, resource.RLIM_INFINITY))
            _refused(finish(process), before, geodata, done)
            _made(command, geodata, year)
            done.stopped_after[-1] = done.stopped_after[-1] or step
            server.wait_for_edition(f"{year}.1")
            show("full disk", (number + 1) / len(steps))
    done.answers = watch.count
    return done
