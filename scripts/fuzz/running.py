"""One reader and many cases: each must be read or refused, and soon."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzz import Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

#: Of processor time: a machine that is busy with other work makes no reader slow.
LONGEST_S: Final = 1.0
_SHOWN_CHARACTERS: Final = 4000


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes
    ----------
    cases
        What it is given.
    read
        Reads one case; raises what a case can show to be wrong.
    refusals
        How it says no. Anything else that it raises is a fault.
    share
        How many of the cases it gets, compared with the others: cheap readers more.
    """

    name: str
    cases: SearchStrategy[Any]
    read: Callable[[Any], object]
    refusals: tuple[type[Exception], ...] = ()
    share: float = 1.0


@dataclass
class Done:
    """What came of one reader."""

    cases: int = 0
    refused: int = 0
    slowest_s: float = 0.0


def fuzz(
    target: Target, *, cases: int, first: int, show: Callable[[float], None], longest_s: float = LONGEST_S
) -> Done:
    """Give a reader so many cases.

    Parameters
    ----------
    first
        The seed: the same one gives the same cases.
    show
        Told the share that is done.

    Raises
    ------
    Violation
        It failed at a case, which is made as small as may be, or took over `longest_s` of the processor for one.
    """
    done, slowest = Done(), [""]

    @seed(first)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(case=target.cases)
    def give(case: Any) -> None:
        refused, took_s = _read(target, case)
        if not done.cases or took_s > longest_s:
            # Kernels are compiled at the first, and are there now; and a machine stands still now and then: what is slow is slow again.
            refused, took_s = _read(target, case)
        done.cases += 1
        done.refused += refused
        if took_s > done.slowest_s:
            done.slowest_s, slowest[0] = took_s, _shown(case)
        show(min(done.cases / cases, 1.0))

    try:
        give()
    except Exception as error:
        # Hypothesis wrote the smallest case that fails to the error's notes.
        notes = "\n".join(getattr(error, "__notes__", ()))
        raise Violation(f"{target.name}, seed {first}: {type(error).__name__}: {error}\n{_cut(notes)}") from error
    if done.slowest_s > longest_s:
        raise Violation(f"{target.name}, seed {first}: {done.slowest_s:.1f} s of the processor for {slowest[0]}")
    return done


def _read(target: Target, case: Any) -> tuple[bool, float]:
    """Whether a case was refused, and how much of the processor that took."""
    begun = time.process_time()
    try:
        target.read(case)
    except target.refusals:
        return True, time.process_time() - begun
    return False, time.process_time() - begun


def _shown(case: Any) -> str:
    return _cut(repr(case))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ... ({len(text):,} characters)"
