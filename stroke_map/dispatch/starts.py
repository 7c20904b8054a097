"""Where on the road a drive may begin, for the service's callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.editions.changes import CLOSED_MS
from stroke_map.editions.ranking import Starts
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.dispatch.roads_now import RoadsNow
    from stroke_map.roads.grid import Snapped
    from stroke_map.settings import Settings

_NOTHING_CLOSED = np.empty(0, dtype=np.int32)
_NOTHING_CLOSED.flags.writeable = False


class Begin(NamedTuple):
    """Where a drive may begin.

    Attributes
    ----------
    starts, snapped
        The candidates, and the positions they come from.
    closed_road
        Whether the nearest road is closed now, so that the drive begins on another.
    any_heading
        Whether no road led the way the caller heads, so that all were taken.
    """

    starts: Starts
    snapped: Snapped
    closed_road: bool = False
    any_heading: bool = False


def find_starts(
    roads: RoadsNow,
    lat: float,
    lon: float,
    settings: Settings,
    *,
    on: str | None = None,
    level: int | None = None,
    bearing_deg: float | None = None,
    bearing_tolerance_deg: float = 45.0,
) -> Begin:
    """Every road near the caller, in each direction, each at the cost of the extra walk to it.

    A farther road is never a free choice: beginning there costs the time to walk from the nearest one. Motorways, bridges and
    tunnels count only where the caller says that he is on one.

    Parameters
    ----------
    lat, lon
        Degrees, WGS-84.
    on, level, bearing_deg, bearing_tolerance_deg
        As in `Question`.

    Raises
    ------
    OffNetworkError
        No road from which a hospital can be reached is within the setting `snap_limit_m`.
    """
    usable = roads.usable(on, level)

    def snap(usable: np.ndarray) -> Snapped:
        limit_m, spread_m = settings.snap_limit_m, settings.snap_spread_m
        return roads.network.snap(lat, lon, max_snap_m=limit_m, spread_m=spread_m, usable=usable)

    found, closed_road = snap(usable), False
    if roads.extra_ms is not None and not roads.open_stretches[found.stretch].all():
        nearest_open = roads.open_stretches[found.stretch[0]]
        open_now = usable & roads.open_stretches
        open_now.flags.writeable = False
        found, closed_road = snap(open_now), not nearest_open
    extra_ms = _NOTHING_CLOSED if roads.extra_ms is None else roads.extra_ms
    heading = np.nan if bearing_deg is None else bearing_deg
    walk_ms_per_m = 3600 / settings.walk_speed_kph
    arrays = (
        found.stretch,
        found.fraction,
        found.distance_m,
        found.bearing_deg,
        roads.network.stretch_segment,
        extra_ms,
    )
    starts = Starts(*_directions(*arrays, walk_ms_per_m, heading, bearing_tolerance_deg))
    if len(starts.segment):
        return Begin(starts, found, closed_road)
    return Begin(Starts(*_directions(*arrays, walk_ms_per_m, np.nan, 0.0)), found, closed_road, any_heading=True)


@njit(cache=True, nogil=True)
def _directions(  # type: ignore[no-untyped-def]
    stretch, fraction, distance_m, bearing_deg, stretch_segment, extra_ms, walk_ms_per_m, heading_deg, tolerance_deg
):
    """The open directions of each position; with a heading (not NaN) only those within the tolerance of it."""
    segment = np.empty(2 * len(stretch), dtype=np.int32)
    share = np.empty(2 * len(stretch), dtype=np.float64)
    walk_m = np.empty(2 * len(stretch), dtype=np.float64)
    count = 0
    for k in range(len(stretch)):
        for against in range(2):
            s = stretch_segment[stretch[k], against]
            if s < 0 or (len(extra_ms) > 0 and extra_ms[s] == CLOSED_MS):
                continue
            off = abs((bearing_deg[k] + 180.0 * against - heading_deg + 180.0) % 360.0 - 180.0)
            if off > tolerance_deg:  # never where the heading is NaN
                continue
            segment[count] = s
            share[count] = 1.0 - fraction[k] if against else fraction[k]
            walk_m[count] = distance_m[k]
            count += 1
    walk_extra_ms = np.empty(count, dtype=np.int64)
    for k in range(count):
        walk_extra_ms[k] = np.rint((walk_m[k] - walk_m[:count].min()) * walk_ms_per_m)
    return segment[:count], share[:count], walk_extra_ms
