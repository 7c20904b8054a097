"""Where on the road a drive may begin, for the service's callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stroke_map.editions.ranking import Starts
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

if TYPE_CHECKING:
    from stroke_map.dispatch.prepared import PreparedProfile
    from stroke_map.roads.grid import Snapped
    from stroke_map.settings import Settings


def find_starts(profile: PreparedProfile, lat: float, lon: float, settings: Settings) -> tuple[Starts, Snapped]:
    """Every road near a point (degrees, WGS-84), in both directions, each at the cost of the extra walk to it.

    A farther road is never a free choice: beginning there costs the time to walk from the nearest one.

    Raises
    ------
    OffNetworkError
        No road from which a hospital can be reached is within the setting `snap_limit_m`.
    """
    network = profile.network
    found = network.snap(
        lat, lon, max_snap_m=settings.snap_limit_m, spread_m=settings.snap_spread_m, usable=profile.usable
    )
    walk_ms_per_m = 3600 / settings.walk_speed_kph
    return Starts(*_directions(*found[:3], network.stretch_segment, walk_ms_per_m)), found


@njit(cache=True, nogil=True)
def _directions(stretch, fraction, distance_m, stretch_segment, walk_ms_per_m):  # type: ignore[no-untyped-def]
    """Both directions of each position, where there are two."""
    segment = np.empty(2 * len(stretch), dtype=np.int32)
    share = np.empty(2 * len(stretch), dtype=np.float64)
    extra_ms = np.empty(2 * len(stretch), dtype=np.int64)
    count = 0
    for k in range(len(stretch)):
        for against in range(2):
            if stretch_segment[stretch[k], against] >= 0:
                segment[count] = stretch_segment[stretch[k], against]
                share[count] = 1.0 - fraction[k] if against else fraction[k]
                extra_ms[count] = np.rint((distance_m[k] - distance_m[0]) * walk_ms_per_m)
                count += 1
    return segment[:count], share[:count], extra_ms[:count]
