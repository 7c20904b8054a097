"""The quickest road while something is closed or slow, exactly, without computing the table again.

Live changes only ever add time, so stored arrivals stay lower bounds. The stored road is walked; if it meets nothing changed it is
exact. Otherwise A* runs with the stored arrivals as potential and explores little more than the detour.

One thing a closure adds that the stored times do not know: where it leaves a driver no other way, he may turn back, and going
back may be quicker than any stored road from there. So, once for a set of changes, a search backwards from each such place finds
the few segments from which turning back beats the stored time, and lowers the bound there (`turning_back`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.editions.changes import CLOSED_MS
from stroke_map.editions.ranking import NEVER
from stroke_map.roads.heap import pop, push
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.roads import RoadNetwork

_UNREACHABLE = np.uint16(65535)
#: So many segments are explored before it is asked whether there is a way at all: about 5 ms.
_BEFORE_ASKING = 20_000


class Now(NamedTuple):
    """Everything a search reads about the present.

    Attributes
    ----------
    extra_ms, turn_closed, back, back_from, back_ms
        As `Changes`.
    reverse_first, reverse_turn, turn_source
        int64[S + 1], int32[T], int32[T]: the turns into each segment, and where each turn comes from.
    better_row, better_ms
        int32[S] (-1: none) and int64[R, H]: lower bounds where turning back may beat the stored times; NEVER elsewhere.
    """

    extra_ms: np.ndarray
    turn_closed: np.ndarray
    back: np.ndarray
    back_from: np.ndarray
    back_ms: int
    reverse_first: np.ndarray
    reverse_turn: np.ndarray
    turn_source: np.ndarray
    better_row: np.ndarray
    better_ms: np.ndarray


def turns_into(network: RoadNetwork) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(first int64[S + 1], turn int32[T], source int32[T]): the turns into each segment, and where every turn comes from."""
    turn = np.argsort(network.turn_to, kind="stable").astype(np.int32)
    first = np.zeros(network.segment_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(network.turn_to, minlength=network.segment_count), out=first[1:])
    source = np.repeat(np.arange(network.segment_count, dtype=np.int32), np.diff(network.turn_first))
    for array in (first, turn, source):
        array.flags.writeable = False
    return first, turn, source


class Scratch(NamedTuple):
    """Working memory of one search at a time; never cleared: `stamp` tells what is of this search."""

    stamp: np.ndarray
    reach: np.ndarray
    came_from: np.ndarray
    came_turn: np.ndarray
    round: np.ndarray


def make_scratch(segment_count: int) -> Scratch:
    """Working memory for a network of that many segments."""
    return Scratch(
        stamp=np.zeros(segment_count, dtype=np.int32),
        reach=np.empty(segment_count, dtype=np.int64),
        came_from=np.empty(segment_count, dtype=np.int32),
        came_turn=np.empty(segment_count, dtype=np.int32),
        round=np.zeros(1, dtype=np.int32),
    )


@njit(cache=True, nogil=True)
def partial_ms(time_ms, extra_ms, share):  # type: ignore[no-untyped-def]
    """Milliseconds for a share of a segment that may be slowed."""
    return np.int64(np.rint(share * time_ms)) + np.int64(np.rint(share * extra_ms))


@njit(cache=True, nogil=True)
def begun_ms(segment, share, extra_ms, k, tables, now):  # type: ignore[no-untyped-def]
    """What it costs to come from start k to the end of its segment."""
    s = segment[k]
    return extra_ms[k] + partial_ms(tables.time_ms[s], now.extra_ms[s], 1.0 - share[k])


@njit(cache=True, nogil=True)
def gate_ms(tables, now, h, s):  # type: ignore[no-untyped-def]
    """From the beginning of segment s to the gate of hospital h, as things are now; -1 where the gate is not on it."""
    base = tables.base[s]
    for g in range(tables.gate_first[h], tables.gate_first[h + 1]):
        if tables.gate_segment[g] == base:
            part = np.int64(tables.gate_part_ms[g])
            return part + np.int64(np.rint(part / tables.time_ms[s] * now.extra_ms[s]))
    return np.int64(-1)


@njit(cache=True, nogil=True)
def stored_ms(tables, s, h):  # type: ignore[no-untyped-def]
    """The stored time, a lower bound on ordinary roads; NEVER where none leads there."""
    steps = tables.time[s, h]
    return np.int64(NEVER) if steps == _UNREACHABLE else np.int64(steps) * tables.quantum_ms


@njit(cache=True, nogil=True)
def least_ms(tables, now, s, h):  # type: ignore[no-untyped-def]
    """At least so long from the end of segment s to the gate of hospital h, turning back at closures included."""
    least = stored_ms(tables, s, h)
    row = now.better_row[s]
    return least if row < 0 else min(least, now.better_ms[row, h])


