"""Which pieces of road run along a drawn line, and which it crosses: compiled, over the network's own grid."""

from __future__ import annotations

import numpy as np

from stroke_map.roads.grid import METRES_PER_UNIT
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)


@njit(cache=True, nogil=True)
def pieces_in(west, south, east, north, grid_origin, grid_first, grid_piece):  # type: ignore[no-untyped-def]
    """int32[k] sorted: pieces in the grid's cells that a box (1e-7 degree) touches; nothing where it misses the grid."""
    x0, y0, width, height, columns, rows = grid_origin
    left = max(int(np.floor((west - x0) / width)), 0)
    right = min(int(np.floor((east - x0) / width)), columns - 1)
    low = max(int(np.floor((south - y0) / height)), 0)
    high = min(int(np.floor((north - y0) / height)), rows - 1)
    count = 0
    for row in range(low, high + 1):
        if left <= right:
            count += grid_first[row * columns + right + 1] - grid_first[row * columns + left]
    pieces = np.empty(count, dtype=np.int32)
    at = 0
    for row in range(low, high + 1):
        if left <= right:
            first, last = grid_first[row * columns + left], grid_first[row * columns + right + 1]
            pieces[at : at + last - first] = grid_piece[first:last]
            at += last - first
    return np.unique(pieces)


@njit(cache=True, nogil=True)
def overlaps(line, reach_m, wide_m, least_cosine, point_x, point_y, grid_origin, grid_first, grid_piece):  # type: ignore[no-untyped-def]
    """Every piece of road beside a line, once for each part of the line it is beside.

    `line` float64[n, 2] in 1e-7 degree. Returns (piece int32[k], measures float64[k, 4]): metres of the piece that lie within
    `wide_m` beside the part; metres within `reach_m` that also run with the part, and against it, by no more than the angle of
    `least_cosine`; and the share of the piece at which the part crosses it by more than that angle, -1 where it does not.
    """
    pieces = np.empty(256, dtype=np.int32)
    measures = np.empty((256, 4), dtype=np.float64)
    count = 0
    for j in range(len(line) - 1):
        ax, ay = line[j, 0], line[j, 1]
        bx, by = line[j + 1, 0], line[j + 1, 1]
        scale = np.cos(np.radians((ay + by) / 2 * 1e-7))
        dx, dy = (bx - ax) * scale * METRES_PER_UNIT, (by - ay) * METRES_PER_UNIT
        length = np.hypot(dx, dy)
        if length == 0.0:
            continue
        ux, uy = dx / length, dy / length
        pad_y = wide_m / METRES_PER_UNIT
        pad_x = pad_y / max(scale, 0.01)
        candidates = pieces_in(
            min(ax, bx) - pad_x, min(ay, by) - pad_y, max(ax, bx) + pad_x, max(ay, by) + pad_y,
            grid_origin, grid_first, grid_piece,
        )  # fmt: skip
        for p in candidates:
            px, py = (point_x[p] - ax) * scale * METRES_PER_UNIT, (point_y[p] - ay) * METRES_PER_UNIT
            qx, qy = (point_x[p + 1] - ax) * scale * METRES_PER_UNIT, (point_y[p + 1] - ay) * METRES_PER_UNIT
            # Along the part and across it, at both ends of the piece.
            s0, s1 = px * ux + py * uy, qx * ux + qy * uy
            c0, c1 = py * ux - px * uy, qy * ux - qx * uy
            size = np.hypot(qx - px, qy - py)
            if size == 0.0:
                continue
            low, high = _within(s0, s1, 0.0, length)
            wide = _share(low, high, c0, c1, wide_m)
            if wide <= 0.0 and not (c0 * c1 <= 0.0 and high >= low):
                continue
            cosine = (s1 - s0) / size
            near = _share(low, high, c0, c1, reach_m) if abs(cosine) >= least_cosine else 0.0
            crossing = -1.0
            if abs(cosine) < least_cosine and c0 * c1 <= 0.0 and c0 != c1:
                at = c0 / (c0 - c1)
                if low <= at <= high:
                    crossing = at
            if count == len(pieces):
                pieces = np.concatenate((pieces, np.empty_like(pieces)))
                measures = np.concatenate((measures, np.empty_like(measures)))
            pieces[count] = p
            measures[count, 0] = wide * size
            measures[count, 1] = near * size if cosine > 0.0 else 0.0
            measures[count, 2] = near * size if cosine < 0.0 else 0.0
            measures[count, 3] = crossing
            count += 1
    return pieces[:count], measures[:count]


@njit(cache=True, inline="always")
def _within(v0, v1, least, most):  # type: ignore[no-untyped-def]
    """The shares (from, to) of the way from v0 to v1 that lie between two values; from > to where none does."""
    if v0 == v1:
        return (0.0, 1.0) if least <= v0 <= most else (1.0, 0.0)
    t0, t1 = (least - v0) / (v1 - v0), (most - v0) / (v1 - v0)
    if t0 > t1:
        t0, t1 = t1, t0
    return max(t0, 0.0), min(t1, 1.0)


@njit(cache=True, inline="always")
def _share(low, high, c0, c1, reach):  # type: ignore[no-untyped-def]
    """How much of [low, high] lies within `reach` of the line."""
    near, far = _within(c0, c1, -reach, reach)
    return max(min(high, far) - max(low, near), 0.0)
