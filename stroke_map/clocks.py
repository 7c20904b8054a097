"""Clocks that are set while the service runs: how far one has jumped, told by another one that never does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a time service corrects by less than this, and leap seconds, hurt nobody.
LEAST_JUMP_S: Final = 2.0
#: Between two looks at clocks a thread may have to wait for a processor: then nothing can be said.
_QUICK_S: Final = 0.5


class JumpWatch:
    """How far a clock has jumped since it was looked at last.

    Jumps alone: what a time service corrects little by little, both clocks follow (clock_gettime(2), CLOCK_MONOTONIC). A machine that
    was asleep has jumped forwards, too. Not to be shared between threads.

    Parameters
    ----------
    clock, steady
        Seconds, of the clock that may jump and of one that never does.
    """

    def __init__(self, clock: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._steady = clock, steady
        self._apart_s = clock() - steady()

    def look(self) -> float:
        """Seconds, negative where it went back; 0.0 where it did not jump by `LEAST_JUMP_S`, or nobody can say just now."""
        before_s = self._steady()
        apart_s = self._clock() - before_s
        jumped_s = apart_s - self._apart_s
        if abs(jumped_s) < LEAST_JUMP_S or self._steady() - before_s > _QUICK_S:
            return 0.0
        self._apart_s = apart_s
        return jumped_s