@njit(cache=True, nogil=True)
def walk_unchanged(tables, now, h, s):  # type: ignore[no-untyped-def]
    """(milliseconds from the end of segment s by the stored road, whether that road meets nothing changed)."""
    cost, count = np.int64(0), 0
    while count < len(tables.time_ms):
        t = tables.turn_first[s] + tables.next_turn[s, h]
        if t >= tables.turn_first[s + 1]:
            break
        s = tables.turn_to[t]
        if now.turn_closed[t] or now.extra_ms[s] != 0:
            return cost, False
        cost += tables.turn_cost_ms[t]
        count += 1
        part = gate_ms(tables, now, h, s)
        if part >= 0:
            return cost + part, True
        cost += tables.time_ms[s]
    return cost, False


@njit(cache=True, nogil=True)
def turning_back(tables, now, scratch):  # type: ignore[no-untyped-def]
    """Where turning back at a closure may beat the stored times.

    For each hospital a search runs backwards from the places where one may turn back, as far as that still beats the stored time:
    beyond, ordinary roads are as good, and so they are from everywhere that leads there.

    Returns
    -------
    (better_row, better_ms) as in `Now`
    """
    size, hospitals = tables.time.shape
    better_row = np.full(size, -1, dtype=np.int32)
    better_ms = np.full((max(len(now.back_from), 1), hospitals), NEVER, dtype=np.int64)
    rows = 0
    # Ways back into each segment, as lists: several copies of a segment may turn back into the same one.
    first_back, next_back = _backs_into(now, size)
    for h in range(hospitals):
        scratch.round[0] += 1
        this = scratch.round[0]
        costs, items, count = np.empty(64, np.int64), np.empty(64, np.int32), 0
        for s in now.back_from:
            r = now.back[s]
            after = now.back_ms + tables.time_ms[r] + now.extra_ms[r] + stored_ms(tables, r, h)
            part = gate_ms(tables, now, h, r)
            if part >= 0:
                after = min(after, now.back_ms + part)
            if after < NEVER and after < stored_ms(tables, s, h) + tables.quantum_ms:
                scratch.stamp[s], scratch.reach[s] = this, after
                costs, items, count = push(costs, items, count, after, s)
        while count > 0:
            cost, s = costs[0], items[0]
            count = pop(costs, items, count)
            if cost > scratch.reach[s]:
                continue
            if cost < stored_ms(tables, s, h):
                if better_row[s] < 0:
                    if rows == len(better_ms):
                        better_ms = np.concatenate((better_ms, np.full_like(better_ms, NEVER)))
                    better_row[s] = rows
                    rows += 1
                better_ms[better_row[s], h] = min(better_ms[better_row[s], h], cost)
            entering = cost + tables.time_ms[s] + now.extra_ms[s]
            i, k = now.reverse_first[s], first_back[s]
            while i < now.reverse_first[s + 1] or k >= 0:
                if i < now.reverse_first[s + 1]:
                    t = now.reverse_turn[i]
                    i += 1
                    if now.turn_closed[t]:
                        continue
                    before, longer = now.turn_source[t], entering + tables.turn_cost_ms[t]
                else:
                    before, longer = now.back_from[k], entering + now.back_ms
                    k = next_back[k]
                if now.extra_ms[before] == CLOSED_MS or longer >= stored_ms(tables, before, h) + tables.quantum_ms:
                    continue
                if scratch.stamp[before] != this or longer < scratch.reach[before]:
                    scratch.stamp[before], scratch.reach[before] = this, longer
                    costs, items, count = push(costs, items, count, longer, before)
    return better_row, better_ms[: max(rows, 1)].copy()


@njit(cache=True, nogil=True)
def _backs_into(now, size):  # type: ignore[no-untyped-def]
    """(first int32[S], next int32[K]): lists of indices into `back_from`, by the segment one turns back into; -1 ends."""
    first = np.full(size, -1, dtype=np.int32)
    following = np.empty(len(now.back_from), dtype=np.int32)
    for k in range(len(now.back_from)):
        back = now.back[now.back_from[k]]
        following[k], first[back] = first[back], k
    return first, following


