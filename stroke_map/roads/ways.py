"""What the tags of a way mean for one vehicle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DirectionUse:
    """Driving along a way in one direction.

    Attributes
    ----------
    speed_kph
        Average speed after everything the tags say, in km/h.
    restricted
        It may be entered only to reach or leave a place on it.
    """

    speed_kph: float
    restricted: bool


@dataclass(frozen=True, slots=True)
class WayUse:
    """What one way is for the vehicle of a profile.

    Attributes
    ----------
    road_class
        Index into `ROAD_CLASSES`.
    flags
        `Flag` bits.
    forward, backward
        None where that direction is not allowed; never both.
    duration_s
        Seconds for the whole way (ferries, shuttle trains, movable bridges), where it is tagged.
    layer
        The `layer` tag; 0 where there is none.
    start_allowed
        Whether a route may start or end on it.
    """

    road_class: int
    flags: int
    forward: DirectionUse | None
    backward: DirectionUse | None
    duration_s: float | None
    layer: int
    start_allowed: bool
