"""Turn restriction relations -> chains of segments that may not be driven one after the other.

A chain of two is a banned turn; a longer one is a banned manoeuvre over one or more via ways. An `only_*` restriction
becomes a ban of everything else. https://wiki.openstreetmap.org/wiki/Relation:restriction
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.roads.turns import turn_angle

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from stroke_map.roads.profile import Profile
    from stroke_map.roads.profile_tables import Vehicle
    from stroke_map.roads.read import RawRestriction, RawRoads
    from stroke_map.roads.segments import Segments
    from stroke_map.roads.stretches import Stretches

Chain = tuple[int, ...]
#: So many pieces of road are tried for one relation. A real one needs some ten; a way that meets itself at every turn has more ways over it
#: than anybody could count.
MOST_TRIED: Final = 2000
_COMPARISON = re.compile(r"(weight|length|width|height)\s*([<>]=?)\s*([0-9]{1,3}(?:\.[0-9]+)?)\s*(?:t|m)?")


@dataclass(slots=True)
class Bans:
    """Forbidden chains of segments.

    Attributes
    ----------
    always
        Chains never to be driven.
    conditional
        (chain, opening-hours expression during which it holds).
    not_understood
        Relations that could not be placed on the network, by reason.
    """

    always: set[Chain] = field(default_factory=set)
    conditional: set[tuple[Chain, str]] = field(default_factory=set)
    not_understood: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        """Count a relation that has no effect."""
        self.not_understood[reason] = self.not_understood.get(reason, 0) + 1


class _TooManyWaysError(Exception):
    """Nobody can tell which road a relation means."""


class _Roads:
    """The look-ups that placing a relation needs; `tried` counts the pieces of road looked at for the one at hand."""

    def __init__(self, raw: RawRoads, stretches: Stretches, segments: Segments) -> None:
        self.segments = segments
        self.tried = 0
        way_index = {way.id: i for i, way in enumerate(raw.ways)}
        wanted = {
            way_index[ref]
            for relation in raw.restrictions
            for kind, ref, _ in relation.members
            if kind == "w" and ref in way_index
        }
        self.by_way: dict[int, list[int]] = {raw.ways[i].id: [] for i in wanted}
        segment_way = stretches.way[segments.stretch]
        for s in np.flatnonzero(np.isin(segment_way, np.fromiter(wanted, dtype=np.int64, count=len(wanted)))):
            self.by_way[raw.ways[segment_way[s]].id].append(int(s))
        self.node_index: dict[int, int] = (
            {int(node): i for i, node in enumerate(raw.node_id.tolist())} if raw.restrictions else {}
        )
        self.leaving: dict[int, list[int]] = {}
        tails: list[int] = segments.tail.tolist() if raw.restrictions else []
        for at, tail in enumerate(tails):
            self.leaving.setdefault(tail, []).append(at)

    def try_one(self) -> None:
        """Count one more piece of road; _TooManyWaysError where there are more than can be meant."""
        self.tried += 1
        if self.tried > MOST_TRIED:
            raise _TooManyWaysError

    def entering(self, way: int, node: int) -> list[int]:
        """Segments of `way` that end at `node`."""
        return [s for s in self.by_way.get(way, ()) if self.segments.head[s] == node]

    def departing(self, way: int, node: int) -> list[int]:
        """Segments of `way` that begin at `node`."""
        return [s for s in self.by_way.get(way, ()) if self.segments.tail[s] == node]

    def nodes_of(self, way: int) -> set[int]:
        """Junctions on `way`."""
        return {int(node) for s in self.by_way.get(way, ()) for node in (self.segments.tail[s], self.segments.head[s])}

    def along(self, way: int, start: int, end: int) -> list[Chain]:
        """Ways to drive on `way` alone from junction `start` to junction `end`, without turning back."""
        chains: list[Chain] = []
        stack: list[Chain] = [(s,) for s in self.departing(way, start)]
        while stack:
            self.try_one()
            chain = stack.pop()
            head = int(self.segments.head[chain[-1]])
            if head == end:
                chains.append(chain)
                continue
            visited = {int(self.segments.tail[s]) for s in chain}
            stack.extend(
                (*chain, s)
                for s in self.departing(way, head)
                if int(self.segments.head[s]) not in visited
                and self.segments.stretch[s] != self.segments.stretch[chain[-1]]
            )
        return chains

    def angle(self, a: int, b: int) -> float:
        """Degrees turned from segment a to b, positive to the right."""
        if self.segments.stretch[a] == self.segments.stretch[b]:
            return 180.0
        return float(turn_angle(self.segments.arriving_deg[a], self.segments.leaving_deg[b]))


def place_restrictions(
    raw: RawRoads, stretches: Stretches, segments: Segments, profile: Profile, issues: Counter[tuple[str, str]]
) -> Bans:
    """Place every relation that concerns this profile's vehicle on the network."""
    roads, bans = _Roads(raw, stretches, segments), Bans()
    forbidden: dict[str | None, set[Chain]] = {}
    prescribed: dict[str | None, set[Chain]] = {}
    for relation in raw.restrictions:
        for kind, condition in _rules(relation.tags, profile):
            if kind.startswith(("no_", "only_")):
                rules = forbidden if kind.startswith("no_") else prescribed
                rules.setdefault(condition, set()).update(_chains(relation, kind, roads, bans))
            else:
                issues["restriction", kind] += 1
    # Several prescriptions at one place leave each of them.
    for condition, chains in prescribed.items():
        forbidden.setdefault(condition, set()).update(_everything_but(chains, roads))
    bans.always = forbidden.pop(None, set())
    bans.conditional = {
        (chain, condition)
        for condition, chains in forbidden.items()
        if condition is not None
        for chain in chains - bans.always
    }
    return bans


