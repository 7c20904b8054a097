"""A sequence of segments -> the steps a driver is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.roads.classes import CLASS_INDEX, Flag
from stroke_map.roads.streets import CARRIED, ROUNDABOUT, UNNAMED_TURN_DEG, Street, find_streets

if TYPE_CHECKING:
    from stroke_map.roads.network import RoadNetwork

# Plain numbers: an IntFlag's own operators cost more than everything else here.
_FERRY, _MOTORWAY = int(Flag.FERRY), int(Flag.MOTORWAY)
_LINKS = frozenset(index for name, index in CLASS_INDEX.items() if name.endswith("_link"))


class Step(NamedTuple):
    """One street of a road.

    Attributes
    ----------
    name, name_en, ref
        The street's `name`, `name:en` and `ref` tags; empty where it has none.
    distance_m, travel_time_s
        On this street; the time includes the turn onto it.
    maneuver
        `depart`, `arrive`, `continue`, `uturn`, `roundabout`, `exit roundabout`, `ferry`, `train`, `on ramp`, `off ramp`, `merge`,
        or `[slight|sharp] left|right`: how one comes onto the street.
    exit
        Which exit to take, for `roundabout`.
    destination
        What the signs say, where the road is a ramp.
    tunnel
        Whether most of the street lies in a tunnel.
    point
        (lon, lat) in degrees, WGS-84, where the step begins.
    """

    name: str
    name_en: str
    ref: str
    distance_m: float
    travel_time_s: float
    maneuver: str
    exit: int | None = None
    destination: str = ""
    tunnel: bool = False
    point: tuple[float, float] = (0.0, 0.0)


def make_steps(
    network: RoadNetwork,
    segments: np.ndarray,
    turns: np.ndarray,
    driven: np.ndarray,
    slower_ms: np.ndarray | None = None,
) -> list[Step]:
    """Group the segments of a road into streets.

    Parameters
    ----------
    segments, turns, driven
        int32[n], int64[n - 1], float64[n]: the road, the turns between its segments, and the share driven of each.
    slower_ms
        float64[n]: how much longer each segment takes now; None: not at all.
    """
    waiting_ms = np.zeros(len(segments))
    waiting_ms[1:] = network.turn_time_ms(turns)
    if slower_ms is not None:
        waiting_ms += slower_ms * driven
    whole, figures = find_streets(segments, waiting_ms, driven, network.streets)
    names, names_en, refs, destinations = (network.texts[kind] for kind in ("name", "name_en", "ref", "destination"))
    steps = []
    for row, (distance_m, time_ms, angle_deg, tunnel_m) in zip(whole.tolist(), figures.tolist(), strict=True):
        street = Street(*row)
        steps.append(
            Step(
                names[street.name],
                names_en[street.name_en],
                refs[street.ref],
                distance_m,
                time_ms / 1000,
                "depart" if street.before < 0 else _maneuver(street, angle_deg),
                street.exits if street.flags & ROUNDABOUT else None,
                destinations[street.destination],
                tunnel_m > distance_m / 2,
                (street.x * 1e-7, street.y * 1e-7),
            )
        )
    last = street.stretch if steps else int(network.segment_stretch[segments[-1]])
    return [*steps, Step(*network.names_of(last), 0.0, 0.0, "arrive")]


def _maneuver(street: Street, angle_deg: float) -> str:
    """How one comes onto a street."""
    if street.flags & CARRIED:
        return "ferry" if street.flags & _FERRY else "train"
    if street.stretch == street.before:
        return "uturn"
    if (street.flags | street.flags_before) & ROUNDABOUT:
        return "roundabout" if street.flags & ROUNDABOUT else "exit roundabout"
    link, link_before = street.class_ in _LINKS, street.class_before in _LINKS
    if link and not link_before:
        return "off ramp" if street.flags_before & _MOTORWAY else "on ramp"
    if link_before and not link and street.flags & _MOTORWAY and abs(angle_deg) < UNNAMED_TURN_DEG:
        return "merge"
    return direction_word(angle_deg)


def direction_word(angle_deg: float) -> str:
    """`continue`, `slight right`, `right`, `sharp right`, ... or `uturn` for a turn in degrees, positive to the right."""
    side = "right" if angle_deg > 0 else "left"
    size = abs(angle_deg)
    if size < 20:
        return "continue"
    if size < 50:
        return f"slight {side}"
    if size < 130:
        return side
    return f"sharp {side}" if size < 170 else "uturn"
