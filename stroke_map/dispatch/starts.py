"""Where on the road a drive may begin, for the service's callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stroke_map.editions.ranking import Starts

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
    segment, share = network.both_directions(found)
    extra_m = found.distance_m - found.distance_m[0]
    directions = (network.stretch_segment[found.stretch] >= 0).sum(axis=1)
    extra_ms = np.rint(np.repeat(extra_m, directions) * (3600 / settings.walk_speed_kph)).astype(np.int64)
    return Starts(segment, share, extra_ms), found
