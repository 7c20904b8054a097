"""One road driven by two routers, leg by leg: where the time is lost."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.roads.stretches import piece_lengths_m
from stroke_map.roads.turns import turn_angle

if TYPE_CHECKING:
    from bench.osrm import Osrm, Point
    from bench.peers import Origin
    from bench.their_road import Driven
    from bench.valhalla import Valhalla
    from stroke_map.roads import RoadNetwork

#: Legs begin and end within stretches at least so long; on shorter ones a snapped point is nearly at the junction.
_LONG_M = 12.0


class Leg(NamedTuple):
    """A piece of one of our roads: ours and theirs; the turns within are those after `first` up to `last` (indices of segments)."""

    first: int
    last: int
    mine_s: float
    theirs_s: float
    mine_m: float
    theirs_m: float


def drive_legs(
    network: RoadNetwork, peer: Osrm | Valhalla, ends: tuple[Origin, Point], road: Driven, last: float
) -> list[Leg]:
    """A road in legs, cut within its stretches, so that a leg is either within a stretch or over a junction."""
    origin, goal = ends
    segments, turns, shares = road.segments, road.turns, (float(origin.starts.share[road.start]), last)
    time_s = network.segment_time_ms[segments] / 1000
    length_m = network.stretch_length_m[network.segment_stretch[segments]].astype(float)
    turn_s = np.concatenate([[0.0], network.turn_time_ms(turns) / 1000])
    begun_s, begun_m = np.cumsum(turn_s) + np.cumsum(time_s) - time_s, np.cumsum(length_m) - length_m
    cuts = [(0, shares[0], origin.place)]
    for k, whole_m in enumerate(length_m.tolist()):
        begin, end = shares[0] if k == 0 else 0.0, shares[1] if k == len(length_m) - 1 else 1.0
        if (end - begin) * whole_m >= _LONG_M:
            inside = (begin + part * (end - begin) for part in (0.25, 0.75))
            cuts += [(k, share, _place(network, int(segments[k]), share)) for share in inside]
    cuts.append((len(segments) - 1, shares[1], goal))
    told = peer.legs([place for _, _, place in cuts])
    legs = []
    for ((a, share_a, _), (b, share_b, _)), leg in zip(itertools.pairwise(cuts), told, strict=False):
        mine_s = begun_s[b] + share_b * time_s[b] - begun_s[a] - share_a * time_s[a]
        mine_m = begun_m[b] + share_b * length_m[b] - begun_m[a] - share_a * length_m[a]
        legs.append(Leg(a, b, float(mine_s), leg.time_s, float(mine_m), leg.distance_m))
    return legs


def _place(network: RoadNetwork, segment: int, share: float) -> Point:
    stretch = network.segment_stretch[segment]
    points = slice(network.stretch_first_point[stretch], network.stretch_first_point[stretch + 1])
    x, y = (np.asarray(axis[points], dtype=float) for axis in (network.point_x, network.point_y))
    if not network.segment_forward[segment]:
        x, y = x[::-1], y[::-1]
    along = np.concatenate([[0.0], np.cumsum(piece_lengths_m(x, y))])
    at = share * along[-1]
    return float(np.interp(at, along, y)) * 1e-7, float(np.interp(at, along, x)) * 1e-7


def sharpest_turn_deg(network: RoadNetwork, segments: np.ndarray) -> float:
    """How far the sharpest turn along segments turns; 180 is back."""
    headings = []
    for segment in segments.tolist():
        begin, near, far, end = (_place(network, segment, share) for share in (0.0, 0.05, 0.95, 1.0))
        headings.append((_heading_deg(begin, near), _heading_deg(far, end)))
    return max((abs(turn_angle(before[1], after[0])) for before, after in itertools.pairwise(headings)), default=0.0)


def _heading_deg(one: Point, other: Point) -> float:
    east = (other[1] - one[1]) * np.cos(np.radians(one[0]))
    return float(np.degrees(np.arctan2(east, other[0] - one[0]))) % 360.0
