"""The quickest road between two points, searched when it is asked for.

For any two points of any network; the service itself reads stored arrivals instead.
"""

from __future__ import annotations

import numpy as np

from stroke_map.roads.heap import pop, push
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

NEVER = np.int64(2**62)


@njit(cache=True, nogil=True)
def search(  # type: ignore[no-untyped-def]
    origin_segment, origin_share, goal_segment, goal_share, closed_turns,
    entered_cost_ms, segment_time_ms, segment_base, segment_entered, turn_first, turn_to, turn_cost_ms,
):  # fmt: skip
    """Dijkstra over segments and turns.

    Parameters
    ----------
    origin_segment, origin_share
        int32[k], float64[k]: where the trip may begin; share of the segment already behind, in the direction of travel.
    goal_segment, goal_share
        int32[m], float64[m]: where it may end; segments that stand for themselves (`segment_base[s] == s`).
    closed_turns
        int64[n] ascending indices of turns that may not be made now.
    entered_cost_ms
        What it costs to end on a restricted street (`segment_entered`) rather than on a free one beside it.

    Returns
    -------
    (cost_ms int64, segments int32[], turns int64[], origin index, goal index); cost -1 where there is no way.
    """
    size = len(segment_time_ms)
    reach = np.full(size, NEVER, dtype=np.int64)  # cost at the end of the segment
    came_by = np.full(size, -1, dtype=np.int64)  # turn
    came_from = np.full(size, -1, dtype=np.int32)
    goal_of = np.full(size, -1, dtype=np.int32)
    for g in range(len(goal_segment)):
        goal_of[goal_segment[g]] = g
    costs, items, count = np.empty(1024, np.int64), np.empty(1024, np.int32), 0
    best, best_from, best_turn, best_goal, best_origin = NEVER, -1, np.int64(-1), -1, -1
    for k in range(len(origin_segment)):
        s = origin_segment[k]
        time = float(segment_time_ms[s])
        g = goal_of[s]
        if g >= 0 and goal_share[g] >= origin_share[k]:
            cost = np.int64(np.rint((goal_share[g] - origin_share[k]) * time))
            if cost < best:
                best, best_from, best_turn, best_goal, best_origin = cost, -1, np.int64(-1), g, k
        cost = np.int64(np.rint((1.0 - origin_share[k]) * time))
        if cost < reach[s]:
            reach[s] = cost
            came_by[s] = -2 - k
            costs, items, count = push(costs, items, count, cost, s)
    while count > 0:
        cost, s = costs[0], items[0]
        count = pop(costs, items, count)
        if cost > reach[s]:
            continue
        if cost >= best:
            break
        for t in range(turn_first[s], turn_first[s + 1]):
            if len(closed_turns) > 0:
                at = np.searchsorted(closed_turns, t)
                if at < len(closed_turns) and closed_turns[at] == t:
                    continue
            following = turn_to[t]
            entered = cost + turn_cost_ms[t]
            g = goal_of[segment_base[following]]
            if g >= 0:
                arrival = entered + np.int64(np.rint(goal_share[g] * segment_time_ms[following]))
                if segment_entered[following]:
                    arrival += entered_cost_ms
                if arrival < best:
                    best, best_from, best_turn, best_goal = arrival, s, np.int64(t), g
            arrival = entered + segment_time_ms[following]
            if arrival < reach[following]:
                reach[following] = arrival
                came_by[following] = t
                came_from[following] = s
                costs, items, count = push(costs, items, count, arrival, following)
    if best == NEVER:
        return np.int64(-1), np.empty(0, np.int32), np.empty(0, np.int64), -1, -1
    if best_turn < 0:
        segments = np.empty(1, np.int32)
        segments[0] = origin_segment[best_origin]
        return best, segments, np.empty(0, np.int64), best_origin, best_goal
    length, s = 2, best_from
    while came_by[s] >= 0:
        length += 1
        s = came_from[s]
    best_origin = int(-2 - came_by[s])
    segments, turns = np.empty(length, np.int32), np.empty(length - 1, np.int64)
    segments[length - 1], turns[length - 2] = turn_to[best_turn], best_turn
    s = best_from
    for i in range(length - 2, -1, -1):
        segments[i] = s
        if i > 0:
            turns[i - 1] = came_by[s]
            s = came_from[s]
    return best, segments, turns, best_origin, best_goal
