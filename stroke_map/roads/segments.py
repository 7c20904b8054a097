"""Stretches -> directed segments, with travel times and the directions in which they leave and arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.roads.classes import Flag

if TYPE_CHECKING:
    from stroke_map.roads.read import RawRoads
    from stroke_map.roads.stretches import Stretches

#: How far from a junction the direction of a road is taken: mappers' first centimetres say little about the bend.
BEARING_OVER_M = 12.0


@dataclass(slots=True)
class Segments:
    """B directed segments, before restricted and banned turns make copies of some.

    Attributes
    ----------
    stretch, forward
        int32[B], bool[B]: which stretch, and whether in its way's direction.
    tail, head
        int32[B] node indices.
    time_ms
        int32[B] at the profile's speed, at least 1.
    restricted
        bool[B]: may be entered only to reach or leave a place on it.
    leaving_deg, arriving_deg
        float32[B] compass bearings of travel at the tail and at the head.
    """

    stretch: np.ndarray
    forward: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    time_ms: np.ndarray
    restricted: np.ndarray
    leaving_deg: np.ndarray
    arriving_deg: np.ndarray

    def __len__(self) -> int:
        """B."""
        return len(self.stretch)


def direct_stretches(raw: RawRoads, stretches: Stretches) -> Segments:
    """One segment for every direction in which a stretch may be driven."""
    forward_speed, forward_restricted = _direction(raw, "forward")
    backward_speed, backward_restricted = _direction(raw, "backward")
    way = stretches.way
    ahead, back = np.flatnonzero(forward_speed[way] > 0), np.flatnonzero(backward_speed[way] > 0)
    stretch = np.concatenate([ahead, back]).astype(np.int32)
    forward = np.concatenate([np.ones(len(ahead), bool), np.zeros(len(back), bool)])
    speed_kph = np.concatenate([forward_speed[way[ahead]], backward_speed[way[back]]])
    restricted = np.concatenate([forward_restricted[way[ahead]], backward_restricted[way[back]]])

    duration_s = np.array([way.use.duration_s or 0.0 for way in raw.ways])
    of_way = way[stretch]
    length_m = stretches.length_m[stretch]
    time_s = length_m * 3.6 / speed_kph
    timetabled = (duration_s[of_way] > 0) & (stretches.way_length_m[of_way] > 0)
    share = length_m[timetabled] / stretches.way_length_m[of_way[timetabled]]
    time_s[timetabled] = duration_s[of_way[timetabled]] * share
    time_ms = np.clip(np.rint(time_s * 1000), 1, 2**30).astype(np.int32)

    tail, head = stretches.tail[stretch], stretches.head[stretch]
    from_start, to_end = _bearings(stretches)
    return Segments(
        stretch=stretch,
        forward=forward,
        tail=np.where(forward, tail, head).astype(np.int32),
        head=np.where(forward, head, tail).astype(np.int32),
        time_ms=time_ms,
        restricted=restricted,
        leaving_deg=np.where(forward, from_start[stretch], (to_end[stretch] + 180) % 360).astype(np.float32),
        arriving_deg=np.where(forward, to_end[stretch], (from_start[stretch] + 180) % 360).astype(np.float32),
    )


def _direction(raw: RawRoads, name: str) -> tuple[np.ndarray, np.ndarray]:
    uses = [getattr(way.use, name) for way in raw.ways]
    speed = np.array([use.speed_kph if use else 0.0 for use in uses])
    return speed, np.array([bool(use and use.restricted) for use in uses])


def _bearings(stretches: Stretches) -> tuple[np.ndarray, np.ndarray]:
    """Bearing over the first, and over the last, BEARING_OVER_M of every stretch; degrees clockwise from north."""
    first, last = stretches.first_point[:-1], stretches.first_point[1:] - 1
    # Walk inwards one point at a time, for all stretches together: nearly all are done after two or three rounds.
    inner_first, inner_last = first + 1, last - 1
    for _ in range(8):
        near = (_distance_m(stretches, first, inner_first) < BEARING_OVER_M) & (inner_first < last)
        inner_first[near] += 1
        near = (_distance_m(stretches, inner_last, last) < BEARING_OVER_M) & (inner_last > first)
        inner_last[near] -= 1
    return _bearing(stretches, first, inner_first), _bearing(stretches, inner_last, last)


def _offsets_m(stretches: Stretches, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = stretches.point_x, stretches.point_y
    scale = np.cos(np.radians(y[a] * 1e-7))
    metres = 111_195 * 1e-7
    return (x[b] - x[a].astype(np.float64)) * scale * metres, (y[b] - y[a].astype(np.float64)) * metres


def _distance_m(stretches: Stretches, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.hypot(*_offsets_m(stretches, a, b))


def _bearing(stretches: Stretches, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    east, north = _offsets_m(stretches, a, b)
    return np.degrees(np.arctan2(east, north)) % 360


def stretch_flags(raw: RawRoads, stretches: Stretches, segments: Segments) -> np.ndarray:
    """uint16[N]: the way's flags, with ONE_WAY and RESTRICTED as the segments really are."""
    flags = np.array([way.use.flags for way in raw.ways], dtype=np.uint32)[stretches.way]
    directions = np.bincount(segments.stretch, minlength=len(flags))
    flags &= ~np.uint32(Flag.ONE_WAY | Flag.RESTRICTED)
    flags |= np.where(directions == 1, np.uint32(Flag.ONE_WAY), np.uint32(0))
    restricted = np.zeros(len(flags), dtype=bool)
    restricted[segments.stretch[segments.restricted]] = True
    return flags | np.where(restricted, np.uint32(Flag.RESTRICTED), np.uint32(0))
