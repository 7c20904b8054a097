"""WGS-84, GCJ-02 and BD-09, exact inverses of each other; and how far two places are apart.

Phones and Chinese maps speak GCJ-02 or BD-09, OpenStreetMap and GPS speak WGS-84; in Chongqing they differ by half a
kilometre. The forward formulas are the public reverse-engineered ones. The inverses are fixed-point iterations of the
same formulas, because the one-step inverse in common use is off by up to 2.5 m.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Final

from stroke_map.errors import InvalidRequestError

WGS_84: Final = "WGS-84"
GCJ_02: Final = "GCJ-02"
BD_09: Final = "BD-09"
SYSTEMS: Final[tuple[str, ...]] = (WGS_84, GCJ_02, BD_09)

_EARTH_RADIUS_M = 6_371_008.8  # the mean radius

# The ellipsoid of GCJ-02 (Krasovsky 1940) and the rectangle in which the shift applies.
_SEMI_MAJOR_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_SHIFT_LAT = (0.8293, 55.8271)
_SHIFT_LON = (72.004, 137.8347)
_LARGEST_SHIFT_DEG = 0.1  # generous: it stays under 0.03 degrees in the whole rectangle

_BD_WAVE = math.pi * 3000.0 / 180.0

# Each round shrinks the error at least thirtyfold (GCJ-02: 200-fold), so this always ends at rounding error.
_MAX_ROUNDS = 16
_SETTLED_DEG = 1e-13

_Shift = Callable[[float, float], tuple[float, float]]


def to_wgs84(lat: float, lon: float, crs: str) -> tuple[float, float]:
    """Convert a point given in `crs` to WGS-84.

    Parameters
    ----------
    lat, lon
        The point, in degrees, in the system `crs`.
    crs
        One of `SYSTEMS`: "WGS-84", "GCJ-02" (Amap, Tencent), "BD-09" (Baidu).

    Returns
    -------
    tuple of float
        Latitude and longitude in degrees, WGS-84. `from_wgs84` takes it back to within 0.1 mm. Within one shift
        (under 1 km) of the rectangle's edge GCJ-02 names two places alike; the one inside the rectangle is returned.

    Raises
    ------
    InvalidRequestError
        An unknown system, or a point that is no finite number or out of range.
    """
    _check(lat, lon, crs)
    lat, lon = float(lat), float(lon)
    if crs == BD_09:
        lat, lon = _invert(_gcj_to_bd, lat, lon)
    if crs in (GCJ_02, BD_09) and _is_shifted(lat, lon, margin_deg=_LARGEST_SHIFT_DEG):
        inside_lat, inside_lon = _invert(_shifted, lat, lon)
        if _is_shifted(inside_lat, inside_lon):
            return inside_lat, inside_lon
    return lat, lon


def from_wgs84(lat: float, lon: float, crs: str) -> tuple[float, float]:
    """Convert a WGS-84 point to `crs`.

    Parameters
    ----------
    lat, lon
        The point, in degrees, WGS-84.
    crs
        One of `SYSTEMS`.

    Returns
    -------
    tuple of float
        Latitude and longitude in degrees, in the system `crs`. Outside the rectangle 0.8293-55.8271 N,
        72.004-137.8347 E GCJ-02 equals WGS-84.

    Raises
    ------
    InvalidRequestError
        An unknown system, or a point that is no finite number or out of range.
    """
    _check(lat, lon, crs)
    lat, lon = float(lat), float(lon)
    if crs in (GCJ_02, BD_09) and _is_shifted(lat, lon):
        lat, lon = _shifted(lat, lon)
    return _gcj_to_bd(lat, lon) if crs == BD_09 else (lat, lon)


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The straight line between two (lat, lon) in degrees of one system, metres: the haversine formula.

    The same to the last bit whichever is named first.
    """
    (lat, lon), (other_lat, other_lon) = ((math.radians(degrees) for degrees in place) for place in (one, other))
    north, east = math.sin((lat - other_lat) / 2) ** 2, math.sin((lon - other_lon) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(north + math.cos(lat) * math.cos(other_lat) * east)))


def _check(lat: object, lon: object, crs: object) -> None:
    errors = []
    if crs not in SYSTEMS:
        errors.append({"field": "crs", "problem": f"must be one of {', '.join(SYSTEMS)}", "example": WGS_84})
    for field, value, limit, example in (("lat", lat, 90, "29.5574"), ("lon", lon, 180, "106.5770")):
        if not _is_degrees(value, limit):
            errors.append({"field": field, "problem": f"must be degrees from -{limit} to {limit}", "example": example})
    if errors:
        detail = "; ".join(f"{error['field']} {error['problem']}" for error in errors)
        raise InvalidRequestError(detail, errors=errors)


def _is_degrees(value: object, limit: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return abs(float(value)) <= limit  # False for NaN too
    except OverflowError:  # a whole number may be too large for a float
        return False


def _is_shifted(lat: float, lon: float, margin_deg: float = 0.0) -> bool:
    (south, north), (west, east) = _SHIFT_LAT, _SHIFT_LON
    return south - margin_deg <= lat <= north + margin_deg and west - margin_deg <= lon <= east + margin_deg


def _invert(forward: _Shift, lat: float, lon: float) -> tuple[float, float]:
    """Find the point that `forward` takes to (`lat`, `lon`): step back by what is still missing until nothing is."""
    guess_lat, guess_lon = lat, lon
    for _ in range(_MAX_ROUNDS):
        there_lat, there_lon = forward(guess_lat, guess_lon)
        missing_lat, missing_lon = lat - there_lat, lon - there_lon
        guess_lat, guess_lon = guess_lat + missing_lat, guess_lon + missing_lon
        if abs(missing_lat) + abs(missing_lon) < _SETTLED_DEG:
            break
    return guess_lat, guess_lon


def _shifted(lat: float, lon: float) -> tuple[float, float]:
    """WGS-84 to GCJ-02 without regard to the rectangle, so that the inverse may step across its edge."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    common = 20.0 * math.sin(6.0 * math.pi * x) + 20.0 * math.sin(2.0 * math.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (common + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (common + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))) * 2.0 / 3.0

    lat_rad = math.radians(lat)
    w2 = 1.0 - _ECCENTRICITY_SQUARED * math.sin(lat_rad) ** 2
    meridian_radius_m = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / (w2 * math.sqrt(w2))
    parallel_radius_m = _SEMI_MAJOR_M / math.sqrt(w2) * math.cos(lat_rad)
    return lat + math.degrees(north / meridian_radius_m), lon + math.degrees(east / parallel_radius_m)


def _waves(t: float, *amplitude_and_divisor: tuple[float, float]) -> float:
    return sum(amplitude * math.sin(t * math.pi / divisor) for amplitude, divisor in amplitude_and_divisor)


def _gcj_to_bd(lat: float, lon: float) -> tuple[float, float]:
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_WAVE)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_WAVE)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065
