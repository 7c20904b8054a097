"""Ways -> stretches: the road between two junctions, without direction, and its geometry.

Ways are cut where they meet, where they end, where something stands on them (a barrier, a signal), and where the file
lacks a node: what lies beyond a missing node is unknown, so it is never bridged by a straight line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.errors import RoadDataError

if TYPE_CHECKING:
    from stroke_map.roads.read import RawRoads

EARTH_RADIUS_M = 6_371_008.8  # mean radius of WGS-84, IUGG
COORDINATE_UNIT = 1e-7  # degree; the unit OpenStreetMap itself stores


@dataclass(slots=True)
class Stretches:
    """N stretches with P points.

    Attributes
    ----------
    point_node, point_x, point_y
        int32[P] node index and location; a stretch's points are contiguous and run in its way's direction.
    first_point
        int64[N + 1].
    way
        int32[N] index into the ways given.
    length_m
        float64[N], along the points.
    way_length_m
        float64[W], the whole way as far as it is known.
    missing_nodes
        How many node references the file could not resolve.
    """

    point_node: np.ndarray
    point_x: np.ndarray
    point_y: np.ndarray
    first_point: np.ndarray
    way: np.ndarray
    length_m: np.ndarray
    way_length_m: np.ndarray
    missing_nodes: int

    @property
    def tail(self) -> np.ndarray:
        """int32[N] node index of the first point."""
        return self.point_node[self.first_point[:-1]]

    @property
    def head(self) -> np.ndarray:
        """int32[N] node index of the last point."""
        return self.point_node[self.first_point[1:] - 1]


def piece_lengths_m(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Great-circle metres between consecutive points, float64[n - 1]; `x`, `y` longitude and latitude in 1e-7 degree.

    Haversine on the mean sphere: within .3 % of the ellipsoid, exact enough where speeds are estimates.
    """
    lon, lat = np.radians(x * COORDINATE_UNIT), np.radians(y * COORDINATE_UNIT)
    half = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half))


def cut_into_stretches(raw: RawRoads) -> Stretches:
    """Cut every way at its junctions.

    Raises
    ------
    RoadDataError
        No two consecutive nodes of any way are in the file.
    """
    counts = np.array([len(way.refs) for way in raw.ways], dtype=np.int64)
    refs = np.fromiter((ref for way in raw.ways for ref in way.refs), dtype=np.int64, count=int(counts.sum()))
    way = np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    node = np.searchsorted(raw.node_id, refs)
    node[node == len(raw.node_id)] = 0
    known = raw.node_id[node] == refs
    # An unknown node, and the same node twice in a row, end the piece of way before them.
    same_way = way[1:] == way[:-1]
    joined = same_way & known[1:] & known[:-1]
    repeated = joined & (node[1:] == node[:-1])
    keep = known.copy()
    keep[1:] &= ~repeated

    broken_before = np.ones(len(refs), dtype=bool)
    broken_before[1:] = ~joined
    broken_before = _carry_to_next_kept(broken_before, keep)
    node, way, starts = node[keep].astype(np.int32), way[keep], broken_before[keep]
    # A run of one point is no road.
    ends = np.append(starts[1:], True)
    alone = starts & ends
    node, way, starts, ends = node[~alone], way[~alone], starts[~alone], ends[~alone]
    if not len(node):
        raise RoadDataError(
            "no road of this file has two consecutive nodes", next_step="Extract it again with complete ways."
        )

    cut = starts | ends | _is_junction(node, starts, ends, raw)[node]
    # Every cut point but the last of a run begins a stretch; every one but the first ends one.
    begins, finishes = np.flatnonzero(cut & ~ends), np.flatnonzero(cut & ~starts)
    return _assemble(raw, node, way, begins, finishes, missing=int((~known).sum()))


def _carry_to_next_kept(flag: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Where a dropped entry carries the flag, the next kept one carries it too."""
    group = np.cumsum(keep) - keep  # number of kept entries before this one = index of the next kept one, this included
    carried = np.zeros(int(keep.sum()) + 1, dtype=bool)
    np.logical_or.at(carried, group, flag)
    result = np.zeros(len(flag), dtype=bool)
    result[keep] = carried[:-1]
    return result


def _is_junction(node: np.ndarray, starts: np.ndarray, ends: np.ndarray, raw: RawRoads) -> np.ndarray:
    uses = np.bincount(node, minlength=len(raw.node_id))
    uses += np.bincount(node[starts | ends], minlength=len(raw.node_id))
    junction = uses > 1
    if raw.nodes:
        junction |= np.isin(raw.node_id, np.fromiter(raw.nodes, dtype=np.int64))
    return junction


def _assemble(
    raw: RawRoads, node: np.ndarray, way: np.ndarray, begins: np.ndarray, finishes: np.ndarray, *, missing: int
) -> Stretches:
    sizes = finishes - begins + 1
    first_point = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    take = np.arange(first_point[-1]) - np.repeat(first_point[:-1], sizes) + np.repeat(begins, sizes)
    point_node = node[take]
    x, y = raw.node_x[point_node], raw.node_y[point_node]
    pieces = piece_lengths_m(x.astype(np.float64), y.astype(np.float64))
    pieces[first_point[1:-1] - 1] = 0.0  # the jump from one stretch to the next
    length = np.add.reduceat(np.append(pieces, 0.0), first_point[:-1])
    stretch_way = way[begins]
    way_length = np.bincount(stretch_way, weights=length, minlength=len(raw.ways))
    return Stretches(point_node, x, y, first_point, stretch_way, length, way_length, missing)
