"""A sequence of segments -> the steps a driver is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.roads.classes import CLASS_INDEX, Flag
from stroke_map.roads.streets import CARRIED, ROUNDABOUT, UNNAMED_TURN_DEG, find_streets

if TYPE_CHECKING:
    from stroke_map.roads.network import RoadNetwork

# Plain numbers: an IntFlag's own operators cost more than everything else here.
_FERRY, _MOTORWAY = int(Flag.FERRY), int(Flag.MOTORWAY)
_LINKS = frozenset(index for name, index in CLASS_INDEX.items() if name.endswith("_link"))


@dataclass(frozen=True, slots=True)
class Step:
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


def make_steps(network: RoadNetwork, segments: np.ndarray, turns: np.ndarray, driven: np.ndarray) -> list[Step]:
    """Group the segments of a road into streets.

    Parameters
    ----------
    segments, turns, driven
        int32[n], int64[n - 1], float64[n]: the road, the turns between its segments, and the share driven of each.
    """
    turn_ms = np.zeros(len(segments))
    turn_ms[1:] = network.turn_time_ms(turns)
    count, index, figure = find_streets(segments, turn_ms, driven, network.streets)
    steps = [_step(network, whole, parts) for whole, parts in zip(index.tolist(), figure.tolist(), strict=True)]
    last = index[count - 1, 0] if count else segments[-1]
    name, name_en, ref = network.names_of(int(network.segment_stretch[last]))
    return [*steps, Step(name, name_en, ref, 0.0, 0.0, "arrive")]


def _step(network: RoadNetwork, whole: list[int], parts: list[float]) -> Step:
    segment, before, exits = whole
    distance_m, time_ms, angle_deg, tunnel_m = parts
    stretch = int(network.segment_stretch[segment])
    name, name_en, ref = network.names_of(stretch)
    return Step(
        name,
        name_en,
        ref,
        distance_m,
        time_ms / 1000,
        _maneuver(network, stretch, before, angle_deg),
        exits if int(network.stretch_flags[stretch]) & ROUNDABOUT else None,
        destination=network.texts["destination"][network.stretch_destination[stretch]],
        tunnel=tunnel_m > distance_m / 2,
        point=network.segment_start(segment),
    )


def _maneuver(network: RoadNetwork, stretch: int, before: int, angle_deg: float) -> str:  # noqa: PLR0911 (a table in words)
    if before < 0:
        return "depart"
    stretch_before = int(network.segment_stretch[before])
    flags, flags_before = int(network.stretch_flags[stretch]), int(network.stretch_flags[stretch_before])
    if flags & CARRIED:
        return "ferry" if flags & _FERRY else "train"
    if stretch_before == stretch:
        return "uturn"
    if flags & ROUNDABOUT or flags_before & ROUNDABOUT:
        return "roundabout" if flags & ROUNDABOUT else "exit roundabout"
    link, link_before = (int(network.stretch_class[s]) in _LINKS for s in (stretch, stretch_before))
    if link and not link_before:
        return "off ramp" if flags_before & _MOTORWAY else "on ramp"
    if link_before and not link and flags & _MOTORWAY and abs(angle_deg) < UNNAMED_TURN_DEG:
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
