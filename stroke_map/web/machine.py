"""What a worker notices of the machine it runs on: a clock that was set, and memory that did not suffice."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from stroke_map.clocks import JumpWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

#: For so long `/readyz` and `/metrics` tell of what happened once.
TOLD_FOR_S: Final = 600.0
_MACHINE: Final = "stroke_map.machine"


class Machine:
    """What one worker has noticed; safe to share between threads.

    Parameters
    ----------
    clock, steady
        See `JumpWatch`.
    """

    def __init__(self, clock: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady, self._watch, self._lock = steady, JumpWatch(clock, steady), threading.Lock()
        self._jumped_s, self._jumped_at = 0.0, float("-inf")
        self._short_at = float("-inf")

    def jumped_s(self) -> float:
        """By how many seconds the clock has jumped lately, negative: back; looked at whenever somebody asks. 0.0: it did not."""
        with self._lock:
            now = self._steady()
            if jumped_s := self._watch.look():
                self._jumped_s, self._jumped_at = jumped_s, now
            return self._jumped_s if now - self._jumped_at < TOLD_FOR_S else 0.0

    def note_short(self) -> None:
        """Take note that memory did not suffice for an answer."""
        self._short_at = self._steady()

    @property
    def was_short(self) -> bool:
        """Whether that happened lately."""
        return self._steady() - self._short_at < TOLD_FOR_S


def machine_of(app: Flask) -> Machine:
    """What the worker of `app` has noticed."""
    machine: Machine = app.extensions[_MACHINE]
    return machine


def install(app: Flask) -> None:
    """Let `app` notice."""
    app.extensions[_MACHINE] = Machine()
