"""Questions to arrivals of the nearest hospitals alone: as exact as to the full table, now or under closures.

Of hospitals with a label the stored road is walked; to one without, `detours` searches with what the labels say at least. Where all
hospitals are asked for, one search from where the drive begins finds every one of them.
"""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stroke_map.editions.changes import CLOSED_MS
from stroke_map.editions.current import CurrentRanking, RoadNow
from stroke_map.editions.detours import begun_ms, gate_ms, partial_ms
from stroke_map.editions.near_tables import least_steps
from stroke_map.editions.ranking import NEVER
from stroke_map.roads.heap import pop, push
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.editions.changes import Changes
    from stroke_map.editions.ranking import Ranking, Starts


_UNREACHABLE = np.uint16(65535)


class Flood(NamedTuple):
    """The quickest roads from some starts to everywhere.

    Attributes
    ----------
    cost_ms, start, last, turn, gate
        int64[H] (NEVER: no road leads there), int32[H], int32[H], int64[H], int32[H]: of every hospital, as `detours.detour` tells of one.
    came_from, came_turn
        int32[S] each: the way to every segment; -1 - k: it begins at start k.
    """

    cost_ms: np.ndarray
    start: np.ndarray
    last: np.ndarray
    turn: np.ndarray
    gate: np.ndarray
    came_from: np.ndarray
    came_turn: np.ndarray


#: (ranking, starts, flood) of the last search of each thread. One for all rankings: of a country's roads one takes hundreds of megabytes.
_LAST = threading.local()


@contextmanager
def flood_let_go() -> Iterator[None]:
    """Keep nothing of what was searched within: threads live on, and nobody asks again from the same starts."""
    try:
        yield
    finally:
        _LAST.found = None


