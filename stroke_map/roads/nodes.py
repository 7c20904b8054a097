"""What the tags of a node on a road mean for one vehicle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stroke_map.roads.limits import fits, limit_keys
from stroke_map.roads.tagging import DIRECTIONS, Issues, Memory, Tags, access, any_matches, directed

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from stroke_map.roads.profile import Profile
    from stroke_map.roads.profile_tables import Meaning

_SIGNAL_DIRECTIONS: Final = {"forward": 1, "backward": -1, "both": 0}
_BEARING: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]+)?|[NESWnesw]{1,3}|(?:anti)?clockwise")


@dataclass(frozen=True, slots=True)
class NodeUse:
    """What one node is for the vehicle of a profile.

    Attributes
    ----------
    blocks
        The vehicle cannot pass.
    cost_s
        Seconds for one passage.
    signal_direction
        The cost holds for both directions of the way (0), along it only (1) or against it only (-1).
    """

    blocks: bool
    cost_s: float
    signal_direction: int


_BLOCKED: Final = NodeUse(blocks=True, cost_s=0.0, signal_direction=0)


class NodeReader:
    """Reads nodes by the rules of a profile.

    Parameters
    ----------
    profile
        The rules.
    issues
        Counts tag values that were not understood, by (key, value).

    Attributes
    ----------
    node_filter_keys
        A node with none of these keys is of no interest.
    relevant_keys
        Keys that can make a difference.
    """

    def __init__(self, profile: Profile, issues: Counter[tuple[str, str]] | None = None) -> None:
        rules = profile.nodes
        deciding = directed(profile.access.keys) | limit_keys(profile.limits) | {"barrier", *rules.cost_s}
        self.node_filter_keys: tuple[str, ...] = tuple(sorted(deciding))
        passable = {key for wanted in rules.passable.values() for key in wanted}
        self.relevant_keys = deciding | passable | {*rules.closed, *rules.direction_keys, *profile.access.grants}
        self._profile = profile
        self._memory = Memory(self._interpret, self.relevant_keys, issues)

    def read(self, tags: Mapping[str, str]) -> NodeUse | None:
        """What the node is for this vehicle; None where it makes no difference. Never raises."""
        return self._memory.read(tags)

    def _interpret(self, tags: Tags, issues: Issues) -> NodeUse | None:
        profile = self._profile
        said = [access(tags, profile.access, way, issues) for way in DIRECTIONS]
        # A node has no direction of its own to be closed in: what one direction allows, it allows.
        meaning: Meaning | None = next((each for each in said if each != "closed"), "closed")
        roomy = [fits(tags, profile.vehicle, profile.limits, way, issues, road_width=False) for way in DIRECTIONS]
        if meaning == "closed" or not any(roomy):
            return _BLOCKED
        barrier_s = self._barrier_cost_s(tags, meaning)
        if barrier_s is None:
            return _BLOCKED
        standing_s = max(
            (table.get(tags[key], 0.0) for key, table in profile.nodes.cost_s.items() if key in tags), default=0.0
        )
        if barrier_s == standing_s == 0:
            return None
        # A gate with a signal: the gate stands for both directions.
        direction = self._direction(tags, issues) if barrier_s == 0 else 0
        return NodeUse(blocks=False, cost_s=barrier_s + standing_s, signal_direction=direction)

    def _barrier_cost_s(self, tags: Tags, meaning: Meaning | None) -> float | None:
        """Seconds to pass the barrier; None where it stops the vehicle."""
        rules = self._profile.nodes
        barrier = tags.get("barrier")
        if barrier is None:
            return 0.0
        cost_s = rules.barrier_cost_s.get(barrier)
        permitted = meaning == "open" or (meaning == "restricted" and rules.restricted_opens)
        if not permitted:
            passable = cost_s is not None or any_matches(tags, rules.passable.get(barrier, {}))
            if not passable or any_matches(tags, rules.closed):
                return None
        extra_s = rules.restricted_cost_s if meaning == "restricted" else 0.0
        return (rules.other_cost_s if cost_s is None else cost_s) + extra_s

    def _direction(self, tags: Tags, issues: Issues) -> int:
        for key in self._profile.nodes.direction_keys:
            value = tags.get(key)
            if value in _SIGNAL_DIRECTIONS:
                return _SIGNAL_DIRECTIONS[value]
            if value is not None and not _BEARING.fullmatch(value):
                issues.add((key, value))
        return 0
