"""Which segments of a road network a closure touches."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np
import shapely

from stroke_map.live.geometry import length_m
from stroke_map.live.overlap import overlaps, pieces_in

if TYPE_CHECKING:
    from stroke_map.live.closures import Direction, NewClosure
    from stroke_map.roads import RoadNetwork

#: A stretch runs along a line where it is this near, and turned from it by no more than this.
REACH_M: Final = 15.0
ANGLE_DEG: Final = 30.0
#: A stretch that is beside the line so far, but not within `REACH_M` for at least half of it, is another road.
WIDE_M: Final = 45.0
#: So much of a stretch makes it part of the line in any case; less than the second only if it is half of the stretch or line.
SURELY_M: Final = 100.0
LEAST_M: Final = 20.0
#: A line no longer than this closes the streets it crosses, if it is not just a line along a street drawn past a corner.
SHORT_M: Final = 100.0
CORNER_M: Final = 15.0
# Long parts of a line are cut, so that the box around each holds few roads.
_CUT_DEG = 500.0 / 111_195.0


@dataclass(frozen=True)
class Placed:
    """Where a closure lies in one network.

    Attributes
    ----------
    segments
        int32[k], sorted: the network's own segments, all copies of each.
    stretches
        int32[n], sorted: the stretches they belong to.
    unknown_ways
        OpenStreetMap way ids that no road of this network has.
    reason
        Why nothing was found; empty where something was.
    """

    segments: np.ndarray
    stretches: np.ndarray
    unknown_ways: tuple[int, ...] = ()
    reason: str = ""


def place(network: RoadNetwork, closure: NewClosure) -> Placed:
    """The segments of `network` that `closure` touches; depends on nothing else, so it may be kept for as long as both last.

    A line touches the stretches that run along it (see the constants of this module), and, where it is short, the
    streets it crosses. A polygon touches every stretch that enters it. Ways are taken exactly. Only directions that may
    be driven are there to be touched.
    """
    network = network.same_roads  # where a road lies does not hang on the hour
    with _LOCK:
        roads = _PLACERS.get(network)
        if roads is None:
            roads = _PLACERS[network] = _Roads(network)
    if closure.ways:
        return roads.by_ways(closure)
    assert closure.geometry is not None  # noqa: S101  a closure has ways or a geometry
    if isinstance(closure.geometry, shapely.Polygon | shapely.MultiPolygon):
        return roads.by_polygon(closure.geometry, closure.layer)
    return roads.by_line(closure.geometry, closure.direction, closure.layer)


class _Roads:
    """A network with the two indices that placing needs besides the network's own."""

    def __init__(self, network: RoadNetwork) -> None:
        self.__dict__.update({name: getattr(network, name) for name in _ARRAYS})
        # The segments of stretch n in direction d (0 forward): by_stretch[first[2n + d] : first[2n + d + 1]].
        key = self.segment_stretch.astype(np.int64) * 2 + ~self.segment_forward
        self.by_stretch = np.argsort(key, kind="stable").astype(np.int32)
        self.first = np.searchsorted(key[self.by_stretch], np.arange(2 * len(self.stretch_way_id) + 1))
        self.by_way = np.argsort(self.stretch_way_id, kind="stable")
        self.way_ids = self.stretch_way_id[self.by_way]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> np.ndarray: ...

    def by_ways(self, closure: NewClosure) -> Placed:
        asked = np.array(closure.ways, dtype=np.int64)
        first, last = np.searchsorted(self.way_ids, asked), np.searchsorted(self.way_ids, asked, side="right")
        unknown = tuple(asked[first == last].tolist())
        stretches = self.by_way[_ranges(first, last)]
        one = np.array([closure.direction != "backward", closure.direction != "forward"])
        reason = "no road of this map has any of these way ids" if len(unknown) == len(asked) else ""
        sides = np.tile(one, (len(stretches), 1))
        return self._placed(stretches, sides, closure.layer, reason, unknown)

    def by_polygon(self, polygon: shapely.Geometry, layer: int | None) -> Placed:
        parts = shapely.get_parts(polygon)
        boxes = shapely.bounds(parts) * 1e7
        found = [
            self.point_stretch[pieces_in(*box, self.grid_origin, self.grid_first, self.grid_piece)] for box in boxes
        ]
        stretches = np.unique(np.concatenate(found))
        shapely.prepare(polygon)
        stretches = stretches[shapely.intersects(polygon, self._lines(stretches))]
        sides = np.ones((len(stretches), 2), dtype=bool)
        return self._placed(stretches, sides, layer, "no road enters the polygon")

    def by_line(self, line: shapely.Geometry, direction: Direction, layer: int | None) -> Placed:
        parts = [self._by_part(part, direction) for part in shapely.get_parts(line)]
        stretches, sides = (np.concatenate([part[i] for part in parts]) for i in range(2))
        reason = "no road runs along the line"
        if direction == "both":
            reason += f", and it is not a short one (up to {SHORT_M:g} m) across a road"
        return self._placed(stretches, sides, layer, reason)

    def _by_part(self, line: shapely.LineString, direction: Direction) -> tuple[np.ndarray, np.ndarray]:
        """(stretches [n], whether closed in and against their own direction bool[n, 2]) of one line."""
        points = shapely.get_coordinates(shapely.segmentize(line, _CUT_DEG)) * 1e7
        piece, measures = overlaps(
            points, REACH_M, WIDE_M, math.cos(math.radians(ANGLE_DEG)),
            self.point_x, self.point_y, self.grid_origin, self.grid_first, self.grid_piece,
        )  # fmt: skip
        stretch, index = np.unique(self.point_stretch[piece], return_inverse=True)
        wide, with_it, against = (np.bincount(index, measures[:, i], len(stretch)) for i in range(3))
        line_m, stretch_m = length_m(line), self.stretch_length_m[stretch]
        run = np.minimum(with_it + against, stretch_m)
        least = np.minimum(LEAST_M, np.minimum(stretch_m, line_m) / 2)
        along = (run >= least) & (run > 0) & ((2 * run >= np.minimum(wide, stretch_m)) | (run >= SURELY_M))
        forward = with_it >= against
        # A column for each direction of the stretch; the line's own is the first where the stretch runs with it.
        sides = np.stack([forward, ~forward], axis=1) ^ (direction == "backward")
        sides = along[:, None] & (sides | (direction == "both"))
        if direction == "both" and line_m <= SHORT_M:
            crosses = measures[:, 3] >= 0
            if along.any():
                crosses[crosses] = self._is_inside(piece[crosses], measures[crosses, 3])
            sides[index[crosses]] = True
        chosen = sides.any(axis=1)
        return stretch[chosen], sides[chosen]

    def _is_inside(self, piece: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Whether places on pieces are farther than CORNER_M from both ends of their stretches."""
        inside = np.zeros(len(piece), dtype=bool)
        for i, (p, t) in enumerate(zip(piece.tolist(), share.tolist(), strict=True)):
            n = self.point_stretch[p]
            first, last = self.stretch_first_point[n], self.stretch_first_point[n + 1]
            scale = (math.cos(math.radians(self.point_y[p] * 1e-7)) * 0.011119508, 0.011119508)
            points = np.column_stack([self.point_x[first:last], self.point_y[first:last]]) * scale
            lengths = np.hypot(*np.diff(points, axis=0).T)
            before = lengths[: p - first].sum() + t * lengths[p - first]
            inside[i] = CORNER_M < before < lengths.sum() - CORNER_M
        return inside

    def _lines(self, stretches: np.ndarray) -> np.ndarray:
        first, last = self.stretch_first_point[stretches], self.stretch_first_point[stretches + 1]
        points = _ranges(first, last)
        places = np.column_stack([self.point_x[points], self.point_y[points]]) * 1e-7
        lines: np.ndarray = shapely.linestrings(places, indices=np.repeat(np.arange(len(stretches)), last - first))
        return lines

    def _placed(
        self,
        stretches: np.ndarray,
        sides: np.ndarray,
        layer: int | None,
        reason: str,
        unknown_ways: tuple[int, ...] = (),
    ) -> Placed:
        if layer is not None and len(stretches):
            there = self.stretch_layer[stretches] == layer
            stretches, sides = stretches[there], sides[there]
            reason = reason if there.any() else f"none of the roads there has layer {layer}"
        key = (stretches.astype(np.int64)[:, None] * 2 + np.arange(2))[sides]
        segments = np.unique(self.by_stretch[_ranges(self.first[key], self.first[key + 1])])
        if len(stretches) and not len(segments):
            reason = "the roads there may not be driven in that direction anyway"
        used = np.unique(self.segment_stretch[segments])
        return Placed(segments, used, unknown_ways, "" if len(segments) else reason)


def _ranges(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """All numbers of the ranges [first, last), one range after the other."""
    size = last - first
    starts = np.cumsum(size) - size
    return np.arange(size.sum()) - np.repeat(starts - first, size)


_ARRAYS = (
    "point_x", "point_y", "point_stretch", "stretch_first_point", "stretch_way_id", "stretch_layer", "stretch_length_m",
    "segment_stretch", "segment_forward", "grid_origin", "grid_first", "grid_piece",
)  # fmt: skip
_PLACERS: WeakKeyDictionary[RoadNetwork, _Roads] = WeakKeyDictionary()
_LOCK = threading.Lock()
