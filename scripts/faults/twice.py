"""Two updates at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults import Violation
from faults.bed import FIRST_YEAR
from faults.command import finish, held, run, start_update, update, wait_for_step
from faults.full_disk import REFUSED
from faults.service import Watch, serving
from faults.town import PEOPLE
from faults.whole import check_whole, left_over

if TYPE_CHECKING:
    from faults.bed import Bed, Show

_BUSY = ("another edition is being built at this moment", "Wait until it has ended")


@dataclass
class Twice:
    """What was done."""

    refused: int = 0
    slowest_refusal_s: float = 0.0
    answers: int = 0


def check_twice(bed: Bed, *, show: Show) -> Twice:
    """Begin a second update, of the same inputs and of others, and an amendment, while the first is at work.

    Raises
    ------
    Violation
        The second did anything but say that another one works, or the first did not end well.
    """
    geodata, year, done = bed.geodata("twice"), FIRST_YEAR + 1, Twice()
    amendment = ("edition", "amend", "--set", "h00.phone=023-20019999", "--reason", "a new number")
    with serving(geodata) as server, Watch(server, bed.first, f"{year}.1") as watch:
        first = start_update(geodata, *bed.town.update(year), *PEOPLE)
        wait_for_step(first, "check")
        # It holds the lock now, and must not end before the others have come.
        with held(first):
            for variant in (0, 1):
                ended = update(geodata, *bed.town.update(year, variant), *PEOPLE).expect(REFUSED, *_BUSY)
                done.slowest_refusal_s = max(done.slowest_refusal_s, ended.wall_s)
                done.refused += 1
            run(geodata, *amendment).expect(REFUSED, *_BUSY)
            done.refused += 1
            show("twice", 0.5)
        finish(first).expect(0, f"Edition {year}.1: built, published")
        server.wait_for_edition(f"{year}.1")
        done.answers = watch.count
    if check_whole(geodata) != {bed.first, f"{year}.1"} or left_over(geodata):
        raise Violation(
            f"{sorted(path.name for path in (geodata / 'editions').iterdir())} are there after two updates at once"
        )
    show("twice", 1.0)
    return done
