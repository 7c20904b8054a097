"""`kill -9` at random moments of the update, while the published edition is asked for without a pause.

A chain of kills goes on from the same inputs, as whoever starts the command again does; between any two of its runs another one,
with inputs of its own, is killed. At the end of a chain the next run must succeed, and its edition must be what a run without
interruption makes.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from faults import Violation
from faults.bed import FIRST_YEAR, copy_published
from faults.command import kill, run_here, start_update, update, wait_for_step
from faults.service import Server, Watch, serving
from faults.town import PEOPLE, update_here
from faults.whole import check_same, check_whole, left_over, published

if TYPE_CHECKING:
    import random

    from faults.bed import Bed, Show

#: After so many kills a chain is let finish.
_CHAIN = 20
_OTHER_YEAR = 2100


@dataclass
class Kills:
    """What was done; `after` counts the kills by the step that was done last."""

    resumed: int = 0
    fresh: int = 0
    ended_before: int = 0
    finished_and_compared: int = 0
    answers: int = 0
    slowest_answer_s: float = 0.0
    after: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        """All of them."""
        return self.resumed + self.fresh


def check_kills(bed: Bed, rng: random.Random, *, kills: int, show: Show) -> Kills:
    """Kill so many updates, half of them resumed and half with inputs of their own.

    Raises
    ------
    Violation
        An answer failed, something half-made has a name, a run after a kill did not succeed, or its edition is another.
    """
    geodata = bed.geodata("killed")
    with serving(geodata) as server, Watch(server, bed.first) as watch:
        killing = _Killing(bed, geodata, rng, watch)
        for year in range(FIRST_YEAR + 1, _OTHER_YEAR):
            _chain(killing, year, server, kills, show)
            if killing.done.kills >= kills:
                break
        killing.done.answers, killing.done.slowest_answer_s = watch.count, watch.slowest_s
    return killing.done


class _Killing:
    """Updates of one geodata folder that are killed."""

    def __init__(self, bed: Bed, geodata: Path, rng: random.Random, watch: Watch) -> None:
        self.bed, self.geodata, self.watch, self.done = bed, geodata, watch, Kills()
        self._rng, self._variant = rng, 0
        self.scratch = bed.folder / "scratch"
        self.scratch.mkdir()

    def resumed(self, year: int) -> None:
        """Kill a run that goes on from what was killed before, and would publish."""
        self.done.resumed += self._kill_one(*self.bed.town.update(year), *PEOPLE)

    def fresh(self) -> None:
        """Kill a run with a list of its own, which would not."""
        self._variant += 1
        self.done.fresh += self._kill_one(*self.bed.town.update(_OTHER_YEAR, self._variant))

    def _kill_one(self, *arguments: str) -> bool:
        seconds_after = self.bed.seconds_after
        # Every other time all moments are equally likely, else all steps are: sealing and switching take a moment only.
        weights = list(seconds_after.values()) if self._rng.random() < 0.5 else None
        (step,) = self._rng.choices(list(seconds_after), weights)
        process = start_update(self.geodata, *arguments, env={"TMPDIR": str(self.scratch)})
        if step:
            wait_for_step(process, step)
        time.sleep(self._rng.uniform(0, 1.2 * seconds_after[step]))
        killed = kill(process)
        if not killed and process.returncode != 0:
            raise Violation(f"a run after a killed one ended with exit code {process.returncode}")
        self.done.after[step or "start"] += killed
        self.done.ended_before += not killed
        check_whole(self.geodata)
        if published(self.geodata) not in self.watch.allowed:
            raise Violation(f"{published(self.geodata)} is published")
        self.watch.check()
        return killed


def _chain(killing: _Killing, year: int, server: Server, kills: int, show: Show) -> None:
    geodata, done, edition = killing.geodata, killing.done, f"{year}.1"
    before = published(geodata)
    undisturbed = copy_published(geodata, killing.bed.folder / f"undisturbed-{year}")
    killing.watch.allowed = frozenset({before, edition})
    until = min(kills, done.kills + _CHAIN)
    while done.kills < until and published(geodata) == before:
        killing.resumed(year)
        if done.kills < until:
            killing.fresh()
        show("kills", done.kills / kills)
    arguments = (*killing.bed.town.update(year), *PEOPLE)
    update(geodata, *arguments).expect(0, f"Edition {edition}: ", ", published")
    if left := [*left_over(geodata), *filter(Path.is_file, killing.scratch.rglob("*"))]:
        raise Violation(f"a run that succeeded left what killed ones had left: {left}")
    server.wait_for_edition(edition)
    update_here(undisturbed, killing.bed.town, year)
    check_same(geodata / "editions" / edition, undisturbed / "editions" / edition)
    shutil.rmtree(undisturbed)
    run_here(geodata, "edition", "prune", "--keep", "1", "--yes").expect(0)
    done.finished_and_compared += 1
