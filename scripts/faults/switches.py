"""Rolling back and publishing again while many clients ask without a pause."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from faults.bed import FIRST_YEAR
from faults.command import run, run_here
from faults.service import Watch, serving
from faults.town import APPROVED_BY, update_here
from faults.whole import check_whole

if TYPE_CHECKING:
    from pathlib import Path

    from faults.bed import Bed, Show

_FUNCTION = """
import sys, time
from pathlib import Path
from stroke_map.editions import rollback
begun = time.perf_counter()
rollback(Path(sys.argv[1]))
print(time.perf_counter() - begun)
"""


@dataclass
class Switches:
    """What was done; seconds of the command from its start to its end, and of the function alone."""

    clients: int
    answers: dict[str, int] = field(default_factory=dict)
    slowest_answer_s: float = 0.0
    command_s: list[float] = field(default_factory=list)
    function_s: list[float] = field(default_factory=list)
    followed_s: list[float] = field(default_factory=list)

    @property
    def median_command_s(self) -> float:
        """The middle one of the commands."""
        return median(self.command_s)


def check_switches(bed: Bed, *, clients: int, times: int = 10, show: Show) -> Switches:
    """Roll back so many times while clients ask, half by the command and half by the function, and publish again.

    Raises
    ------
    Violation
        An answer failed or was of two editions, or a switch did not succeed.
    """
    geodata, done = bed.geodata("switched"), Switches(clients)
    newer = f"{FIRST_YEAR + 1}.1"
    update_here(geodata, bed.town, FIRST_YEAR + 1)
    with serving(geodata, workers=2) as server, Watch(server, bed.first, newer, clients=clients) as watch:
        for number in range(times):
            if number % 2:
                done.function_s.append(_by_function(geodata))
            else:
                done.command_s.append(run(geodata, "edition", "rollback").expect(0, bed.first).wall_s)
            done.followed_s.append(server.wait_for_edition(bed.first))
            watch.wait_for_answer(bed.first)
            run_here(geodata, "edition", "publish", newer, "--approved-by", APPROVED_BY).expect(0, newer)
            server.wait_for_edition(newer)
            watch.wait_for_answer(newer)
            watch.check()
            show("rollback", (number + 1) / times)
        done.answers, done.slowest_answer_s = dict(watch.answers), watch.slowest_s
    check_whole(geodata)
    return done


def _by_function(geodata: Path) -> float:
    told = subprocess.run([sys.executable, "-c", _FUNCTION, str(geodata)], check=True, capture_output=True, text=True)
    return float(told.stdout)
