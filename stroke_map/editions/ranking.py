"""Reading an arrival table: how far is each hospital from here, and by which road. A few microseconds in compiled code."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.editions.detours import Scratch
    from stroke_map.editions.near import NearArrivals
    from stroke_map.editions.near_tables import NearTimes, NearTurns
    from stroke_map.roads import RoadNetwork

NEVER = 2**62
_UNREACHABLE = np.uint16(65535)


class Starts(NamedTuple):
    """Where a drive may begin.

    Attributes
    ----------
    segment, share
        int32[k], float64[k]: segment, and the share of it already behind, 0 to 1.
    extra_ms
        int64[k]: what beginning there costs, for example the walk to a farther road.
    """

    segment: np.ndarray
    share: np.ndarray
    extra_ms: np.ndarray


class Tables(NamedTuple):
    """What the kernels read, bundled once per edition: unpacking many attributes costs more than the work itself."""

    time_ms: np.ndarray
    base: np.ndarray
    turn_first: np.ndarray
    turn_to: np.ndarray
    turn_cost_ms: np.ndarray
    time: np.ndarray | NearTimes
    next_turn: np.ndarray | NearTurns
    quantum_ms: int
    gate_first: np.ndarray
    gate_segment: np.ndarray
    gate_part_ms: np.ndarray


class Ranking:
    """Questions to one arrival table.

    Attributes
    ----------
    tables
        What the kernels read.
    idle
        Working memory of searches as the roads are now, which nobody uses at this moment; it goes with the table.
    """

    def __init__(self, network: RoadNetwork, arrivals: Arrivals | NearArrivals) -> None:
        self.tables = Tables(
            network.segment_time_ms, network.segment_base, network.turn_first, network.turn_to, network.turn_cost_ms,
            arrivals.time, arrivals.next_turn, arrivals.quantum_ms,
            arrivals.gate_first, arrivals.gate_segment, arrivals.gate_part_ms,
        )  # fmt: skip
        self.idle: deque[Scratch] = deque()

    def bounds_ms(self, starts: Starts) -> np.ndarray:
        """int64[H]: each hospital costs at least so much, and less than a quantum more; NEVER where no road leads.

        Drives longer than the table holds (9.1 hours) may cost more than that. By the clock any may be shorter: a deterrent is no time.
        """
        return _bounds(*starts, self.tables)

    def all_ms(self, starts: Starts) -> np.ndarray:
        """As `bounds_ms`: all hospitals are stored everywhere."""
        return self.bounds_ms(starts)

    def nearest(
        self, starts: Starts, bounds_ms: np.ndarray, wanted: np.ndarray, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The `most` nearest of the hospitals `wanted` (bool[H]), exactly.

        Returns
        -------
        (int64[k] hospitals, the nearest first and in the order of columns where equal; int64[k] costs in milliseconds)
        """
        return _nearest(*starts, bounds_ms, wanted, most, self.tables)

    def road(self, starts: Starts, hospital: int) -> tuple[int, int, np.ndarray, np.ndarray, float]:
        """The road to a hospital.

        Returns
        -------
        (cost in milliseconds, index of the start, int32[n] segments, int64[n - 1] turns, share of the last segment
        at which the gate lies)
        """
        return _road(*starts, hospital, self.tables)

    def every(self, starts: Starts, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The cost of the road to every hospital, as `road` tells it, at a fraction of its price.

        Parameters
        ----------
        counted
            bool[T]: turns to count on the way.

        Returns
        -------
        (int64[H] milliseconds, NEVER where no road leads; int64[H] how many of the turns are `counted`)
        """
        return _every(*starts, counted, self.tables)


@njit(cache=True, nogil=True)
def _bounds(segment, share, extra_ms, tables):  # type: ignore[no-untyped-def]
    hospitals = tables.time.shape[1]
    best = np.full(hospitals, NEVER, dtype=np.int64)
    for k in range(len(segment)):
        s = segment[k]
        begun = np.int64(extra_ms[k]) + np.int64(np.rint((1.0 - share[k]) * tables.time_ms[s]))
        for h in range(hospitals):
            steps = tables.time[s, h]
            if steps != _UNREACHABLE:
                best[h] = min(best[h], begun + np.int64(steps) * tables.quantum_ms)
        for g in range(len(tables.gate_segment)):
            if tables.gate_segment[g] == s:
                # The gate lies ahead on this very segment.
                ahead = tables.gate_part_ms[g] - np.int64(np.rint(share[k] * tables.time_ms[s]))
                if ahead >= 0:
                    owner = np.searchsorted(tables.gate_first, g, side="right") - 1
                    best[owner] = min(best[owner], extra_ms[k] + ahead)
    return best


@njit(cache=True, nogil=True)
def _part_ms(tables, h, s):  # type: ignore[no-untyped-def]
    """Time from the beginning of segment s to the gate of hospital h; -1 where the gate is not on it."""
    base = tables.base[s]
    for g in range(tables.gate_first[h], tables.gate_first[h + 1]):
        if tables.gate_segment[g] == base:
            return np.int64(tables.gate_part_ms[g])
    return np.int64(-1)


@njit(cache=True, nogil=True)
def _walk(tables, h, s):  # type: ignore[no-untyped-def]
    """(exact milliseconds from the end of segment s to the gate of h, number of segments on the way)."""
    cost, count = np.int64(0), 0
    while count < len(tables.time_ms):
        t = tables.turn_first[s] + tables.next_turn[s, h]
        if t >= tables.turn_first[s + 1]:
            break
        s = tables.turn_to[t]
        cost += tables.turn_cost_ms[t]
        count += 1
        part = _part_ms(tables, h, s)
        if part >= 0:
            return cost + part, count
        cost += tables.time_ms[s]
    # A sound table never leads in a circle or to a turn that is not there. Should a damaged one, before the checksums are
    # all verified, then this hospital is as good as unreachable, and nothing is read beyond an array.
    return np.int64(NEVER), 0


@njit(cache=True, nogil=True)
def _exact(segment, share, extra_ms, h, known, tables):  # type: ignore[no-untyped-def]
    """(cost, start, segments on the way or 0 where the gate is ahead on the first), no dearer than `known` or NEVER."""
    best, best_start, best_count = np.int64(known), -1, 0
    for k in range(len(segment)):
        s = segment[k]
        part = _part_ms(tables, h, s)
        if part >= 0:
            ahead = part - np.int64(np.rint(share[k] * tables.time_ms[s]))
            if ahead >= 0 and extra_ms[k] + ahead < best:
                best, best_start, best_count = extra_ms[k] + ahead, k, 0
        steps = tables.time[s, h]
        if steps == _UNREACHABLE:
            continue
        begun = np.int64(extra_ms[k]) + np.int64(np.rint((1.0 - share[k]) * tables.time_ms[s]))
        if begun + np.int64(steps) * tables.quantum_ms < best:
            rest, count = _walk(tables, h, s)
            if begun + rest < best:
                best, best_start, best_count = begun + rest, k, count
    return best, best_start, best_count


@njit(cache=True, nogil=True)
def _every(segment, share, extra_ms, counted, tables):  # type: ignore[no-untyped-def]
    hospitals = tables.time.shape[1]
    costs, counts = np.empty(hospitals, dtype=np.int64), np.zeros(hospitals, dtype=np.int64)
    for h in range(hospitals):
        cost, start, count = _exact(segment, share, extra_ms, h, NEVER, tables)
        costs[h] = cost if start >= 0 else NEVER
        if start < 0:
            continue
        s = segment[start]
        for _ in range(count):
            t = tables.turn_first[s] + tables.next_turn[s, h]
            counts[h] += counted[t]
            s = tables.turn_to[t]
    return costs, counts


@njit(cache=True, nogil=True)
def keep_nearest(hospitals, costs, count, h, cost):  # type: ignore[no-untyped-def]
    """Put a hospital among the nearest so far, which are in order, equal ones by column; returns how many there are now."""
    at = count
    while at > 0 and (costs[at - 1] > cost or (costs[at - 1] == cost and hospitals[at - 1] > h)):
        at -= 1
    if at == len(costs):
        return count
    count = min(count + 1, len(costs))
    for k in range(count - 1, at, -1):
        costs[k], hospitals[k] = costs[k - 1], hospitals[k - 1]
    costs[at], hospitals[at] = cost, h
    return count


@njit(cache=True, nogil=True)
def _nearest(segment, share, extra_ms, bounds_ms, wanted, most, tables):  # type: ignore[no-untyped-def]
    left = np.where(wanted, bounds_ms, NEVER)
    hospitals = np.empty(most, dtype=np.int64)
    costs = np.empty(most, dtype=np.int64)
    count = 0
    while True:
        # Few are ever looked at, so that picking the least each time beats sorting them all.
        h = np.argmin(left)
        if left[h] >= NEVER or (count == most and left[h] > costs[count - 1]):
            return hospitals[:count], costs[:count]
        left[h] = NEVER
        cost, start, _ = _exact(segment, share, extra_ms, h, NEVER, tables)
        if start < 0:
            continue
        count = keep_nearest(hospitals, costs, count, h, cost)


@njit(cache=True, nogil=True)
def _road(segment, share, extra_ms, h, tables):  # type: ignore[no-untyped-def]
    cost, start, count = _exact(segment, share, extra_ms, h, NEVER, tables)
    segments = np.empty(count + 1, dtype=np.int32)
    turns = np.empty(count, dtype=np.int64)
    if start < 0:
        return cost, start, segments[:0], turns, 0.0
    s = segment[start]
    segments[0] = s
    for i in range(count):
        t = tables.turn_first[s] + tables.next_turn[s, h]
        s = tables.turn_to[t]
        turns[i], segments[i + 1] = t, s
    last_share = _part_ms(tables, h, s) / tables.time_ms[s]
    # Gates are stored to the millisecond: on one segment the rounding must not put the gate behind the start.
    return cost, start, segments, turns, max(last_share, share[start]) if count == 0 else last_share
