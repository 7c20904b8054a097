"""Web Mercator, the projection of web map tiles, on the unit square.

(0, 0) is the north-west corner of the world and (1, 1) the south-east one; a tile of zoom z is 2**-z wide.
Source of the formulas: EPSG guidance note 7-2, "Popular Visualisation Pseudo-Mercator" (EPSG:3857).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_LATITUDE = 85.0511287798066  # where the square world ends: atan(sinh(pi))

Floats = NDArray[np.float64]


class TileRange(NamedTuple):
    """The tiles of one zoom that cover a box; both ends are included."""

    zoom: int
    x_first: int
    y_first: int
    x_last: int
    y_last: int


def project(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Degrees (WGS-84) to the unit square. Latitudes beyond the square world end at its edge."""
    phi = np.radians(np.clip(np.asarray(lat, dtype=np.float64), -MAX_LATITUDE, MAX_LATITUDE))
    x = (np.asarray(lon, dtype=np.float64) + 180.0) / 360.0
    y = (1.0 - np.arcsinh(np.tan(phi)) / np.pi) / 2.0
    return x, y


def unproject(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """The unit square to degrees (lon, lat), the inverse of `project`."""
    lon = np.asarray(x, dtype=np.float64) * 360.0 - 180.0
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * np.asarray(y, dtype=np.float64)))))
    return lon, lat


def tiles_covering(bounds: tuple[float, float, float, float], zoom: int) -> TileRange:
    """The tiles of `zoom` that touch `bounds` (west, south, east, north, in degrees)."""
    west, south, east, north = bounds
    xs, ys = project([west, east], [north, south])
    columns = np.clip(np.floor(xs * 2**zoom), 0, 2**zoom - 1).astype(int)
    rows = np.clip(np.floor(ys * 2**zoom), 0, 2**zoom - 1).astype(int)
    return TileRange(zoom, int(columns[0]), int(rows[0]), int(columns[1]), int(rows[1]))
