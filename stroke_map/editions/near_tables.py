"""The labels of `near` as compiled code reads a table: `time[s, h]` and `next_turn[s, h]`.

Of a hospital without a label the time is that of the k-th of its groups, the largest of them. That is a lower bound, and it differs
between two segments by no more than the drive between them takes: all that the searches of `detours` ask of a table.
"""

from __future__ import annotations

import operator
from typing import NamedTuple

import numpy as np

from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit, types  # noqa: E402  (the cache folder must be set first)
from numba.extending import overload  # noqa: E402

_UNREACHABLE = np.uint16(65535)
_NO_TURN = np.uint8(255)


class NearTimes(NamedTuple):
    """As in `NearArrivals`; `shape` is that of the full table."""

    first: np.ndarray
    column: np.ndarray
    steps: np.ndarray
    groups: np.ndarray
    nearest: int
    shape: tuple[int, int]


class NearTurns(NamedTuple):
    """As in `NearArrivals`."""

    first: np.ndarray
    column: np.ndarray
    turn: np.ndarray


@njit(cache=True, nogil=True)
def label_of(table, s, h):  # type: ignore[no-untyped-def]
    """The label of hospital h at segment s; -1 where it has none."""
    for i in range(table.first[s], table.first[s + 1]):
        if table.column[i] == h:
            return i
    return np.int64(-1)


@njit(cache=True, nogil=True)
def kth_steps(times, s, group):  # type: ignore[no-untyped-def]
    """The time from segment s to the last of a group (one bit) that has a label; UNREACHABLE where all that are reached have one."""
    count = 0
    for i in range(times.first[s], times.first[s + 1]):
        if times.groups[times.column[i]] & group:
            count += 1
            if count == times.nearest:
                return times.steps[i]
    return _UNREACHABLE


@njit(cache=True, nogil=True)
def least_steps(times, s, groups):  # type: ignore[no-untyped-def]
    """At least so long from segment s to a hospital of these groups that has no label there."""
    least = np.uint16(0)
    while groups and least < _UNREACHABLE:
        group = groups & (~groups + np.uint64(1))  # the lowest bit
        least = max(least, kth_steps(times, s, group))
        groups ^= group
    return least


@njit(cache=True, nogil=True)
def steps_at(times, s, h):  # type: ignore[no-untyped-def]
    """The time by the label, or else at least so long."""
    i = label_of(times, s, h)
    return times.steps[i] if i >= 0 else least_steps(times, s, times.groups[h])


@njit(cache=True, nogil=True)
def turn_at(turns, s, h):  # type: ignore[no-untyped-def]
    """Which turn to take; 255 where no label says which."""
    i = label_of(turns, s, h)
    return turns.turn[i] if i >= 0 else _NO_TURN


@overload(operator.getitem)
def _read(table, at):  # type: ignore[no-untyped-def]
    """`table[s, h]` in compiled code."""
    if isinstance(table, types.NamedTuple) and isinstance(at, types.BaseTuple):
        if table.instance_class is NearTimes:
            return lambda table, at: steps_at(table, at[0], at[1])
        if table.instance_class is NearTurns:
            return lambda table, at: turn_at(table, at[0], at[1])
    return None