@njit(cache=True, nogil=True)
def detour(segment, share, extra_ms, h, limit_ms, tables, now, scratch):  # type: ignore[no-untyped-def]
    """The quickest road to hospital h as things are now: A* over segments and turns.

    Parameters
    ----------
    segment, share, extra_ms
        The starts (see `ranking.Starts`); none on a closed segment.
    limit_ms
        A road that takes this long or longer is of no use.

    Returns
    -------
    (cost in milliseconds or NEVER, start, last segment before the gate's or -1, turn onto the gate's segment, gate's segment);
    `scratch` holds the way to the last segment.
    """
    scratch.round[0] += 1
    this = scratch.round[0]
    costs, items, count = np.empty(256, np.int64), np.empty(256, np.int32), 0
    best, best_start, best_from, best_turn, best_gate = np.int64(limit_ms), -1, -1, np.int64(-1), -1
    for k in range(len(segment)):
        s = segment[k]
        part = gate_ms(tables, now, h, s)
        if part >= 0:
            ahead = part - partial_ms(tables.time_ms[s], now.extra_ms[s], share[k])
            if ahead >= 0 and extra_ms[k] + ahead < best:
                best, best_start, best_from, best_turn, best_gate = extra_ms[k] + ahead, k, -1, np.int64(-1), s
        cost = begun_ms(segment, share, extra_ms, k, tables, now)
        if scratch.stamp[s] == this and scratch.reach[s] <= cost:
            continue
        least = cost + least_ms(tables, now, s, h)
        if least < best:
            scratch.stamp[s], scratch.reach[s], scratch.came_from[s], scratch.came_turn[s] = this, cost, -1 - k, -1
            costs, items, count = push(costs, items, count, least, s)
    explored, asked = 0, False
    while count > 0 and costs[0] < best:
        least, s = costs[0], items[0]
        count = pop(costs, items, count)
        cost = scratch.reach[s]
        if least > cost + least_ms(tables, now, s, h):
            continue  # reached more quickly since
        explored += 1
        if explored > _BEFORE_ASKING and not asked:
            asked = True
            if best_gate < 0 and not _is_reachable(segment, h, tables, now):
                break
        last = tables.turn_first[s + 1]
        for t in range(tables.turn_first[s], last + 1):
            if t < last:
                following, entered = tables.turn_to[t], cost + tables.turn_cost_ms[t]
                if now.turn_closed[t] or now.extra_ms[following] == CLOSED_MS:
                    continue
            else:
                following, entered = now.back[s], cost + now.back_ms
                if following < 0:
                    continue
            part = gate_ms(tables, now, h, following)
            if part >= 0 and entered + part < best:
                best, best_from, best_gate = entered + part, s, following
                best_turn = np.int64(t) if t < last else np.int64(-1)
            arrival = entered + tables.time_ms[following] + now.extra_ms[following]
            if scratch.stamp[following] == this and scratch.reach[following] <= arrival:
                continue
            least = arrival + least_ms(tables, now, following, h)
            if least < best:
                scratch.stamp[following], scratch.reach[following] = this, arrival
                scratch.came_from[following] = s
                scratch.came_turn[following] = t if t < last else -1
                costs, items, count = push(costs, items, count, least, following)
    if best_gate < 0:
        return np.int64(NEVER), -1, -1, np.int64(-1), -1
    if best_from >= 0:
        s = best_from
        while scratch.came_from[s] >= 0:
            s = scratch.came_from[s]
        best_start = -1 - scratch.came_from[s]
    return best, best_start, best_from, best_turn, best_gate


@njit(cache=True, nogil=True)
def _is_reachable(segment, h, tables, now):  # type: ignore[no-untyped-def]
    """Whether any road leads from the starts to the gate of hospital h: two floods, one from each end, a step each in turn.

    The smaller side of an enclosure is exhausted first, so that the answer costs little wherever the closure is.
    """
    size = len(tables.time_ms)
    seen = np.zeros(size, dtype=np.uint8)  # 1: reached from the starts; 2: from its end the gate is reached
    is_gate = np.zeros(size, dtype=np.bool_)
    ahead, behind = np.empty(size, np.int32), np.empty(size, np.int32)
    ahead_count, behind_count = 0, 0
    for s in segment:
        if seen[s] == 0:
            seen[s] = 1
            ahead[ahead_count] = s
            ahead_count += 1
    for s in range(size):
        if now.extra_ms[s] != CLOSED_MS and gate_ms(tables, now, h, s) >= 0:
            is_gate[s] = True
            behind[behind_count] = s
            behind_count += 1
    first_back, next_back = _backs_into(now, size)
    ahead_at, behind_at = 0, 0
    while ahead_at < ahead_count and behind_at < behind_count:
        s = ahead[ahead_at]
        ahead_at += 1
        last = tables.turn_first[s + 1]
        for t in range(tables.turn_first[s], last + 1):
            following = tables.turn_to[t] if t < last else now.back[s]
            if following < 0 or now.extra_ms[following] == CLOSED_MS or (t < last and now.turn_closed[t]):
                continue
            if is_gate[following] or seen[following] == 2:
                return True
            if seen[following] == 0:
                seen[following] = 1
                ahead[ahead_count] = following
                ahead_count += 1
        s = behind[behind_at]
        behind_at += 1
        i, k = now.reverse_first[s], first_back[s]
        while i < now.reverse_first[s + 1] or k >= 0:
            if i < now.reverse_first[s + 1]:
                t = now.reverse_turn[i]
                i += 1
                if now.turn_closed[t]:
                    continue
                before = now.turn_source[t]
            else:
                before = now.back_from[k]
                k = next_back[k]
            if seen[before] == 1:
                return True
            if seen[before] == 0 and now.extra_ms[before] != CLOSED_MS:
                seen[before] = 2
                behind[behind_count] = before
                behind_count += 1
    return False
