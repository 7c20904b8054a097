"""A grid over the pieces of every stretch: which roads lie near a point.

It is built once, maps into memory with the network, and answers in some ten microseconds. A shapely STRtree answers as fast
but takes seconds to build in every process.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

METRES_PER_UNIT = 111_195.080 * 1e-7  # one 1e-7 degree of latitude on the mean sphere
CELL_M = 200.0
MOST_CELLS = 4_000_000
MOST_CANDIDATES = 512


class Snapped(NamedTuple):
    """Positions on stretches near a point, the nearest first.

    Attributes
    ----------
    stretch
        int32[k].
    fraction
        float64[k] of the stretch's length from its first point, 0 to 1.
    distance_m
        float64[k] from the point asked for.
    x, y
        float64[k] where on the road, in 1e-7 degree.
    bearing_deg
        float64[k] compass bearing of the stretch there, in the direction of its points.
    """

    stretch: np.ndarray
    fraction: np.ndarray
    distance_m: np.ndarray
    x: np.ndarray
    y: np.ndarray
    bearing_deg: np.ndarray


def morton_order(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The order of points along a Z curve over their bounding box, int64[n]."""
    code = np.zeros(len(x), dtype=np.uint64)
    for axis, values in enumerate((x, y)):
        offset = values.astype(np.int64) - int(values.min())
        scaled = (offset * 0xFFFF // max(int(offset.max()), 1)).astype(np.uint64)
        for bit in range(16):
            code |= ((scaled >> np.uint64(bit)) & np.uint64(1)) << np.uint64(2 * bit + axis)
    return np.argsort(code, kind="stable")


def build_grid(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of the grid.

    `grid_origin` int64[6] = x0, y0, cell width, cell height (1e-7 degree), columns, rows; `grid_first` int64[cells + 1];
    `grid_piece` int32, the index of a piece's first point; `point_stretch` int32[P].
    """
    x, y, first_point = arrays["point_x"], arrays["point_y"], arrays["stretch_first_point"]
    x0, y0, x1, y1 = int(x.min()), int(y.min()), int(x.max()), int(y.max())
    scale = max(np.cos(np.radians((y0 + y1) / 2 * 1e-7)), 0.01)
    area_m2 = (x1 - x0) * scale * METRES_PER_UNIT * (y1 - y0) * METRES_PER_UNIT
    cell_m = max(CELL_M, float(np.sqrt(area_m2 / MOST_CELLS)))
    height = int(cell_m / METRES_PER_UNIT) + 1
    width = int(cell_m / METRES_PER_UNIT / scale) + 1
    origin = np.array([x0, y0, width, height, (x1 - x0) // width + 1, (y1 - y0) // height + 1], dtype=np.int64)
    point_stretch = np.repeat(np.arange(len(first_point) - 1, dtype=np.int32), np.diff(first_point))
    first = np.zeros(int(origin[4] * origin[5]) + 1, dtype=np.int64)
    _count_pieces(x, y, point_stretch, origin, first)
    np.cumsum(first, out=first)
    piece = np.empty(first[-1], dtype=np.int32)
    _fill_pieces(x, y, point_stretch, origin, first[:-1].copy(), piece)
    return {"grid_origin": origin, "grid_first": first, "grid_piece": piece, "point_stretch": point_stretch}


@njit(cache=True)
def _cell_span(x, y, p, origin, column):  # type: ignore[no-untyped-def]
    """First and last row that piece p touches in a column."""
    xa, ya, xb, yb = float(x[p]), float(y[p]), float(x[p + 1]), float(y[p + 1])
    left = origin[0] + column * origin[2]
    right = left + origin[2]
    if xa > xb:
        xa, ya, xb, yb = xb, yb, xa, ya
    y_in, y_out = ya, yb
    if xb > xa:
        if xa < left:
            y_in = ya + (yb - ya) * (left - xa) / (xb - xa)
        if xb > right:
            y_out = ya + (yb - ya) * (right - xa) / (xb - xa)
    # One unit of slack: a piece along a cell border belongs to both cells.
    low = int((min(y_in, y_out) - 1 - origin[1]) // origin[3])
    high = int((max(y_in, y_out) + 1 - origin[1]) // origin[3])
    return max(low, 0), min(high, origin[5] - 1)


@njit(cache=True)
def _columns(x, p, origin):  # type: ignore[no-untyped-def]
    low = (min(x[p], x[p + 1]) - 1 - origin[0]) // origin[2]
    high = (max(x[p], x[p + 1]) + 1 - origin[0]) // origin[2]
    return max(low, 0), min(high, origin[4] - 1)


@njit(cache=True)
def _count_pieces(x, y, point_stretch, origin, first):  # type: ignore[no-untyped-def]
    for p in range(len(x) - 1):
        if point_stretch[p] != point_stretch[p + 1]:
            continue
        column_low, column_high = _columns(x, p, origin)
        for column in range(column_low, column_high + 1):
            low, high = _cell_span(x, y, p, origin, column)
            for row in range(low, high + 1):
                first[row * origin[4] + column + 1] += 1


@njit(cache=True)
def _fill_pieces(x, y, point_stretch, origin, at, piece):  # type: ignore[no-untyped-def]
    for p in range(len(x) - 1):
        if point_stretch[p] != point_stretch[p + 1]:
            continue
        column_low, column_high = _columns(x, p, origin)
        for column in range(column_low, column_high + 1):
            low, high = _cell_span(x, y, p, origin, column)
            for row in range(low, high + 1):
                cell = row * origin[4] + column
                piece[at[cell]] = p
                at[cell] += 1


@njit(cache=True, nogil=True)
def snap(  # type: ignore[no-untyped-def]
    x,
    y,
    limit_m,
    spread_m,
    usable,
    point_x,
    point_y,
    point_stretch,
    stretch_first_point,
    grid_origin,
    grid_first,
    grid_piece,
):
    """Positions within `limit_m` of the point (x, y: 1e-7 degree) and within `spread_m` of the nearest.

    `usable` bool[N] says which stretches count. Returns the members of `Snapped`, unsorted after the first,
    which is the nearest.
    """
    stretch = np.empty(MOST_CANDIDATES, dtype=np.int32)
    at_piece = np.empty(MOST_CANDIDATES, dtype=np.int32)
    share = np.empty(MOST_CANDIDATES, dtype=np.float64)
    distance = np.empty(MOST_CANDIDATES, dtype=np.float64)
    scale = np.cos(np.radians(y * 1e-7))
    x0, y0, width, height, columns, rows = grid_origin
    cell_m = min(width * scale, float(height)) * METRES_PER_UNIT
    column, row = int(np.floor((x - x0) / width)), int(np.floor((y - y0) / height))
    # Rings that do not touch the grid hold nothing.
    ring = max(0, -column, column - columns + 1, -row, row - rows + 1)
    last_ring = max(abs(column), abs(column - columns + 1), abs(row), abs(row - rows + 1))
    count, best = 0, np.inf
    while ring <= last_ring and (ring - 1) * cell_m <= min(limit_m, best + spread_m):
        for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            edge = r == row - ring or r == row + ring
            step = 1 if edge or ring == 0 else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if c < 0 or c >= columns:
                    continue
                cell = r * columns + c
                for i in range(grid_first[cell], grid_first[cell + 1]):
                    p = grid_piece[i]
                    n = point_stretch[p]
                    if not usable[n]:
                        continue
                    d, t = _project(x, y, scale, point_x, point_y, p)
                    if d > limit_m or d > best + spread_m:
                        continue
                    best = min(best, d)
                    count = _keep(count, n, p, d, t, best + spread_m, stretch, at_piece, share, distance)
        ring += 1
    return _finish(count, best + spread_m, stretch, at_piece, share, distance, point_x, point_y, stretch_first_point)


@njit(cache=True, inline="always")
def _project(x, y, scale, point_x, point_y, p):  # type: ignore[no-untyped-def]
    """(distance in metres, share along the piece) of the point of piece p nearest to (x, y)."""
    ax, ay = (point_x[p] - x) * scale, point_y[p] - y
    bx, by = (point_x[p + 1] - x) * scale, point_y[p + 1] - y
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    t = 0.0 if square == 0.0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / square))
    return np.hypot(ax + t * dx, ay + t * dy) * METRES_PER_UNIT, t


@njit(cache=True)
def _keep(count, n, p, d, t, limit, stretch, at_piece, share, distance):  # type: ignore[no-untyped-def]
    """Remember the nearest position of each stretch; when full, drop what is too far by now."""
    for k in range(count):
        if stretch[k] == n:
            if d < distance[k]:
                at_piece[k], share[k], distance[k] = p, t, d
            return count
    if count == MOST_CANDIDATES:
        kept = 0
        for k in range(count):
            if distance[k] <= limit:
                stretch[kept], at_piece[kept] = stretch[k], at_piece[k]
                share[kept], distance[kept] = share[k], distance[k]
                kept += 1
        count = kept
        if count == MOST_CANDIDATES:
            return count
    stretch[count], at_piece[count], share[count], distance[count] = n, p, t, d
    return count + 1


@njit(cache=True)
def _finish(count, limit, stretch, at_piece, share, distance, point_x, point_y, stretch_first_point):  # type: ignore[no-untyped-def]
    kept = 0
    for k in range(count):
        if distance[k] <= limit:
            stretch[kept], at_piece[kept] = stretch[k], at_piece[k]
            share[kept], distance[kept] = share[k], distance[k]
            if distance[kept] < distance[0]:
                stretch[0], stretch[kept] = stretch[kept], stretch[0]
                at_piece[0], at_piece[kept] = at_piece[kept], at_piece[0]
                share[0], share[kept] = share[kept], share[0]
                distance[0], distance[kept] = distance[kept], distance[0]
            kept += 1
    fraction = np.empty(kept, dtype=np.float64)
    xs = np.empty(kept, dtype=np.float64)
    ys = np.empty(kept, dtype=np.float64)
    bearing = np.empty(kept, dtype=np.float64)
    for k in range(kept):
        p, t = at_piece[k], share[k]
        east = (point_x[p + 1] - point_x[p]) * np.cos(np.radians(point_y[p] * 1e-7))
        bearing[k] = np.degrees(np.arctan2(east, float(point_y[p + 1] - point_y[p]))) % 360.0
        xs[k] = point_x[p] + t * (point_x[p + 1] - point_x[p])
        ys[k] = point_y[p] + t * (point_y[p + 1] - point_y[p])
        fraction[k] = _fraction(p, t, stretch[k], point_x, point_y, stretch_first_point)
    return stretch[:kept], fraction, distance[:kept], xs, ys, bearing


@njit(cache=True)
def _fraction(piece, t, n, point_x, point_y, stretch_first_point):  # type: ignore[no-untyped-def]
    """Share of the stretch's length that lies before share t of a piece."""
    scale = np.cos(np.radians(point_y[piece] * 1e-7))
    before, total = 0.0, 0.0
    for q in range(stretch_first_point[n], stretch_first_point[n + 1] - 1):
        length = np.hypot((point_x[q + 1] - point_x[q]) * scale, float(point_y[q + 1] - point_y[q]))
        if q < piece:
            before += length
        elif q == piece:
            before += t * length
        total += length
    return before / total if total > 0.0 else 0.0
