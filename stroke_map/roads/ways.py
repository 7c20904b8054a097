"""What the tags of a way mean for one vehicle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stroke_map.roads.classes import CLASS_INDEX, Flag
from stroke_map.roads.limits import fits, limit_keys
from stroke_map.roads.posted import posted_kph
from stroke_map.roads.tagging import (
    DIRECTIONS,
    Direction,
    Issues,
    Memory,
    Tags,
    access,
    any_matches,
    directed,
    values_of,
)
from stroke_map.roads.units import parse_duration_s, parse_length_m

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from stroke_map.roads.profile import Profile
    from stroke_map.roads.profile_tables import WayKind

_LAYER: Final = re.compile(r"[+-]?[0-9]{1,2}(?:\.0)?")
_LANES: Final = re.compile(r"[0-9]{1,2}(?:\.[05])?")


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


class WayReader:
    """Reads ways by the rules of a profile.

    Parameters
    ----------
    profile
        The rules.
    issues
        Counts tag values that were not understood, by (key, value).

    Attributes
    ----------
    way_filter_keys
        A way with none of these keys cannot be driven.
    relevant_keys
        Keys that can make a difference.
    """

    def __init__(self, profile: Profile, issues: Counter[tuple[str, str]] | None = None) -> None:
        self.way_filter_keys = profile.way_keys
        self.relevant_keys = _relevant_keys(profile)
        self._profile = profile
        self._flags = [(Flag[name], wanted) for name, wanted in profile.flags.items()]
        self._memory = Memory(self._interpret, self.relevant_keys, issues)

    def read(self, tags: Mapping[str, str]) -> WayUse | None:
        """What the way is for this vehicle; None where it cannot be driven. Never raises."""
        return self._memory.read(tags)

    def _interpret(self, tags: Tags, issues: Issues) -> WayUse | None:
        profile = self._profile
        kind = self._kind(tags)
        if kind is None or kind.default == "never" or any_matches(tags, profile.closed):
            return None
        one_way = self._one_way(tags, kind, issues)
        speeds = {way: self._speed_kph(tags, kind, way, issues, shared=one_way == "both") for way in DIRECTIONS}
        forward, backward = (
            self._direction(tags, kind, way, speeds[way], issues) if one_way in {way, "both"} else None
            for way in DIRECTIONS
        )
        if forward is None and backward is None:
            return None
        return WayUse(
            road_class=CLASS_INDEX[kind.road_class],
            flags=int(self._flag_bits(tags, kind, forward, backward)),
            forward=forward,
            backward=backward,
            duration_s=self._duration_s(tags, issues),
            layer=_layer(tags, issues),
            start_allowed=kind.start_allowed,
        )

    def _kind(self, tags: Tags) -> WayKind | None:
        for key in self._profile.way_keys:
            if key in tags:
                kinds = self._profile.ways[key]
                kind = kinds.get(tags[key]) or kinds.get("*")
                if kind is not None:
                    return kind
        return None

    def _one_way(self, tags: Tags, kind: WayKind, issues: Issues) -> str:
        """`forward`, `backward`, `both`, or `closed`."""
        rules = self._profile.one_way
        meanings = {"forward": rules.forward, "backward": rules.backward, "both": rules.both, "closed": rules.closed}
        for key in rules.keys:
            if key in tags:
                value = tags[key].strip().lower()
                for meaning, values in meanings.items():
                    if value in values:
                        return meaning
                issues.add((key, tags[key]))
        return "forward" if kind.one_way or any_matches(tags, rules.implied_by) else "both"

    def _direction(
        self, tags: Tags, kind: WayKind, direction: Direction, speed_kph: float, issues: Issues
    ) -> DirectionUse | None:
        profile = self._profile
        said = access(tags, profile.access, direction, issues, kind)
        restricted = said == "restricted"
        opened = said == "open" or (restricted and kind.restricted_opens)
        if said == "closed" or (kind.default == "closed" and not opened) or speed_kph == 0:
            return None
        if self._lanes_closed(tags, direction):
            return None
        if not fits(tags, profile.vehicle, profile.limits, direction, issues, road_width=True):
            return None
        return DirectionUse(speed_kph, restricted)

    def _lanes_closed(self, tags: Tags, direction: Direction) -> bool:
        for key, wanted in self._profile.closed_lanes.items():
            for _, _, lanes in values_of(tags, (key,), direction):
                if all(lane == wanted for lane in lanes.split("|")):
                    return True
        return False

    def _speed_kph(self, tags: Tags, kind: WayKind, direction: Direction, issues: Issues, *, shared: bool) -> float:
        """0 where the surface stops the vehicle. `shared`: oncoming traffic uses the same road."""
        profile = self._profile
        posted = posted_kph(tags, profile.posted, direction, issues)
        speed = kind.speed_kph if posted is None else posted * profile.posted.factor
        for key, caps in profile.speed_caps_kph.items():
            if key in tags:
                speed = min(speed, _lowest(key, tags[key], caps, speed, issues))
        if speed == 0:
            return 0.0
        factors = [
            _lowest(key, tags[key], table, 1.0, issues) for key, table in profile.speed_factors.items() if key in tags
        ]
        if shared and self._one_lane(tags, issues):
            factors.append(profile.one_lane_factor)
        speed *= min(factors, default=1.0) * profile.speed_factor
        return max(profile.min_speed_kph, min(profile.max_speed_kph, speed))

    def _one_lane(self, tags: Tags, issues: Issues) -> bool:
        lanes = tags.get("lanes")
        if lanes is not None:
            if _LANES.fullmatch(lanes):
                return float(lanes) <= 1
            issues.add(("lanes", lanes))
        # Values that are no width were counted where the limits were read.
        widths = [parse_length_m(tags[key]) for key in self._profile.limits.road_width if key in tags]
        return any(width is not None and width <= self._profile.one_lane_width_m for width in widths)

    def _duration_s(self, tags: Tags, issues: Issues) -> float | None:
        text = tags.get("duration")
        if text is None or not any_matches(tags, self._profile.timed):
            return None
        duration_s = parse_duration_s(text)
        if duration_s is None:
            issues.add(("duration", text))
        return duration_s

    def _flag_bits(
        self, tags: Tags, kind: WayKind, forward: DirectionUse | None, backward: DirectionUse | None
    ) -> Flag:
        bits = Flag(0)
        for flag, wanted in self._flags:
            if any_matches(tags, wanted):
                bits |= flag
        if kind.road_class.endswith("_link"):
            bits |= Flag.LINK
        if forward is None or backward is None:
            bits |= Flag.ONE_WAY
        if any(use is not None and use.restricted for use in (forward, backward)):
            bits |= Flag.RESTRICTED
        return bits


def _relevant_keys(profile: Profile) -> frozenset[str]:
    plain = {"lanes", "layer", "duration", *profile.way_keys, *profile.closed, *profile.timed, *profile.one_way.keys}
    plain |= set(profile.one_way.implied_by) | set(profile.speed_caps_kph) | set(profile.speed_factors)
    plain |= set(profile.access.grants) | {key for wanted in profile.flags.values() for key in wanted}
    posted = profile.posted
    both = directed(
        (*profile.access.keys, *profile.closed_lanes, *posted.keys, *posted.advisory_keys, *posted.implicit_keys)
    )
    return frozenset(plain) | both | limit_keys(profile.limits)


def _lowest(key: str, value: str, table: Mapping[str, float], unknown: float, issues: Issues) -> float:
    """The lowest figure the table gives for any of the values in `a;b`."""
    if value in table:
        return table[value]
    figures = [table.get(part.strip().lower(), table.get("*")) for part in value.split(";")]
    if None in figures:
        issues.add((key, value))
    return min((figure for figure in figures if figure is not None), default=unknown)


def _layer(tags: Tags, issues: Issues) -> int:
    text = tags.get("layer")
    if text is None:
        return 0
    if _LAYER.fullmatch(text):
        return int(float(text))
    issues.add(("layer", text))
    return 0
