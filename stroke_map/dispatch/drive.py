"""The drive to one hospital: which road, and how long it really takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.editions.ranking import NEVER
from stroke_map.errors import NoRouteError
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.dispatch.roads_now import RoadsNow
    from stroke_map.editions.ranking import Starts


class Drive(NamedTuple):
    """One drive.

    Attributes
    ----------
    time_ms
        What a clock would show. Hospitals are ordered by cost, to which a street that is closed to through traffic adds a deterrent
        that is no time.
    length_m
        Metres driven.
    start
        Index of the start it begins at.
    segments, turns
        int32[n], int64[n - 1].
    first_share, last_share
        Where on the first and the last segment it begins and ends, 0 to 1.
    """

    time_ms: float
    length_m: float
    start: int
    segments: np.ndarray
    turns: np.ndarray
    first_share: float
    last_share: float


def find_drive(roads: RoadsNow, starts: Starts, column: int) -> Drive:
    """The drive to the hospital of a column.

    Raises
    ------
    NoRouteError
        No road leads there as things are now; a bound (`Ranking.bounds_ms`) does not say so.
    """
    network = roads.network
    cost_ms, start, segments, turns, last_share = roads.ranking.road(starts, column)
    if start < 0:
        raise NoRouteError("no road leads from here to that hospital")
    first_share = float(starts.share[start])
    arrays = (network.turn_passes, network.segment_stretch, network.stretch_length_m)
    passes, length_m = _measure(segments, turns, first_share, last_share, *arrays)
    return Drive(cost_ms - passes * network.pass_cost_ms, length_m, start, segments, turns, first_share, last_share)


def find_every_time(roads: RoadsNow, starts: Starts) -> tuple[np.ndarray, np.ndarray]:
    """How long the drive to every hospital takes, as `find_drive` tells of one.

    Returns
    -------
    (float64[H] milliseconds by the clock, infinite where no road leads; int64[H] cost in milliseconds, NEVER where none does)
    """
    network = roads.network
    cost_ms, passes = roads.ranking.every(starts, network.turn_passes)
    return np.where(cost_ms < NEVER, cost_ms - passes * float(network.pass_cost_ms), np.inf), cost_ms


@njit(cache=True, nogil=True)
def _measure(segments, turns, first_share, last_share, turn_passes, segment_stretch, stretch_length_m):  # type: ignore[no-untyped-def]
    """(how often a restricted street is driven through, metres)."""
    passes = 0
    for t in turns:
        if t >= 0 and turn_passes[t]:
            passes += 1
    metres = 0.0
    for s in segments:
        metres += stretch_length_m[segment_stretch[s]]
    metres -= first_share * stretch_length_m[segment_stretch[segments[0]]]
    return passes, metres - (1.0 - last_share) * stretch_length_m[segment_stretch[segments[-1]]]
