"""Questions to one arrival table as the roads are now."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stroke_map.editions.detours import (
    Now,
    begun_ms,
    detour,
    gate_ms,
    least_ms,
    make_scratch,
    partial_ms,
    stored_ms,
    turning_back,
    walk_unchanged,
)
from stroke_map.editions.ranking import NEVER, keep_nearest
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.editions.changes import Changes
    from stroke_map.editions.detours import Scratch
    from stroke_map.editions.ranking import Ranking, Starts

#: Searches are numbered in 32 bits; memory in which half of them are used is not used again.
_MOST_ROUNDS: Final = 2**30


class RoadNow(NamedTuple):
    """A road as things are now.

    Attributes
    ----------
    cost_ms, start, segments, turns, last_share
        As `Ranking.road`; a turn of -1 is turning back at a closure.
    """

    cost_ms: int
    start: int
    segments: np.ndarray
    turns: np.ndarray
    last_share: float


class CurrentRanking:
    """Like `Ranking`, with closures, slow-downs and turns that are not allowed now. Exact; safe to share between threads.

    Parameters
    ----------
    ranking
        The stored arrivals.
    reverse
        (first int64[S + 1], turn int32[T], source int32[T]): the turns into each segment.
    changes
        What is different now.
    """

    def __init__(self, ranking: Ranking, reverse: tuple[np.ndarray, np.ndarray, np.ndarray], changes: Changes) -> None:
        self.changes, self._tables = changes, ranking.tables
        self._idle = ranking.idle
        nothing = np.full(len(changes.back), -1, dtype=np.int32), np.full((1, 1), NEVER, dtype=np.int64)
        self._now = Now(*changes, *reverse, *nothing)
        if len(changes.back_from):
            with self._scratch() as scratch:
                better = turning_back(self._tables, self._now, scratch)
            self._now = Now(*changes, *reverse, *better)

    def bounds_ms(self, starts: Starts) -> np.ndarray:
        """int64[H]: at least so long to each hospital; NEVER where no road leads, whatever is closed."""
        return _bounds(*starts, self._tables, self._now)

    def all_ms(self, starts: Starts) -> np.ndarray:
        """As `Ranking.all_ms`, as things are now."""
        return self.bounds_ms(starts)

    def nearest(
        self, starts: Starts, bounds_ms: np.ndarray, wanted: np.ndarray, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Ranking.nearest`, as things are now."""
        with self._scratch() as scratch:
            return _nearest(*starts, bounds_ms, wanted, most, self._tables, self._now, scratch)

    def road(self, starts: Starts, hospital: int) -> RoadNow:
        """As `Ranking.road`, as things are now."""
        with self._scratch() as scratch:
            return RoadNow(*_road(*starts, hospital, self._tables, self._now, scratch))

    def every(self, starts: Starts, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Ranking.every`, as things are now; a turn back is never counted."""
        bounds_ms = self.all_ms(starts)
        costs, counts = np.full(len(bounds_ms), NEVER), np.zeros(len(bounds_ms), dtype=np.int64)
        for column in np.flatnonzero(bounds_ms < NEVER).tolist():
            road = self.road(starts, column)
            if road.start >= 0:
                costs[column] = road.cost_ms
                counts[column] = np.count_nonzero(counted[road.turns[road.turns >= 0]])
        return costs, counts

    @contextmanager
    def _scratch(self) -> Iterator[Scratch]:
        """Working memory that nobody else uses meanwhile: as many of one edition as ever search at once, not as there are threads."""
        try:
            scratch = self._idle.pop()
        except IndexError:
            scratch = make_scratch(len(self._tables.time_ms))
        yield scratch
        if scratch.round[0] < _MOST_ROUNDS:
            self._idle.append(scratch)


@njit(cache=True, nogil=True)
def _bounds(segment, share, extra_ms, tables, now):  # type: ignore[no-untyped-def]
    hospitals = tables.time.shape[1]
    best = np.full(hospitals, NEVER, dtype=np.int64)
    for k in range(len(segment)):
        s = segment[k]
        begun = begun_ms(segment, share, extra_ms, k, tables, now)
        for h in range(hospitals):
            best[h] = min(best[h], begun + least_ms(tables, now, s, h))
        for g in range(len(tables.gate_segment)):
            if tables.gate_segment[g] == s:
                owner = np.searchsorted(tables.gate_first, g, side="right") - 1
                best[owner] = min(best[owner], np.int64(extra_ms[k]))
    return best


@njit(cache=True, nogil=True)
def _exact(segment, share, extra_ms, h, limit_ms, tables, now, scratch):  # type: ignore[no-untyped-def]
    """(cost or NEVER, start, last segment before the gate's or -1, turn onto the gate's, gate's segment, whether the road is stored)."""
    best, best_start, gate = np.int64(limit_ms), -1, -1
    for k in range(len(segment)):
        s = segment[k]
        part = gate_ms(tables, now, h, s)
        if part >= 0:
            ahead = part - partial_ms(tables.time_ms[s], now.extra_ms[s], share[k])
            if ahead >= 0 and extra_ms[k] + ahead < best:
                best, best_start, gate = extra_ms[k] + ahead, k, s
        begun = begun_ms(segment, share, extra_ms, k, tables, now)
        least = least_ms(tables, now, s, h)
        if begun + least >= best:
            continue
        rest, unchanged = np.int64(0), False
        if least == stored_ms(tables, s, h):
            rest, unchanged = walk_unchanged(tables, now, h, s)
        if not unchanged:
            # The stored road is not open, or turning back somewhere may beat it.
            cost, start, last, turn, gate = detour(segment, share, extra_ms, h, limit_ms, tables, now, scratch)
            return cost, start, last, turn, gate, False
        if begun + rest < best:
            best, best_start, gate = begun + rest, k, -1
    return (best if best_start >= 0 else np.int64(NEVER)), best_start, -1, np.int64(-1), gate, True


@njit(cache=True, nogil=True)
def _nearest(segment, share, extra_ms, bounds_ms, wanted, most, tables, now, scratch):  # type: ignore[no-untyped-def]
    left = np.where(wanted, bounds_ms, NEVER)
    hospitals = np.empty(most, dtype=np.int64)
    costs = np.empty(most, dtype=np.int64)
    count = 0
    while True:
        h = np.argmin(left)
        limit = costs[count - 1] + 1 if count == most else np.int64(NEVER)
        if left[h] >= NEVER or left[h] >= limit:
            return hospitals[:count], costs[:count]
        left[h] = NEVER
        cost, start, _, _, _, _ = _exact(segment, share, extra_ms, h, limit, tables, now, scratch)
        if start < 0:
            continue
        count = keep_nearest(hospitals, costs, count, h, cost)


@njit(cache=True, nogil=True)
def _road(segment, share, extra_ms, h, tables, now, scratch):  # type: ignore[no-untyped-def]
    cost, start, last, turn, gate, stored = _exact(segment, share, extra_ms, h, np.int64(NEVER), tables, now, scratch)
    segments, turns = np.empty(64, dtype=np.int32), np.empty(64, dtype=np.int64)
    if start < 0:
        return cost, start, segments[:0], turns[:0], 0.0
    count = 1
    if gate >= 0 and last < 0:
        segments[0] = gate
    elif stored:
        s = segment[start]
        segments[0] = s
        while gate < 0:
            t = tables.turn_first[s] + tables.next_turn[s, h]
            s = tables.turn_to[t]
            if count == len(segments):
                segments, turns = np.concatenate((segments, segments)), np.concatenate((turns, turns))
            segments[count], turns[count - 1] = s, t
            count += 1
            if gate_ms(tables, now, h, s) >= 0:
                gate = s
    else:
        s = last
        while scratch.came_from[s] >= 0:
            count += 1
            s = scratch.came_from[s]
        count += 1
        segments, turns = np.empty(count, dtype=np.int32), np.empty(count - 1, dtype=np.int64)
        segments[count - 1], turns[count - 2] = gate, turn
        s = last
        for i in range(count - 2, -1, -1):
            segments[i] = s
            if i > 0:
                turns[i - 1] = scratch.came_turn[s]
            s = scratch.came_from[s]
    part = np.int64(0)
    for g in range(tables.gate_first[h], tables.gate_first[h + 1]):
        if tables.gate_segment[g] == tables.base[gate]:
            part = np.int64(tables.gate_part_ms[g])
            break
    last_share = part / tables.time_ms[gate]
    # Gates are stored to the millisecond: on one segment the rounding must not put the gate behind the start.
    return (
        cost,
        start,
        segments[:count],
        turns[: count - 1],
        max(last_share, share[start]) if count == 1 else last_share,
    )
