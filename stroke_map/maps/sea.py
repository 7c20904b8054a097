"""The sea beside a region, from OpenStreetMap's coastlines: lines with the land on their left and the water on their right.

A file of a country cuts them off where it ends. Their loose ends are led straight to the nearest edge of the box that is looked at;
what is then bounded by coasts that contradict each other, or has many streets in it, is left as land: better no sea than a wrong one.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    Bounds = tuple[float, float, float, float]
    Segments = set[tuple[float, float, float, float]]

#: How far out from the roads the sea is drawn: beyond it nobody knows what the file left out.
_MARGIN_DEG: Final = 0.25
_CONTRADICTION: Final = 0.02  # of a coast
_STREETS: Final = 0.02  # of all that were looked at; a causeway is less
_MOST_CORNERS: Final = 400


def seen_from(bounds: Bounds) -> Bounds:
    """The box in which the sea is drawn: west, south, east, north in degrees, around those of the roads."""
    west, south, east, north = bounds
    return west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG


def sea_within(coasts: Iterable[Any], bounds: Bounds, streets: NDArray[np.float64]) -> list[Any]:
    """The sea as polygons small enough to be drawn by the tile.

    Parameters
    ----------
    coasts
        Lines (lon, lat) in degrees, each with the land on its left.
    bounds
        West, south, east, north of the box that is looked at.
    streets
        float64[n, 2] (lon, lat) points of streets, as a sample: where many of them are is no sea.
    """
    # Clipped before they are merged, which may turn them round: a corner of sea may have no coast but a part of one segment.
    clipped = shapely.get_parts(shapely.clip_by_rect(shapely.multilinestrings(list(coasts)), *bounds))
    along = {piece for line in clipped for piece in _segments(line)}
    box = shapely.box(*bounds)
    coast = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(clipped)))
    edges = [*coast, *_led_to_the_edge(coast, bounds), box.exterior]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(edges)]))
    sea = [face for face in faces if _is_sea(face, along)]
    shapely.prepare(sea)
    few = [face for face in sea if shapely.contains_xy(face, streets).mean() <= _STREETS] if len(streets) else sea
    return [piece for face in few for piece in _pieces(face)]


def _segments(line: Any) -> Iterator[tuple[float, float, float, float]]:
    return ((*start, *end) for start, end in pairwise(line.coords))


def _led_to_the_edge(coast: Iterable[Any], bounds: Bounds) -> Iterator[Any]:
    """A straight line from each end of a coast that is neither joined to another nor at the edge, to the nearest edge."""
    west, south, east, north = bounds
    ends = Counter(end for line in coast for end in (line.coords[0], line.coords[-1]))
    for (x, y), times in ends.items():
        if times == 1 and west < x < east and south < y < north:
            ways = ((x - west, (west, y)), (east - x, (east, y)), (y - south, (x, south)), (north - y, (x, north)))
            yield shapely.linestrings([(x, y), min(ways)[1]])


def _is_sea(face: Any, coast: Segments) -> bool:
    """Whether the coasts around a face have their water in it; its rings have it on their left."""
    land = water = 0
    turned = shapely.orient_polygons(face)
    for ring in (turned.exterior, *turned.interiors):
        for x0, y0, x1, y1 in _segments(ring):
            land += (x0, y0, x1, y1) in coast
            water += (x1, y1, x0, y0) in coast
    return water > 0 and land <= _CONTRADICTION * water


def _pieces(face: Any) -> Iterator[Any]:
    """Halve until each piece has few corners: a tile is drawn from those it touches."""
    if shapely.get_num_coordinates(face) <= _MOST_CORNERS:
        yield face
        return
    west, south, east, north = face.bounds
    if east - west > north - south:
        middle = (west + east) / 2
        halves = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
    else:
        middle = (south + north) / 2
        halves = shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)
    for part in shapely.get_parts(shapely.intersection(face, halves)):
        yield from (piece for one in shapely.get_parts(part) if one.geom_type == "Polygon" for piece in _pieces(one))
