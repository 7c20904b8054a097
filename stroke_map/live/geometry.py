"""GeoJSON as a stranger sent it -> a sound geometry in WGS-84, or the reason why not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from stroke_map.coordinates import WGS_84, to_wgs84

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_VERTICES: Final = 10_000
LONGEST_LINE_M: Final = 1_000_000.0
METRES_PER_DEGREE: Final = 111_195.080
_DECIMALS = 7  # a centimetre, as the roads store it


def read_geometry(document: Any, crs: str = WGS_84) -> shapely.Geometry:
    """The geometry of a GeoJSON object.

    Parameters
    ----------
    document
        A LineString, MultiLineString, Polygon or MultiPolygon; positions (lon, lat) in degrees, elevations are dropped.
    crs
        The system of its coordinates, one of `coordinates.SYSTEMS`.

    Returns
    -------
    shapely.Geometry
        Valid, not empty, (lon, lat) in degrees, WGS-84, to seven decimals.

    Raises
    ------
    ValueError
        What is wrong with it, for a person.
    """
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in _READERS:
        raise ValueError(f"must be a GeoJSON {', '.join(_READERS)}")
    reader = _Reader(crs)
    geometry: shapely.Geometry = _READERS[kind](reader, document.get("coordinates"))
    if not geometry.is_valid:
        raise ValueError(f"is not a valid {kind}: {shapely.is_valid_reason(geometry)}")
    if kind.endswith("LineString") and length_m(geometry) > LONGEST_LINE_M:
        raise ValueError(f"is {length_m(geometry) / 1000:,.0f} km long; at most {LONGEST_LINE_M / 1000:,.0f} km")
    return geometry


def length_m(line: shapely.Geometry) -> float:
    """Length of a (multi) line in metres, on the plane about its middle latitude."""
    _, south, _, north = line.bounds
    scale = math.cos(math.radians((south + north) / 2))
    return float(shapely.transform(line, lambda points: points * (scale, 1.0)).length * METRES_PER_DEGREE)


def swapped(geometry: shapely.Geometry) -> shapely.Geometry:
    """The same with latitude and longitude in each other's place."""
    return shapely.transform(geometry, lambda points: points[:, ::-1])


class _Reader:
    """Reads the coordinates of one geometry and counts its positions."""

    def __init__(self, crs: str) -> None:
        self._crs = crs
        self._vertices = 0

    def line(self, value: Any) -> shapely.LineString:
        points = self._points(value)
        if len(np.unique(points, axis=0)) < 2:
            raise ValueError("has a line of fewer than two different points")
        return shapely.LineString(points)

    def lines(self, value: Any) -> shapely.MultiLineString:
        return shapely.MultiLineString([self.line(line) for line in _list(value)])

    def polygon(self, value: Any) -> shapely.Polygon:
        shell, *holes = (self._ring(ring) for ring in _list(value))
        return shapely.Polygon(shell, holes)

    def polygons(self, value: Any) -> shapely.MultiPolygon:
        return shapely.MultiPolygon([self.polygon(polygon) for polygon in _list(value)])

    def _ring(self, value: Any) -> np.ndarray:
        points = self._points(value)
        if len(points) < 4 or (points[0] != points[-1]).any():
            raise ValueError("has a ring that does not end where it begins, or of fewer than four positions")
        return points

    def _points(self, value: Any) -> np.ndarray:
        positions = _list(value)
        self._vertices += len(positions)
        if self._vertices > MOST_VERTICES:
            raise ValueError(f"has more than {MOST_VERTICES:,} positions")
        pairs = [_position(position) for position in positions]
        if self._crs != WGS_84:
            pairs = [to_wgs84(lat, lon, self._crs)[::-1] for lon, lat in pairs]
        return np.round(np.array(pairs, dtype=np.float64), _DECIMALS)


_READERS: Final[dict[str, Callable[[_Reader, Any], shapely.Geometry]]] = {
    "LineString": _Reader.line,
    "MultiLineString": _Reader.lines,
    "Polygon": _Reader.polygon,
    "MultiPolygon": _Reader.polygons,
}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("has coordinates that are not nested as its type asks for")  # noqa: TRY004  one kind for the caller
    if not value:
        raise ValueError("is empty")
    return value


def _position(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or not 2 <= len(value) <= 4:
        raise ValueError("has a position that is not [lon, lat]")
    lon, lat = value[0], value[1]
    if any(isinstance(part, bool) or not isinstance(part, int | float) for part in (lon, lat)):
        raise ValueError("has a position that is not two numbers")
    if not (abs(lon) < math.inf and abs(lat) < math.inf):
        raise ValueError("has a coordinate that is not finite")
    if abs(lat) > 90 >= abs(lon) and abs(lat) <= 180:
        raise ValueError("has a latitude beyond 90 degrees: latitude and longitude look swapped; GeoJSON is [lon, lat]")
    if abs(lat) > 90 or abs(lon) > 180:
        raise ValueError("has a position that is not on the Earth: [lon, lat] in degrees")
    return float(lon), float(lat)
