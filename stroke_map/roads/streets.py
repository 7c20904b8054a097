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
    stretch_name_en: np.ndarray
    stretch_ref: np.ndarray
    stretch_destination: np.ndarray
    stretch_class: np.ndarray
    stretch_flags: np.ndarray
    stretch_length_m: np.ndarray
    stretch_first_point: np.ndarray
    point_x: np.ndarray
    point_y: np.ndarray
    turn_first: np.ndarray
    turn_to: np.ndarray


class Street(NamedTuple):
    """What is known in whole numbers of one street of a road; `before` is the stretch one comes from, -1 at the beginning.

    Names are places in the texts of the network; coordinates 1e-7 degree, WGS-84, where the street begins; `exits` those met on a roundabout.
    """

    stretch: int
    before: int
    flags: int
    flags_before: int
    class_: int
    class_before: int
    name: int
    name_en: int
    ref: int
    destination: int
    exits: int
    x: int
    y: int


_FIELDS: Final = len(Street._fields)
_EXITS: Final = Street._fields.index("exits")


@njit(cache=True, nogil=True)
def find_streets(segments, waiting_ms, driven, streets):  # type: ignore[no-untyped-def]
    """Group the segments of a road by street.

    Parameters
    ----------
    segments, waiting_ms, driven
        int32[n]; float64[n] of the turn onto each and of what slows it now; float64[n] share driven of each.

    Returns
    -------
    (int64[k, 13] the fields of `Street`; float64[k, 4] metres, milliseconds, turned degrees, metres in tunnels)
    """
    whole = np.empty((len(segments), _FIELDS), dtype=np.int64)
    figure = np.zeros((len(segments), 4), dtype=np.float64)
    count, before, before_ms = 0, -1, 0.0
    for i in range(len(segments)):
        s = segments[i]
        n = streets.segment_stretch[s]
        metres = streets.stretch_length_m[n] * driven[i]
        ms = streets.segment_time_ms[s] * driven[i] + waiting_ms[i]
        if metres <= SHORTEST_STEP_M:
            before_ms += ms
            continue
        if before < 0 or _another_street(before, s, streets):
            _begin(whole[count], before, s, streets)
            if before >= 0:
                figure[count, 2] = turn_angle(streets.segment_arriving_deg[before], streets.segment_leaving_deg[s])
            count += 1
        elif streets.stretch_flags[n] & ROUNDABOUT and _has_exit(before, streets):
            whole[count - 1, _EXITS] += 1
        figure[count - 1, 0] += metres
        figure[count - 1, 1] += ms + before_ms
        if streets.stretch_flags[n] & TUNNEL:
            figure[count - 1, 3] += metres
        before, before_ms = s, 0.0
    if count > 0:
        figure[count - 1, 1] += before_ms
    return whole[:count], figure[:count]


@njit(cache=True, nogil=True)
def _begin(street, before, s, streets):  # type: ignore[no-untyped-def]
    """Write down, in the order of `Street`, the street that begins with segment s."""
    n = streets.segment_stretch[s]
    b = streets.segment_stretch[before] if before >= 0 else -1
    point = streets.stretch_first_point[n] if streets.segment_forward[s] else streets.stretch_first_point[n + 1] - 1
    street[0], street[1] = n, b
    street[2], street[3] = streets.stretch_flags[n], streets.stretch_flags[b] if b >= 0 else 0
    street[4], street[5] = streets.stretch_class[n], streets.stretch_class[b] if b >= 0 else -1
    street[6], street[7] = streets.stretch_name[n], streets.stretch_name_en[n]
    street[8], street[9] = streets.stretch_ref[n], streets.stretch_destination[n]
    street[10], street[11], street[12] = 1, streets.point_x[point], streets.point_y[point]


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
