"""Directed segments -> turns: which segment may follow which, and what the turn costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.roads.profile import Profile
    from stroke_map.roads.read import RawRoads
    from stroke_map.roads.segments import Segments
    from stroke_map.roads.stretches import Stretches


#: A turn is stored as one byte, and two values of it are spoken for.
MOST_TURNS = 250


@dataclass(slots=True)
class Turns:
    """Turns out of every segment: those of segment s are `to[first[s]:first[s + 1]]`.

    Attributes
    ----------
    first, to, cost_ms
        int64[B + 1], int32[T], int32[T].
    """

    first: np.ndarray
    to: np.ndarray
    cost_ms: np.ndarray


def outgoing(tail: np.ndarray, node_count: int) -> tuple[np.ndarray, np.ndarray]:
    """(first int64[nodes + 1], segment int32[B]): the segments that leave each node, ascending."""
    order = np.argsort(tail, kind="stable").astype(np.int32)
    first = np.zeros(node_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=node_count), out=first[1:])
    return first, order


def connect(raw: RawRoads, stretches: Stretches, segments: Segments, banned: np.ndarray, profile: Profile) -> Turns:
    """All turns a driver may make.

    Parameters
    ----------
    banned
        int64[n] ascending keys `from * B + to` of forbidden pairs.

    A U-turn is offered where nobody comes the other way: at a dead end, at a barrier, or where no other road leads to the
    junction; and where bans leave no other way out. Where a carriageway ends in two one-way ones, somebody does.
    """
    node_count = len(raw.node_id)
    blocks, cost_ms, direction = _node_arrays(raw)
    first, leaving = outgoing(segments.tail, node_count)
    degree = np.bincount(stretches.tail, minlength=node_count) + np.bincount(stretches.head, minlength=node_count)
    of = profile.turns
    costs = np.array([of.max_turn_cost_s, of.cross_traffic_extra_s, of.u_turn_cost_s, of.steepness], dtype=np.float64)
    across_is_left = of.side == "right"
    room = blocks | (np.bincount(segments.head, minlength=node_count) == 1)
    counts = _count_turns(segments.stretch, segments.head, first, leaving, blocks, room, banned)
    turn_first = np.zeros(len(segments) + 1, dtype=np.int64)
    np.cumsum(counts, out=turn_first[1:])
    to, cost = _fill_turns(
        turn_first, segments.stretch, segments.forward, segments.head, segments.leaving_deg, segments.arriving_deg,
        first, leaving, degree, blocks, room, cost_ms, direction, banned, costs, across_is_left,
    )  # fmt: skip
    return Turns(turn_first, to, cost)


def _node_arrays(raw: RawRoads) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    blocks = np.zeros(len(raw.node_id), dtype=bool)
    cost_ms = np.zeros(len(raw.node_id), dtype=np.int32)
    direction = np.zeros(len(raw.node_id), dtype=np.int8)
    for node, use in raw.nodes.items():
        at = np.searchsorted(raw.node_id, node)
        if at < len(raw.node_id) and raw.node_id[at] == node:
            blocks[at], cost_ms[at], direction[at] = use.blocks, round(use.cost_s * 1000), use.signal_direction
    return blocks, cost_ms, direction


@njit(cache=True)
def turn_angle(arriving_deg: float, leaving_deg: float) -> float:
    """Degrees, -180 < angle <= 180: positive to the right, 180 back."""
    angle = (leaving_deg - arriving_deg + 180.0) % 360.0 - 180.0
    return 180.0 if angle == -180.0 else angle


@njit(cache=True)
def _is_banned(banned, key):  # type: ignore[no-untyped-def]
    low, high = 0, len(banned)
    while low < high:
        middle = (low + high) // 2
        if banned[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low < len(banned) and banned[low] == key


@njit(cache=True)
def _turns_of(s, found, stretch, head, first, leaving, blocks, room, banned):  # type: ignore[no-untyped-def]
    """Fill `found` with the segments that may follow s; returns how many."""
    node, count, back = head[s], 0, -1
    size = len(stretch)
    for i in range(first[node], first[node + 1]):
        o = leaving[i]
        if stretch[o] == stretch[s] and o != s:
            back = o
        elif not blocks[node] and not _is_banned(banned, np.int64(s) * size + o) and count < len(found) - 1:
            found[count] = o
            count += 1
    if back >= 0 and (room[node] or count == 0) and not _is_banned(banned, np.int64(s) * size + back):
        found[count] = back
        count += 1
    return count


@njit(cache=True)
def _count_turns(stretch, head, first, leaving, blocks, room, banned):  # type: ignore[no-untyped-def]
    counts = np.zeros(len(stretch), dtype=np.int64)
    found = np.empty(MOST_TURNS, dtype=np.int32)
    for s in range(len(stretch)):
        counts[s] = _turns_of(s, found, stretch, head, first, leaving, blocks, room, banned)
    return counts


@njit(cache=True)
def _fill_turns(  # type: ignore[no-untyped-def]
    turn_first, stretch, forward, head, leaving_deg, arriving_deg, first, leaving, degree, blocks, room, cost_ms, direction,
    banned, costs, left,
):  # fmt: skip
    to = np.empty(turn_first[-1], dtype=np.int32)
    cost = np.empty(turn_first[-1], dtype=np.int32)
    found = np.empty(MOST_TURNS, dtype=np.int32)
    for s in range(len(stretch)):
        count = _turns_of(s, found, stretch, head, first, leaving, blocks, room, banned)
        node = head[s]
        standing = 0
        if direction[node] == 0 or (direction[node] > 0) == forward[s]:
            standing = cost_ms[node]
        for k in range(count):
            o = found[k]
            at = turn_first[s] + k
            to[at] = o
            if stretch[o] == stretch[s] and o != s:
                cost[at] = np.int32(costs[2] * 1000)
                continue
            turning = 0.0
            if degree[node] > 2:
                angle = turn_angle(arriving_deg[s], leaving_deg[o])
                # Half the cost at a right angle, nearly none when going straight on: smooth, since bearings are noisy.
                turning = costs[0] / (1.0 + np.exp(costs[3] * (0.5 - abs(angle) / 180.0)))
                if (angle < -45.0) == left and abs(angle) > 45.0:
                    turning += costs[1]
            cost[at] = standing + np.int32(np.rint(turning * 1000))
    return to, cost