def _rules(tags: Mapping[str, str], profile: Profile) -> Iterator[tuple[str, str | None]]:
    """(kind, condition or None) for each rule of a relation that holds for this vehicle.

    The most specific key wins: `restriction:motorcar` over `restriction`.
    """
    excepted = {mode.strip() for mode in tags.get("except", "").split(";")}
    typed = tags["type"].partition(":")[2]
    if excepted & set(profile.restriction_exceptions) or (typed and typed not in profile.restriction_modes):
        return
    suffixes = [f":{mode}" for mode in profile.restriction_modes] + [""]
    for suffix in suffixes:
        plain, conditional = tags.get(f"restriction{suffix}"), tags.get(f"restriction{suffix}:conditional")
        for kind, condition in _split_conditional(conditional or ""):
            hours = _hours(condition, profile.vehicle)
            if hours is not None:
                yield kind, hours or None
        if plain and plain != "none":
            yield plain.strip(), _old_hours(tags)
        if plain or conditional:
            return


def _old_hours(tags: Mapping[str, str]) -> str | None:
    """`day_on=Monday`, `day_off=Friday`, `hour_on=07:00`, `hour_off=09:00`: hours as they were tagged before 2012."""
    spans = [[tags.get(f"{unit}_{end}", "") for end in ("on", "off")] for unit in ("day", "hour")]
    (first_day, last_day), hours = spans
    words = ["-".join(day[:2] for day in (first_day, last_day) if day), "-".join(hour for hour in hours if hour)]
    return " ".join(word for word in words if word) or None


def _split_conditional(text: str) -> Iterator[tuple[str, str]]:
    """`no_left_turn @ (Mo-Fr 07:00-09:00); no_u_turn @ (...)` -> (kind, expression) each."""
    depth, start = 0, 0
    for i, character in enumerate([*text, ";"]):
        depth += (character == "(") - (character == ")")
        if character == ";" and depth <= 0:
            kind, _, condition = text[start:i].partition("@")
            if condition.strip():
                condition = condition.strip()
                if condition.startswith("(") and condition.endswith(")"):
                    condition = condition[1:-1].strip()
                yield kind.strip(), condition
            start = i + 1


def _hours(condition: str, vehicle: Vehicle) -> str | None:
    """What of a condition depends on the time; None where it does not concern this vehicle (`weight>7.5`)."""
    own = {"weight": vehicle.weight_t, "length": vehicle.length_m, "width": vehicle.width_m, "height": vehicle.height_m}
    hours = []
    for part in re.split(r"\s+and\s+", condition, flags=re.IGNORECASE):
        comparison = _COMPARISON.fullmatch(part.strip())
        if comparison is None:
            hours.append(part)
        elif (own[comparison[1]] > float(comparison[3])) != (comparison[2][0] == ">"):
            return None
    return " AND ".join(hours)


