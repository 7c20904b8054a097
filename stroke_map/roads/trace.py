"""A sequence of segments -> its line, and the length and time of each part."""

from __future__ import annotations

import numpy as np

from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)


@njit(cache=True, nogil=True)
def trace_line(  # type: ignore[no-untyped-def]
    segments, first_share, last_share, segment_stretch, segment_forward, stretch_first_point, point_x, point_y
):
    """The line of a road, float64[n, 2] (lon, lat in degrees, WGS-84), n >= 2.

    `first_share` and `last_share`: where on the first and on the last segment it begins and ends, 0 to 1 in the direction of
    travel. Repeated points are left out.
    """
    most = 0
    for s in segments:
        n = segment_stretch[s]
        most += stretch_first_point[n + 1] - stretch_first_point[n] + 2
    line = np.empty((most + 2, 2), dtype=np.float64)
    count = 0
    for i in range(len(segments)):
        n = segment_stretch[segments[i]]
        ahead = segment_forward[segments[i]]
        first, last = stretch_first_point[n], stretch_first_point[n + 1] - 1
        begin = first_share if i == 0 else 0.0
        end = last_share if i == len(segments) - 1 else 1.0
        whole = begin <= 0.0 and end >= 1.0
        total = 0.0
        scale = np.cos(np.radians(point_y[first] * 1e-7))
        if not whole:
            for p in range(first, last):
                total += np.hypot((point_x[p + 1] - point_x[p]) * scale, float(point_y[p + 1] - point_y[p]))
        passed = 0.0
        for step in range(last - first):
            a = first + step if ahead else last - step
            b = a + 1 if ahead else a - 1
            ax, ay, bx, by = float(point_x[a]), float(point_y[a]), float(point_x[b]), float(point_y[b])
            low, high = 0.0, 1.0
            if not whole:
                length = np.hypot((bx - ax) * scale, by - ay)
                if length > 0.0:
                    low = (begin * total - passed) / length
                    high = (end * total - passed) / length
                elif total > 0.0:
                    continue
                passed += length
                # Rounded shares may point just beyond either end: these pieces hold them.
                if (low > 1.0 and step < last - first - 1) or (high < 0.0 and step > 0):
                    continue
                low, high = min(max(low, 0.0), 1.0), max(min(high, 1.0), 0.0)
            for share in (low, high):
                lon, lat = (ax + share * (bx - ax)) * 1e-7, (ay + share * (by - ay)) * 1e-7
                if count == 0 or line[count - 1, 0] != lon or line[count - 1, 1] != lat:
                    line[count, 0], line[count, 1] = lon, lat
                    count += 1
                    if count == len(line):
                        line = np.concatenate((line, np.empty_like(line)))
    if count == 0:  # nothing but the end of a segment whose last points lie on one another
        n = segment_stretch[segments[0]]
        at = (
            stretch_first_point[n + 1] - 1
            if segment_forward[segments[0]] == (first_share > 0.5)
            else stretch_first_point[n]
        )
        line[0, 0], line[0, 1] = point_x[at] * 1e-7, point_y[at] * 1e-7
        count = 1
    if count == 1:
        line[1] = line[0]
        count = 2
    return line[:count]


@njit(cache=True, nogil=True)
def shares_of(segments, first_share, last_share):  # type: ignore[no-untyped-def]
    """float64[n]: how much of each segment is driven."""
    driven = np.ones(len(segments), dtype=np.float64)
    if len(segments) == 1:
        driven[0] = last_share - first_share
    else:
        driven[0] = 1.0 - first_share
        driven[-1] = last_share
    return driven