class NearRanking(CurrentRanking):
    """Like `CurrentRanking`, whose parameters it takes; `ranking` is one of `NearArrivals`."""

    def __init__(self, ranking: Ranking, reverse: tuple[np.ndarray, np.ndarray, np.ndarray], changes: Changes) -> None:
        super().__init__(ranking, reverse, changes)
        # Few hospitals differ in all their groups, and what the labels say hangs on these alone.
        times: Any = ranking.tables.time
        self._kinds, self._kind = np.unique(times.groups, return_inverse=True)

    def bounds_ms(self, starts: Starts) -> np.ndarray:
        """int64[H]: at least so long to each hospital; NEVER where no road leads, whatever is closed. Far from it where none is stored."""
        return np.minimum(*self._bounds(starts))

    def stored_ms(self, starts: Starts) -> tuple[np.ndarray, np.ndarray]:
        """(int64[H], int64[H]): `bounds_ms` of the hospitals that are stored here, and of all others; NEVER each where it is the other."""
        stored, others = self._bounds(starts)
        is_stored = stored <= others
        return np.where(is_stored, stored, NEVER), np.where(is_stored, NEVER, others)

    def all_ms(self, starts: Starts) -> np.ndarray:
        """int64[H]: exactly how long to each hospital as things are now, NEVER where no road leads: a search over all roads.

        Until this thread asks again or lets go (`flood_let_go`), `nearest` and `road` from the same `starts` take what it found.
        """
        flood = self._flood_from(starts)
        if flood is None:
            _LAST.found = None  # before the next is made: two at a time are one too many
            flood = Flood(*_flood(*starts, self._tables, self._now))
            # Weak, so that an edition that is let go is gone at once.
            _LAST.found = weakref.ref(self), starts, flood
        return flood.cost_ms

    def nearest(
        self, starts: Starts, bounds_ms: np.ndarray, wanted: np.ndarray, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `CurrentRanking.nearest`."""
        flood = self._flood_from(starts)
        if flood is None:
            return super().nearest(starts, bounds_ms, wanted, most)
        cost_ms = np.where(wanted & (bounds_ms < NEVER), flood.cost_ms, NEVER)
        order = np.argsort(cost_ms, kind="stable")[:most]
        order = order[cost_ms[order] < NEVER]
        return order, cost_ms[order]

    def road(self, starts: Starts, hospital: int) -> RoadNow:
        """As `CurrentRanking.road`."""
        flood = self._flood_from(starts)
        if flood is None or flood.cost_ms[hospital] >= NEVER:
            return super().road(starts, hospital)
        return RoadNow(*_flooded_road(starts.share, hospital, flood, self._tables))

    def _bounds(self, starts: Starts) -> tuple[np.ndarray, np.ndarray]:
        return _bounds(*starts, self._kinds, self._kind, self._tables, self._now)

    def _flood_from(self, starts: Starts) -> Flood | None:
        found: tuple[weakref.ref[NearRanking], Starts, Flood] | None = getattr(_LAST, "found", None)
        if found is None or found[0]() is not self or found[1] is not starts:
            return None
        return found[2]


@njit(cache=True, nogil=True)
def _bounds(segment, share, extra_ms, kinds, kind, tables, now):  # type: ignore[no-untyped-def]
    """(int64[H], int64[H]): by labels and gates ahead, and by what the labels say of those that have none."""
    times, hospitals = tables.time, len(kind)
    stored, others = np.full(hospitals, NEVER, dtype=np.int64), np.full(hospitals, NEVER, dtype=np.int64)
    has_label, least_of = np.full(hospitals, -1, dtype=np.int32), np.empty(len(kinds), dtype=np.int64)
    for k in range(len(segment)):
        s = segment[k]
        begun = begun_ms(segment, share, extra_ms, k, tables, now)
        for i in range(times.first[s], times.first[s + 1]):
            h = times.column[i]
            has_label[h] = k
            stored[h] = min(stored[h], begun + np.int64(times.steps[i]) * tables.quantum_ms)
        for each in range(len(kinds)):
            steps = least_steps(times, s, kinds[each])
            least_of[each] = NEVER if steps == _UNREACHABLE else begun + np.int64(steps) * tables.quantum_ms
        row = now.better_row[s]
        for h in range(hospitals):
            better = begun + now.better_ms[row, h] if row >= 0 else np.int64(NEVER)
            if has_label[h] == k:
                stored[h] = min(stored[h], better)
            else:
                others[h] = min(others[h], least_of[kind[h]], better)
        for g in range(len(tables.gate_segment)):
            if tables.gate_segment[g] == s:
                h = np.searchsorted(tables.gate_first, g, side="right") - 1
                ahead = gate_ms(tables, now, h, s) - partial_ms(tables.time_ms[s], now.extra_ms[s], share[k])
                if ahead >= 0:
                    stored[h] = min(stored[h], extra_ms[k] + ahead)
    return stored, others


@njit(cache=True, nogil=True)
def _flood(segment, share, extra_ms, tables, now):  # type: ignore[no-untyped-def]
    """See `Flood`."""
    size, hospitals = tables.time.shape
    reach = np.full(size, NEVER, dtype=np.int64)
    came_from, came_turn = np.empty(size, np.int32), np.empty(size, np.int32)
    cost_ms, start, last = (
        np.full(hospitals, NEVER, np.int64),
        np.full(hospitals, -1, np.int32),
        np.empty(hospitals, np.int32),
    )
    onto, gate = np.empty(hospitals, np.int64), np.empty(hospitals, np.int32)
    # The gates on each segment, as lists; a copy of a segment has those of the one it stands for.
    gate_at, next_gate = np.full(size, -1, dtype=np.int32), np.empty(len(tables.gate_segment), dtype=np.int32)
    owner = np.empty(len(next_gate), dtype=np.int32)
    for h in range(hospitals):
        for g in range(tables.gate_first[h], tables.gate_first[h + 1]):
            s = tables.gate_segment[g]
            next_gate[g], gate_at[s], owner[g] = gate_at[s], g, h
    costs, items, count = np.empty(4096, np.int64), np.empty(4096, np.int32), 0
    for k in range(len(segment)):
        s = segment[k]
        g = gate_at[tables.base[s]]
        while g >= 0:
            h = owner[g]
            ahead = gate_ms(tables, now, h, s) - partial_ms(tables.time_ms[s], now.extra_ms[s], share[k])
            if ahead >= 0 and extra_ms[k] + ahead < cost_ms[h]:
                cost_ms[h], start[h], last[h], onto[h], gate[h] = extra_ms[k] + ahead, k, -1, -1, s
            g = next_gate[g]
        cost = begun_ms(segment, share, extra_ms, k, tables, now)
        if cost < reach[s]:
            reach[s], came_from[s], came_turn[s] = cost, -1 - k, -1
            costs, items, count = push(costs, items, count, cost, s)
    while count > 0:
        cost, s = costs[0], items[0]
        count = pop(costs, items, count)
        if cost > reach[s]:
            continue
        end = tables.turn_first[s + 1]
        for t in range(tables.turn_first[s], end + 1):
            following = tables.turn_to[t] if t < end else now.back[s]
            if following < 0 or now.extra_ms[following] == CLOSED_MS or (t < end and now.turn_closed[t]):
                continue
            entered, turn = cost + (tables.turn_cost_ms[t] if t < end else now.back_ms), t if t < end else -1
            g = gate_at[tables.base[following]]
            while g >= 0:
                h = owner[g]
                arrived = entered + gate_ms(tables, now, h, following)
                if arrived < cost_ms[h]:
                    cost_ms[h], start[h], last[h], onto[h], gate[h] = arrived, 0, s, turn, following
                g = next_gate[g]
            arrived = entered + tables.time_ms[following] + now.extra_ms[following]
            if arrived < reach[following]:
                reach[following], came_from[following], came_turn[following] = arrived, s, turn
                costs, items, count = push(costs, items, count, arrived, following)
    return cost_ms, start, last, onto, gate, came_from, came_turn


@njit(cache=True, nogil=True)
def _flooded_road(share, h, flood, tables):  # type: ignore[no-untyped-def]
    """As `current` tells of a road."""
    count, s, k = 1, flood.last[h], flood.start[h]
    while s >= 0:
        count += 1
        if flood.came_from[s] < 0:
            k = -1 - flood.came_from[s]
        s = flood.came_from[s]
    segments, turns = np.empty(count, dtype=np.int32), np.empty(count - 1, dtype=np.int64)
    s, turn = flood.gate[h], flood.turn[h]
    before = flood.last[h]
    for i in range(count - 1, 0, -1):
        segments[i], turns[i - 1] = s, turn
        s, turn, before = before, flood.came_turn[before], flood.came_from[before]
    segments[0] = s
    part = np.int64(0)
    for g in range(tables.gate_first[h], tables.gate_first[h + 1]):
        if tables.gate_segment[g] == tables.base[flood.gate[h]]:
            part = np.int64(tables.gate_part_ms[g])
            break
    last_share = part / tables.time_ms[flood.gate[h]]
    # Gates are stored to the millisecond: on one segment the rounding must not put the gate behind the start.
    return flood.cost_ms[h], k, segments, turns, max(last_share, share[k]) if count == 1 else last_share