def _chains(relation: RawRestriction, kind: str, roads: _Roads, bans: Bans) -> set[Chain]:
    by_role: dict[str, list[tuple[str, int]]] = {"from": [], "via": [], "to": []}
    for member_type, ref, role in relation.members:
        if role in by_role:
            by_role[role].append((member_type, ref))
    sources = [ref for member_type, ref in by_role["from"] if member_type == "w"]
    targets = [ref for member_type, ref in by_role["to"] if member_type == "w"]
    via = by_role["via"]
    if kind == "no_exit":
        complete = len(sources) == 1 and bool(targets)
    elif kind == "no_entry":
        complete = bool(sources) and len(targets) == 1
    else:
        complete = len(sources) == 1 and len(targets) == 1
    if not complete or not via:
        bans.skip("members missing or too many")
        return set()
    if all(member_type == "w" for member_type, _ in via):
        roads.tried = 0
        try:
            chains = {c for a in sources for b in targets for c in _via_ways(a, [ref for _, ref in via], b, roads)}
        except _TooManyWaysError:
            bans.skip("more ways over its via ways than can be meant")
            return set()
    elif len(via) == 1:
        node = roads.node_index.get(via[0][1], -1)
        chains = {c for a in sources for b in targets for c in _via_node(a, node, b, kind, roads)}
    else:
        chains = set()
    if not chains:
        bans.skip("members not on this network, or not joined")
    return chains


def _via_node(source: int, node: int, target: int, kind: str, roads: _Roads) -> list[Chain]:
    pairs: list[Chain] = [(a, b) for a in roads.entering(source, node) for b in roads.departing(target, node)]
    if source == target and "u_turn" in kind:
        return [pair for pair in pairs if roads.segments.stretch[pair[0]] == roads.segments.stretch[pair[1]]]
    if source != target:
        pairs = [pair for pair in pairs if roads.segments.stretch[pair[0]] != roads.segments.stretch[pair[1]]]
    return pairs if len(pairs) <= 1 else _as_named(pairs, kind, roads)


def _as_named(pairs: list[Chain], kind: str, roads: _Roads) -> list[Chain]:
    """Of several turns between unsplit ways, those that the restriction's own name describes."""
    wanted = {"left": -90.0, "right": 90.0, "straight": 0.0, "u": 180.0}.get(kind.split("_")[1])
    if wanted is None:
        return pairs

    def off(pair: Chain) -> float:
        return abs((roads.angle(pair[0], pair[1]) - wanted + 180.0) % 360.0 - 180.0)

    return [pair for pair in pairs if off(pair) <= 60.0] or [min(pairs, key=off)]


def _via_ways(source: int, via: list[int], target: int, roads: _Roads) -> list[Chain]:
    """Chains from `source` over every via way in turn to `target`; the order of the members may be mixed up."""
    chains: list[Chain] = []
    stack: list[tuple[Chain, frozenset[int]]] = []
    for joint in roads.nodes_of(source):
        stack.extend(((s,), frozenset(via)) for s in roads.entering(source, joint))
    while stack:
        roads.try_one()
        chain, left = stack.pop()
        here = int(roads.segments.head[chain[-1]])
        if not left:
            chains.extend((*chain, s) for s in roads.departing(target, here) if _goes_on(chain, s, roads))
            continue
        for way in left:
            further = left - {way}
            joints = set().union(*(roads.nodes_of(w) for w in further)) if further else roads.nodes_of(target)
            for end in roads.nodes_of(way) & joints:
                parts = roads.along(way, here, end) if end != here else []
                stack.extend(((*chain, *part), further) for part in parts if _goes_on(chain, part[0], roads))
    return chains


def _goes_on(chain: Chain, following: int, roads: _Roads) -> bool:
    """Whether `following` is not the way straight back."""
    return bool(roads.segments.stretch[chain[-1]] != roads.segments.stretch[following])


def _everything_but(chains: set[Chain], roads: _Roads) -> set[Chain]:
    """The bans that leave only the last step of each of these chains."""
    allowed: dict[Chain, set[int]] = {}
    for chain in chains:
        allowed.setdefault(chain[:-1], set()).add(chain[-1])
    banned: set[Chain] = set()
    for before, last in allowed.items():
        node = int(roads.segments.head[before[-1]])
        banned.update((*before, s) for s in roads.leaving.get(node, ()) if s not in last)
    return banned
