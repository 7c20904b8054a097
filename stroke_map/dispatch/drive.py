"""The drive to one hospital: which road, and how long it really takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from stroke_map.dispatch.roads_now import RoadsNow
    from stroke_map.editions.ranking import Starts


class Drive(NamedTuple):
    """One drive.

    Attributes
    ----------
    time_ms
        What a clock would show. Hospitals are ordered by cost, to which a street that is closed to through traffic adds a deterrent
        that is no time.
    start
        Index of the start it begins at.
    segments, turns
        int32[n], int64[n - 1].
    first_share, last_share
        Where on the first and the last segment it begins and ends, 0 to 1.
    """

    time_ms: float
    start: int
    segments: np.ndarray
    turns: np.ndarray
    first_share: float
    last_share: float


def find_drive(roads: RoadsNow, starts: Starts, column: int) -> Drive:
    """The drive to the hospital of a column, to which a road must lead."""
    network = roads.network
    cost_ms, start, segments, turns, last_share = roads.ranking.road(starts, column)
    return Drive(cost_ms - network.deterrent_ms(turns), start, segments, turns, float(starts.share[start]), last_share)
