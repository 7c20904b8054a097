"""Closed and slow roads as GeoJSON for the public map: where, of which kind, until when; never who said it or why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from stroke_map.dispatch.roads_now import RoadsNow

#: A flood may close half a city: what is beyond this is not drawn.
_MOST_STRETCHES: Final = 3_000


def closed_roads(roads: RoadsNow) -> dict[str, Any]:
    """Every road that is closed or slow now, (lon, lat) in degrees, WGS-84, to about a metre."""
    network, features, left = roads.network, [], _MOST_STRETCHES
    for closure, segments in roads.closures:
        stretches = np.unique(network.segment_stretch[segments])[:left]
        left -= len(stretches)
        lines = [
            np.column_stack([network.point_x[first:last], network.point_y[first:last]]) / 1e7
            for first, last in zip(
                network.stretch_first_point[stretches], network.stretch_first_point[stretches + 1], strict=True
            )
        ]
        if lines:
            geometry = {"type": "MultiLineString", "coordinates": [np.round(line, 5).tolist() for line in lines]}
            told = {"kind": closure.kind, "until": closure.until.isoformat() if closure.until else None}
            features.append({"type": "Feature", "geometry": geometry, "properties": told})
    return {"type": "FeatureCollection", "features": features}
