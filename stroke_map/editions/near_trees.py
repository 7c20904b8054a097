"""The k nearest hospitals of every segment, by one search backwards from all gates at once that keeps as many labels as are wanted."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.editions.trees import goals_of, reverse_turns
from stroke_map.roads.heap import pop, push
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stroke_map.editions.gates import Gate
    from stroke_map.editions.trees import ReverseTurns
    from stroke_map.roads import RoadNetwork

#: How often progress is told.
_TICK_S = 0.5


class Labels(NamedTuple):
    """What was found, by segment, those of each by (time, column).

    Attributes
    ----------
    first
        int64[S + 1]: the labels of segment s are `first[s] : first[s + 1]`.
    column, left_ms, turn
        uint16[L], int32[L], uint8[L]: the hospital, the exact time to its gate, and which turn to take; the first of those as quick.
    """

    first: np.ndarray
    column: np.ndarray
    left_ms: np.ndarray
    turn: np.ndarray

    @classmethod
    def none(cls, size: int) -> Labels:
        """No labels at so many segments."""
        return cls(np.zeros(size + 1, np.int64), np.empty(0, np.uint16), np.empty(0, np.int32), np.empty(0, np.uint8))


def grow_near(
    network: RoadNetwork,
    gates: Sequence[Gate],
    groups: np.ndarray,
    nearest: int,
    progress: Callable[[int, int], None] | None = None,
) -> Labels:
    """Parameters as `near.build_near`."""
    goals, done = [goals_of(network, gate) for gate in gates], np.zeros(1, dtype=np.int64)
    turns, finished = reverse_turns(network), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(grow_labels, network.segment_time_ms, turns, goals, groups, nearest, done)
        job.add_done_callback(lambda _: finished.set())
        while not finished.wait(_TICK_S):
            if progress:
                progress(int(done[0]), network.segment_count * _bits(groups))
        return job.result()


def grow_labels(
    time_ms: np.ndarray,
    turns: ReverseTurns,
    goals: Sequence[tuple[np.ndarray, np.ndarray]],
    groups: np.ndarray,
    nearest: int,
    done: np.ndarray | None = None,
) -> Labels:
    """Find the labels.

    Parameters
    ----------
    time_ms
        int32[S] of every segment.
    goals
        As `trees.goals_of`, for each hospital.
    done
        int64[1]: counts the segments that have all they want of a group, once for each group.
    """
    none = np.empty(0, np.int32)
    owner = np.repeat(np.arange(len(goals), dtype=np.int64), [len(segment) for segment, _ in goals])
    goal = np.concatenate([none, *(segment for segment, _ in goals)])
    part_ms = np.concatenate([none, *(part for _, part in goals)])
    done = np.zeros(1, dtype=np.int64) if done is None else done
    found = _grow(goal, part_ms, owner, groups, _bits(groups), nearest, time_ms, *turns, done)
    return Labels(*_by_segment(*found, len(time_ms)))


def _bits(groups: np.ndarray) -> int:
    return max(int(groups.max(initial=0)).bit_length(), 1)


@njit(cache=True, nogil=True)
def _is_wanted(counts, s, group_set, nearest):  # type: ignore[no-untyped-def]
    """Whether segment s still lacks one of some groups."""
    for g in range(counts.shape[1]):  # noqa: SIM110  a generator is no loop for the compiler
        if (group_set >> np.uint64(g)) & np.uint64(1) and counts[s, g] < nearest:
            return True
    return False


@njit(cache=True, nogil=True)
def _grow(goal, part_ms, owner, groups, bits, nearest, time_ms, first, source, local, cost_ms, done):  # type: ignore[no-untyped-def]
    """(segment int32[L], column uint16[L], left_ms int32[L], turn uint8[L]), by (time, column).

    A hospital that is among the k nearest of its group at a segment is so all along its road: of each of the k that were nearer at
    a segment of that road there is a way from here that is no longer. So a label that is not wanted where it comes need not go on.
    """
    size = len(time_ms)
    counts = np.zeros((size, bits), dtype=np.uint8)
    latest = np.full(size, -1, dtype=np.int64)
    room, labels = size + 1024, 0
    segment, column = np.empty(room, np.int32), np.empty(room, np.uint16)
    left_ms, turn = np.empty(room, np.int32), np.empty(room, np.uint8)
    earlier = np.empty(room, np.int64)
    keys, items, count = np.empty(4096, np.int64), np.empty(4096, np.int32), 0
    # One number orders by time, then column, then turn: 24 bits for the latter two.
    for g in range(len(goal)):
        s = goal[g]
        for i in range(first[s], first[s + 1]):
            key = ((np.int64(part_ms[g]) + cost_ms[i]) << 24) | (owner[g] << 8) | local[i]
            keys, items, count = push(keys, items, count, key, source[i])
    while count > 0:
        key, s = keys[0], items[0]
        count = pop(keys, items, count)
        h = (key >> 8) & 0xFFFF
        at = latest[s]
        while at >= 0 and column[at] != h:
            at = earlier[at]
        if at >= 0 or not _is_wanted(counts, s, groups[h], nearest):
            continue
        for g in range(bits):
            if (groups[h] >> np.uint64(g)) & np.uint64(1) and counts[s, g] < nearest:
                counts[s, g] += 1
                done[0] += counts[s, g] == nearest
        if labels == room:
            segment, column = np.concatenate((segment, segment)), np.concatenate((column, column))
            left_ms, turn = np.concatenate((left_ms, left_ms)), np.concatenate((turn, turn))
            earlier, room = np.concatenate((earlier, earlier)), 2 * room
        cost = key >> 24
        segment[labels], column[labels], left_ms[labels], turn[labels] = s, h, cost, key & 0xFF
        earlier[labels], latest[s] = latest[s], labels
        labels += 1
        cost += time_ms[s]
        for i in range(first[s], first[s + 1]):
            before = source[i]
            if _is_wanted(counts, before, groups[h], nearest):
                key = ((cost + cost_ms[i]) << 24) | (h << 8) | local[i]
                keys, items, count = push(keys, items, count, key, before)
    return segment[:labels], column[:labels], left_ms[:labels], turn[:labels]


@njit(cache=True, nogil=True)
def _by_segment(segment, column, left_ms, turn, size):  # type: ignore[no-untyped-def]
    """The arrays of `Labels`: in the order of segments, those of each as they came."""
    first = np.zeros(size + 1, dtype=np.int64)
    for s in segment:
        first[s + 1] += 1
    for s in range(size):
        first[s + 1] += first[s]
    free = first[:-1].copy()
    columns, lefts, turns = np.empty_like(column), np.empty_like(left_ms), np.empty_like(turn)
    for i in range(len(segment)):
        at = free[segment[i]]
        free[segment[i]] += 1
        columns[at], lefts[at], turns[at] = column[i], left_ms[i], turn[i]
    return first, columns, lefts, turns


@njit(cache=True, nogil=True)
def merge_labels(first_a, column_a, left_a, turn_a, first_b, column_b, left_b, turn_b):  # type: ignore[no-untyped-def]
    """The arrays of the `Labels` that two have together, each of them once."""
    size, room = len(first_a) - 1, len(column_a) + len(column_b)
    first = np.zeros(size + 1, dtype=np.int64)
    columns, lefts, turns = np.empty(room, np.uint16), np.empty(room, np.int32), np.empty(room, np.uint8)
    count = 0
    for s in range(size):
        a, b = first_a[s], first_b[s]
        while a < first_a[s + 1] or b < first_b[s + 1]:
            from_a, from_b = b == first_b[s + 1], a == first_a[s + 1]
            if not from_a and not from_b:
                key_a, key_b = (np.int64(left_a[a]) << 16) | column_a[a], (np.int64(left_b[b]) << 16) | column_b[b]
                from_a, from_b = key_a <= key_b, key_b <= key_a
            if from_a:
                columns[count], lefts[count], turns[count] = column_a[a], left_a[a], turn_a[a]
                a += 1
            else:
                columns[count], lefts[count], turns[count] = column_b[b], left_b[b], turn_b[b]
            if from_b:
                b += 1
            count += 1
        first[s + 1] = count
    return first, columns[:count].copy(), lefts[:count].copy(), turns[:count].copy()
