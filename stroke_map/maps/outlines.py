"""Outlines on a picture as SVG path data in whole pixels: a region's border, and its water."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stroke_map.maps.bands import Canvas

_SMALLEST_PX: Final = 4.0
_TOLERANCE_PX: Final = 1.0


def path_of(points: np.ndarray) -> str:
    """Whole pixels (n, 2) as SVG path data; "" where they are all one."""
    steps = np.diff(points, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    if not len(steps):
        return ""
    moves = " ".join(f"{x} {y}" for x, y in steps.tolist())
    return f"M{points[0, 0]} {points[0, 1]}l{moves}".replace(" -", "-")


def border_path(canvas: Canvas, polygon: shapely.Geometry | None) -> str:
    """The outer border of a region, (lon, lat) in degrees."""
    return "" if polygon is None else _closed(canvas, (part.exterior for part in shapely.get_parts(polygon)))


def water_path(canvas: Canvas, water: Iterable[Any]) -> str:
    """Lakes, wide rivers and the sea with the islands in them, to be filled by the rule `evenodd`; what would be a dot is left out."""
    areas = np.asarray([one for one in water if one.geom_type.endswith("Polygon")], dtype=object)
    west, south, east, north = canvas.bounds
    smallest = _SMALLEST_PX * (east - west) / canvas.width
    box = shapely.bounds(areas).reshape(-1, 4)
    near = (box[:, 2] >= west) & (box[:, 0] <= east) & (box[:, 3] >= south) & (box[:, 1] <= north)
    near &= np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) >= smallest
    seen = shapely.intersection(shapely.make_valid(areas[near]), shapely.box(west, south, east, north))
    whole = shapely.get_parts(shapely.union_all(seen))  # the sea comes in pieces
    parts = [part for part in whole if part.geom_type == "Polygon"]
    return _closed(canvas, (ring for part in parts for ring in (part.exterior, *part.interiors)))


def _closed(canvas: Canvas, rings: Iterable[Any]) -> str:
    return "".join(f"{path}z" for path in _paths(canvas, rings) if path)


def _paths(canvas: Canvas, rings: Iterable[Any]) -> Iterator[str]:
    for ring in rings:
        lon, lat = shapely.get_coordinates(ring).T
        x, y = canvas.pixels(lon, lat)
        simple = shapely.simplify(shapely.linestrings(np.column_stack([x, y])), _TOLERANCE_PX)
        yield path_of(np.round(shapely.get_coordinates(simple)).astype(int))
