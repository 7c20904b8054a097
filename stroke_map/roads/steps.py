"""A sequence of segments -> the steps a driver is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.roads.classes import CLASS_INDEX, Flag

if TYPE_CHECKING:
    from stroke_map.roads.network import RoadNetwork

#: Shorter than this is rounding of coordinates (1e-7 degree is 1.1 cm), not a street one drives on.
SHORTEST_STEP_M = 0.05
#: From here on a bend between two unnamed roads is told as a turn.
UNNAMED_TURN_DEG = 40.0
_LINKS = tuple(index for name, index in CLASS_INDEX.items() if name.endswith("_link"))
_CARRIED = int(Flag.FERRY | Flag.TRAIN)


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
    stretch = network.segment_stretch[segments]
    length_m = network.stretch_length_m[stretch] * driven
    time_ms = network.segment_time_ms[segments] * driven
    time_ms[1:] += network.turn_time_ms(turns)
    kept = np.flatnonzero(length_m > SHORTEST_STEP_M)
    if len(kept) == 0:
        return [_arrive(network, int(stretch[-1]))]
    begins = _beginnings(network, segments[kept], stretch[kept])
    metres, millis = np.add.reduceat(length_m[kept], begins), np.add.reduceat(time_ms[kept], begins)
    steps = []
    for i, (begin, distance_m, ms) in enumerate(zip(begins.tolist(), metres.tolist(), millis.tolist(), strict=True)):
        end = int(begins[i + 1]) if i + 1 < len(begins) else len(kept)
        part = segments[kept[begin:end]]
        before = segments[kept[begin - 1]] if i else -1
        steps.append(_step(network, part, int(before), distance_m, ms / 1000))
    return [*steps, _arrive(network, int(stretch[kept[-1]]))]


def _beginnings(network: RoadNetwork, segments: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """Indices at which another street begins."""
    name, flags = network.stretch_name[stretch], network.stretch_flags[stretch]
    angle = _angle(network, segments[:-1], segments[1:])
    other = name[1:] != name[:-1]
    other |= (flags[1:] ^ flags[:-1]) & _CARRIED != 0
    other |= stretch[1:] == stretch[:-1]
    roundabout = (flags[1:] ^ flags[:-1]) & int(Flag.ROUNDABOUT) != 0
    in_circle = flags[1:] & int(Flag.ROUNDABOUT) != 0
    other |= (name[1:] == 0) & (roundabout | ((np.abs(angle) > UNNAMED_TURN_DEG) & ~in_circle))
    return np.concatenate([[0], np.flatnonzero(other) + 1])


def _angle(network: RoadNetwork, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    turned = network.segment_leaving_deg[after].astype(np.int64) - network.segment_arriving_deg[before]
    return (turned + 180) % 360 - 180


def _arrive(network: RoadNetwork, stretch: int) -> Step:
    name, name_en, ref = network.names_of(stretch)
    return Step(name, name_en, ref, 0.0, 0.0, "arrive")


def _step(network: RoadNetwork, part: np.ndarray, before: int, distance_m: float, time_s: float) -> Step:
    first = int(network.segment_stretch[part[0]])
    name, name_en, ref = network.names_of(first)
    maneuver, exit_number = _maneuver(network, part, before)
    tunnel = (network.stretch_flags[network.segment_stretch[part]] & int(Flag.TUNNEL)) != 0
    return Step(
        name, name_en, ref, distance_m, time_s, maneuver, exit_number,
        destination=network.texts["destination"][network.stretch_destination[first]],
        tunnel=bool(tunnel.mean() > 0.5),
        point=network.segment_start(int(part[0])),
    )  # fmt: skip


def _maneuver(network: RoadNetwork, part: np.ndarray, before: int) -> tuple[str, int | None]:  # noqa: PLR0911 (one line each)
    after = int(part[0])
    flags = int(network.stretch_flags[network.segment_stretch[after]])
    exit_number = _exit_number(network, part) if flags & Flag.ROUNDABOUT else None
    if before < 0:
        return "depart", exit_number
    stretch_before, stretch_after = int(network.segment_stretch[before]), int(network.segment_stretch[after])
    flags_before = int(network.stretch_flags[stretch_before])
    if flags & Flag.FERRY:
        return "ferry", None
    if flags & Flag.TRAIN:
        return "train", None
    if stretch_before == stretch_after:
        return "uturn", None
    if flags & Flag.ROUNDABOUT:
        return "roundabout", exit_number
    if flags_before & Flag.ROUNDABOUT:
        return "exit roundabout", None
    link, link_before = (int(network.stretch_class[s]) in _LINKS for s in (stretch_after, stretch_before))
    if link and not link_before:
        return ("off ramp" if flags_before & Flag.MOTORWAY else "on ramp"), None
    angle = float(_angle(network, np.array([before]), np.array([after]))[0])
    if link_before and not link and flags & Flag.MOTORWAY and abs(angle) < UNNAMED_TURN_DEG:
        return "merge", None
    return direction_word(angle), None


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


def _exit_number(network: RoadNetwork, part: np.ndarray) -> int:
    """Exits met while on the circle, the one taken included."""
    exits = 1
    for segment in part[:-1]:
        following = network.turn_to[network.turn_first[segment] : network.turn_first[segment + 1]]
        flags = network.stretch_flags[network.segment_stretch[following]]
        exits += bool(((flags & int(Flag.ROUNDABOUT)) == 0).any())
    return exits
