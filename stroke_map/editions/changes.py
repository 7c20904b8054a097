"""What is different now on one network: closed and slowed segments, closed turns, and where a driver may turn back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from stroke_map.roads import RoadNetwork

CLOSED_MS = np.int32(2**30)


class Changes(NamedTuple):
    """What is different now, for one network.

    Attributes
    ----------
    extra_ms
        int32[S] added to a segment's time; CLOSED_MS: it may not be entered.
    turn_closed
        bool[T] turns that may not be made now.
    back
        int32[S] where a closure leaves no other way out of a segment: the segment back; -1 elsewhere.
    back_from
        int32[K] the segments with such a way back.
    back_ms
        What turning back costs.
    """

    extra_ms: np.ndarray
    turn_closed: np.ndarray
    back: np.ndarray
    back_from: np.ndarray
    back_ms: int


def make_changes(
    network: RoadNetwork, closed: np.ndarray, factor: np.ndarray | None = None, closed_turns: np.ndarray | None = None
) -> Changes:
    """Put closures and slow-downs together.

    Parameters
    ----------
    closed
        bool[S]: segments that may not be entered; all copies of a segment alike.
    factor
        float[S] of at least 1 by which segments take longer; None: none does. Live changes only ever add time, so that stored
        times stay lower bounds: smaller factors count as 1.
    closed_turns
        int64[n] turns that may not be made now.
    """
    size = network.segment_count
    extra_ms = np.zeros(size, dtype=np.int32)
    if factor is not None:
        extra_ms = np.rint(np.clip(factor - 1.0, 0.0, 1e4) * network.segment_time_ms).clip(0, 2**28).astype(np.int32)
    extra_ms[closed] = CLOSED_MS
    turn_closed = np.zeros(len(network.turn_to), dtype=bool)
    if closed_turns is not None:
        turn_closed[closed_turns] = True
    back = _ways_back(network, closed, turn_closed)
    arrays = (extra_ms, turn_closed, back, np.flatnonzero(back >= 0).astype(np.int32))
    for array in arrays:
        array.flags.writeable = False
    return Changes(*arrays, round(network.profile.turns.u_turn_cost_s * 1000))


def _ways_back(network: RoadNetwork, closed: np.ndarray, turn_closed: np.ndarray) -> np.ndarray:
    """int32[S]: the segment back where every turn out of a segment is closed now, -1 elsewhere."""
    first = network.turn_first
    no_entry = turn_closed | closed[network.turn_to]
    # How many turns before each are open; a segment with turns of which none is open has no way on.
    open_before = np.concatenate([[0], np.cumsum(~no_entry)])
    stuck = (first[1:] > first[:-1]) & (open_before[first[1:]] == open_before[first[:-1]]) & ~closed
    back = np.full(network.segment_count, -1, dtype=np.int32)
    segment = np.flatnonzero(stuck)
    against = np.where(network.segment_forward[segment], 1, 0)
    there = network.stretch_segment[network.segment_stretch[segment], against]
    possible = (there >= 0) & ~closed[there]
    back[segment[possible]] = there[possible]
    return back
