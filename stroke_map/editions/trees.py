"""One reverse shortest-path tree per hospital, over segments and turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.roads.heap import pop, push
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.editions.gates import Gate
    from stroke_map.roads import RoadNetwork

NEVER_MS = np.int32(2**31 - 1)
NO_TURN = np.uint8(255)


class ReverseTurns(NamedTuple):
    """The turns into each segment: int64[S + 1], int32[T] from where, uint8[T] which of the turns from there, int32[T] cost."""

    first: np.ndarray
    source: np.ndarray
    local: np.ndarray
    cost_ms: np.ndarray


def reverse_turns(network: RoadNetwork) -> ReverseTurns:
    """Turn the turn table around."""
    order = np.argsort(network.turn_to, kind="stable")
    size = network.segment_count
    source = np.repeat(np.arange(size, dtype=np.int32), np.diff(network.turn_first))[order]
    first = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(network.turn_to, minlength=size), out=first[1:])
    local = (order - network.turn_first[source]).astype(np.uint8)
    return ReverseTurns(first, source, local, network.turn_cost_ms[order])


def arrival_tree(network: RoadNetwork, turns: ReverseTurns, gate: Gate) -> tuple[np.ndarray, np.ndarray]:
    """The quickest way from the end of every segment to a gate.

    Returns
    -------
    (int32[S] milliseconds, NEVER_MS where no way leads there; uint8[S] which turn to take next, NO_TURN likewise)
    """
    return tree(*goals_of(network, gate), network.segment_time_ms, *turns)


def goals_of(network: RoadNetwork, gate: Gate) -> tuple[np.ndarray, np.ndarray]:
    """(int32[n], int32[n]): the segments on which a drive to a gate may end, copies among them, and the time from the beginning of each."""
    goal = np.flatnonzero(np.isin(network.segment_base, gate.segment)).astype(np.int32)
    part_of = dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))
    return goal, np.array([part_of[int(base)] for base in network.segment_base[goal]], dtype=np.int32)


@njit(cache=True, nogil=True)
def tree(goal, part_ms, time_ms, first, source, local, cost_ms):  # type: ignore[no-untyped-def]
    """See `arrival_tree`; `goal` and `part_ms` are of `goals_of`, the last four of `ReverseTurns`."""
    size = len(time_ms)
    left = np.full(size, NEVER_MS, dtype=np.int32)
    turn = np.full(size, NO_TURN, dtype=np.uint8)
    costs, items, count = np.empty(4096, np.int64), np.empty(4096, np.int32), 0
    for g in range(len(goal)):
        s = goal[g]
        for i in range(first[s], first[s + 1]):
            cost = np.int64(part_ms[g]) + cost_ms[i]
            before = source[i]
            if cost < left[before]:
                left[before] = cost
                turn[before] = local[i]
                costs, items, count = push(costs, items, count, cost, before)
    while count > 0:
        cost, s = costs[0], items[0]
        count = pop(costs, items, count)
        if cost > left[s]:
            continue
        cost += time_ms[s]
        for i in range(first[s], first[s + 1]):
            longer = cost + cost_ms[i]
            before = source[i]
            if longer < left[before]:
                left[before] = longer
                turn[before] = local[i]
                costs, items, count = push(costs, items, count, longer, before)
    return left, turn
