"""Where on a road one street ends and the next begins, and all the figures a step needs, in one compiled pass."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from stroke_map.roads.classes import Flag
from stroke_map.roads.turns import turn_angle
from stroke_map.settings import prepare_numba_cache

prepare_numba_cache()
from numba import njit  # noqa: E402  (the cache folder must be set first)

#: Shorter than this is rounding of coordinates (1e-6 degree is 11 cm), not a street one drives on.
SHORTEST_STEP_M: Final = 0.2
#: From here on a bend between two unnamed roads is told as a turn.
UNNAMED_TURN_DEG: Final = 40.0
ROUNDABOUT: Final = int(Flag.ROUNDABOUT)
TUNNEL: Final = int(Flag.TUNNEL)
CARRIED: Final = int(Flag.FERRY | Flag.TRAIN)


class Streets(NamedTuple):
    """What compiled code needs of a network to tell streets apart."""

    segment_stretch: np.ndarray
    segment_forward: np.ndarray
    segment_time_ms: np.ndarray
    segment_leaving_deg: np.ndarray
    segment_arriving_deg: np.ndarray
    stretch_name: np.ndarray
    stretch_flags: np.ndarray
    stretch_length_m: np.ndarray
    turn_first: np.ndarray
    turn_to: np.ndarray


@njit(cache=True, nogil=True)
def find_streets(segments, turn_ms, driven, streets):  # type: ignore[no-untyped-def]
    """Group the segments of a road by street.

    Parameters
    ----------
    segments, turn_ms, driven
        int32[n]; float64[n] time of the turn onto each, 0 for the first; float64[n] share driven of each.

    Returns
    -------
    (count, int32[n, 3] first segment, segment before it or -1, exits met on a roundabout;
    float64[n, 4] metres, milliseconds, turned degrees, metres in tunnels)
    """
    index = np.empty((len(segments), 3), dtype=np.int32)
    figure = np.zeros((len(segments), 4), dtype=np.float64)
    count, before, waiting_ms = 0, -1, 0.0
    for i in range(len(segments)):
        s = segments[i]
        n = streets.segment_stretch[s]
        metres = streets.stretch_length_m[n] * driven[i]
        ms = streets.segment_time_ms[s] * driven[i] + turn_ms[i]
        if metres <= SHORTEST_STEP_M:
            waiting_ms += ms
            continue
        if before < 0 or _another_street(before, s, streets):
            index[count, 0], index[count, 1], index[count, 2] = s, before, 1
            if before >= 0:
                figure[count, 2] = turn_angle(streets.segment_arriving_deg[before], streets.segment_leaving_deg[s])
            count += 1
        elif streets.stretch_flags[n] & ROUNDABOUT and _has_exit(before, streets):
            index[count - 1, 2] += 1
        figure[count - 1, 0] += metres
        figure[count - 1, 1] += ms + waiting_ms
        if streets.stretch_flags[n] & TUNNEL:
            figure[count - 1, 3] += metres
        before, waiting_ms = s, 0.0
    if count > 0:
        figure[count - 1, 1] += waiting_ms
    return count, index[:count], figure[:count]


@njit(cache=True, nogil=True)
def _another_street(before, s, streets):  # type: ignore[no-untyped-def]
    a, b = streets.segment_stretch[before], streets.segment_stretch[s]
    if streets.stretch_name[a] != streets.stretch_name[b]:
        return True
    if a == b and streets.segment_forward[before] != streets.segment_forward[s]:
        return True  # turned round
    changed = streets.stretch_flags[a] ^ streets.stretch_flags[b]
    if changed & CARRIED:
        return True
    if streets.stretch_name[b] != 0:
        return False
    if changed & ROUNDABOUT:
        return True
    angle = turn_angle(streets.segment_arriving_deg[before], streets.segment_leaving_deg[s])
    return abs(angle) > UNNAMED_TURN_DEG and not streets.stretch_flags[b] & ROUNDABOUT


@njit(cache=True, nogil=True)
def _has_exit(s, streets):  # type: ignore[no-untyped-def]
    """Whether one could leave the roundabout at the end of segment s."""
    for t in range(streets.turn_first[s], streets.turn_first[s + 1]):
        if not streets.stretch_flags[streets.segment_stretch[streets.turn_to[t]]] & ROUNDABOUT:
            return True
    return False
