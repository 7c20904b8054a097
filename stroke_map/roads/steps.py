"""A sequence of segments -> the steps a driver is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stroke_map.roads.classes import CLASS_INDEX, Flag
from stroke_map.roads.streets import CARRIED, ROUNDABOUT, UNNAMED_TURN_DEG, find_streets

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    turn_ms = np.zeros(len(segments))
    turn_ms[1:] = network.turn_time_ms(turns)
    if slower_ms is not None:
        turn_ms += slower_ms * driven
    _, index, figure = find_streets(segments, turn_ms, driven, network.streets)
    # Of a step's first segment and of the one before it; the first step has none, and reads what it will not use.
    stretch = network.segment_stretch[index[:, :2]]
    rows = zip(
        index.tolist(),
        figure.tolist(),
        stretch.tolist(),
        network.stretch_flags[stretch].tolist(),
        network.stretch_class[stretch].tolist(),
        _names(network, stretch[:, 0]),
        _beginnings(network, index[:, 0], stretch[:, 0]),
        strict=True,
    )
    steps = []
    for (_, before, exits), figures, stretches, flags, classes, names, point in rows:
        distance_m, time_ms, angle_deg, tunnel_m = figures
        name, name_en, ref, destination = names
        maneuver = "depart" if before < 0 else _maneuver(stretches, flags, classes, angle_deg)
        exit_ = exits if flags[0] & ROUNDABOUT else None
        tunnel = tunnel_m > distance_m / 2
        steps.append(
            Step(
                name,
                name_en,
                ref,
                distance_m,
                time_ms / 1000,
                maneuver,
                exit_,
                destination,
                tunnel,
                (point[0], point[1]),
            )
        )
    last = stretch[-1, 0] if len(stretch) else network.segment_stretch[segments[-1]]
    return [*steps, Step(*network.names_of(int(last)), 0.0, 0.0, "arrive")]


def _names(network: RoadNetwork, stretch: np.ndarray) -> Iterator[tuple[str, ...]]:
    """(name, name in English, ref, destination) of each stretch."""
    texts = network.texts
    columns = (
        (texts["name"], network.stretch_name),
        (texts["name_en"], network.stretch_name_en),
        (texts["ref"], network.stretch_ref),
        (texts["destination"], network.stretch_destination),
    )
    return zip(*([text[i] for i in which[stretch].tolist()] for text, which in columns), strict=True)


def _beginnings(network: RoadNetwork, segments: np.ndarray, stretch: np.ndarray) -> list[list[float]]:
    """[lon, lat] in degrees where each segment begins."""
    ends = network.stretch_first_point[stretch + 1] - 1
    point = np.where(network.segment_forward[segments], network.stretch_first_point[stretch], ends)
    return (np.stack((network.point_x[point], network.point_y[point]), axis=1) * 1e-7).tolist()


def _maneuver(stretches: list[int], flags: list[int], classes: list[int], angle_deg: float) -> str:
    """How one comes onto a street; each list is (of the street, of the one before it)."""
    if flags[0] & CARRIED:
        return "ferry" if flags[0] & _FERRY else "train"
    if stretches[0] == stretches[1]:
        return "uturn"
    if (flags[0] | flags[1]) & ROUNDABOUT:
        return "roundabout" if flags[0] & ROUNDABOUT else "exit roundabout"
    link, link_before = classes[0] in _LINKS, classes[1] in _LINKS
    if link and not link_before:
        return "off ramp" if flags[1] & _MOTORWAY else "on ramp"
    if link_before and not link and flags[0] & _MOTORWAY and abs(angle_deg) < UNNAMED_TURN_DEG:
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
