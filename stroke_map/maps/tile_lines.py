"""The lines of one zoom level, in drawing order, and which of them a tile needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import shapely

from stroke_map.maps.mercator import Floats, project
from stroke_map.maps.tile_style import DETAIL_ZOOM, ROAD_STYLES, style_of_class
from stroke_map.roads.classes import ROAD_CLASSES, Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

MERGED_TOLERANCE_PX = 0.6  # how far a simplified line may leave the road: less than one pixel of a 256 px tile
DETAIL_TOLERANCE_PX = 0.25
SHORTEST_MERGED_PX = 2.0  # a joined line shorter than this is a dot at its zoom


class RoadShapes(Protocol):
    """What tiles need of a road network; see `stroke_map.roads.RoadNetwork` for shapes and units."""

    @property
    def point_x(self) -> NDArray[np.int32]: ...
    @property
    def point_y(self) -> NDArray[np.int32]: ...
    @property
    def stretch_first_point(self) -> NDArray[np.int64]: ...
    @property
    def stretch_class(self) -> NDArray[np.uint8]: ...
    @property
    def stretch_flags(self) -> NDArray[np.uint16]: ...


@dataclass(frozen=True)
class Segments:
    """Straight pieces to draw, in drawing order: `ends` (n, 4) x0, y0, x1, y1 on the unit square."""

    ends: Floats
    style: NDArray[np.uint8]
    tunnel: NDArray[np.bool_]
    along: Floats  # from the start of its line to the piece, same unit as `ends`: keeps dashes in step


@dataclass(frozen=True)
class Lines:
    """Lines on the unit square, sorted by style: `points` (p, 2), line i is points[first[i]:first[i + 1]]."""

    points: Floats
    first: NDArray[np.int64]
    style: NDArray[np.uint8]
    tunnel: NDArray[np.bool_]
    boxes: Floats  # (n, 4) west, north, east, south

    def within(self, west: float, north: float, east: float, south: float) -> Segments:
        """The pieces that touch a box of the unit square.

        A scan of all boxes takes 1 ms for a third of a million lines: no tree is worth its memory.
        """
        box = self.boxes
        near = np.flatnonzero((box[:, 2] >= west) & (box[:, 0] <= east) & (box[:, 3] >= north) & (box[:, 1] <= south))
        counts = self.first[near + 1] - self.first[near] - 1  # pieces of each line
        owner = np.repeat(near, counts)
        start = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + self.first[owner]
        ends = np.hstack([self.points[start], self.points[start + 1]])
        touches = (np.maximum(ends[:, 0], ends[:, 2]) >= west) & (np.minimum(ends[:, 0], ends[:, 2]) <= east)
        touches &= (np.maximum(ends[:, 1], ends[:, 3]) >= north) & (np.minimum(ends[:, 1], ends[:, 3]) <= south)
        lengths = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
        run = np.cumsum(lengths) - lengths
        along = run - np.repeat(run[np.cumsum(counts) - counts], counts) if len(owner) else run
        kept = owner[touches]
        return Segments(ends[touches], self.style[kept], self.tunnel[kept], along[touches])


def _lines(geometries: NDArray[np.object_], style: NDArray[np.uint8], tunnel: NDArray[np.bool_]) -> Lines:
    order = np.argsort(style, kind="stable")
    geometries = geometries[order]
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    first = np.searchsorted(owner, np.arange(len(geometries) + 1)).astype(np.int64)
    return Lines(points, first, style[order], tunnel[order], shapely.bounds(geometries).reshape(-1, 4))


def _merged(geometries: NDArray[np.object_], tolerance: float, shortest: float) -> NDArray[np.object_]:
    """Join lines that meet end to end, simplify them, leave out dots and doubles."""
    joined = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(geometries)))
    simple = shapely.simplify(joined, tolerance, preserve_topology=False)
    snapped = shapely.set_precision(simple, tolerance, mode="pointwise")  # both carriageways fall on one line
    box = shapely.bounds(snapped)
    keep = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) >= shortest
    merged: NDArray[np.object_] = np.unique(shapely.to_wkb(shapely.normalize(snapped[keep])))
    return np.asarray(shapely.from_wkb(merged), dtype=object)


def lines_for_zoom(network: RoadShapes, zoom: int) -> Lines:
    """The lines drawn at `zoom`: below `DETAIL_ZOOM` only the greater roads, joined and simplified to half a pixel."""
    pixel = 2.0**-zoom / 256
    style = np.asarray(style_of_class(ROAD_CLASSES), dtype=np.uint8)[network.stretch_class]
    first_zoom = np.asarray([row.first_zoom for row in ROAD_STYLES])
    tunnel = (network.stretch_flags & int(Flag.TUNNEL)) != 0
    shown = first_zoom[style] <= zoom
    counts = np.diff(network.stretch_first_point)
    shown &= counts >= 2
    x, y = project(network.point_x * 1e-7, network.point_y * 1e-7)
    of_stretch = np.repeat(np.arange(len(counts)), counts)
    mine = shown[of_stretch]
    renumbered = np.cumsum(shown) - 1
    geometries = shapely.linestrings(np.column_stack([x[mine], y[mine]]), indices=renumbered[of_stretch[mine]])
    style, tunnel = style[shown], tunnel[shown]
    if zoom >= DETAIL_ZOOM:
        return _lines(shapely.simplify(geometries, DETAIL_TOLERANCE_PX * pixel, preserve_topology=False), style, tunnel)
    kinds = np.unique(style)
    parts = [
        _merged(geometries[style == kind], MERGED_TOLERANCE_PX * pixel, SHORTEST_MERGED_PX * pixel) for kind in kinds
    ]
    styles = np.repeat(kinds, [len(part) for part in parts])
    joined = np.concatenate([np.empty(0, dtype=object), *parts])
    return _lines(joined, styles, np.zeros(len(styles), dtype=np.bool_))
