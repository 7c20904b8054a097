"""Why two routers differ: their road held against our rules, ours against their clock, leg by leg."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bench.legs import drive_legs, sharpest_turn_deg
from bench.their_road import Driven, TheirRoads
from stroke_map.roads.nodes import NodeReader
from stroke_map.roads.ways import WayReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.in_process import InProcess
    from bench.legs import Leg
    from bench.osrm import Osrm, Point
    from bench.peers import Origin
    from bench.tagged import Pace, Tagged
    from bench.valhalla import Valhalla

#: A leg so much longer than ours is a detour.
_DETOUR, _DETOUR_M = 1.15, 30.0
#: Snapped farther than this they are on another road.
_ELSEWHERE_M = 3.0
#: A turn as sharp as this is nearly one back.
_HAIRPIN_DEG = 150.0
_CLOSED_TURN = "a turn, way or barrier closed to them"
#: Legs that explain less than this of a difference do not explain it.
_SMALL = 0.25


class Reason(NamedTuple):
    """One word for it, and where."""

    category: str
    where: str


class Reasons:
    """Finds reasons for one pair of routers."""

    def __init__(self, ours: InProcess, peer: Osrm | Valhalla, tagged: Tagged) -> None:
        self._ours, self._network, self._peer, self._tagged = ours, ours.network, peer, tagged
        self._roads = TheirRoads(ours)
        self._ways, self._nodes = WayReader(ours.network.profile), NodeReader(ours.network.profile)

    def explain(self, origin: Origin, hospital: int, times_s: tuple[float, float]) -> dict[str, Any]:
        """The difference in words."""
        arrivals = self._ours.arrivals
        goal = float(arrivals.gate_lat[hospital]), float(arrivals.gate_lon[hospital])
        _, start, segments, turns, last = self._ours.profile.ranking.road(origin.starts, hospital)
        line = self._peer.road(origin.place, goal).line
        paces = self._tagged.paces(self._tagged.nodes_of(line))
        mine_s, theirs_s = times_s
        road, reason = Driven(segments, turns, start), None
        if mine_s > theirs_s:
            # The quicker road as the slower one drives it: that shows where they part.
            driven = self._roads.drive(origin, hospital, paces)
            reason = self.closed(paces) or self._stopped(driven)
            road = driven or road
        reason = _elsewhere(line, origin.place, goal) or reason
        deterrent_s = 0.0
        if reason is None:
            deterrent_s = int(self._network.turn_passes[road.turns].sum()) * self._network.pass_cost_ms / 1000
            legs = drive_legs(self._network, self._peer, (origin, goal), road, last)
            reason = self._of_legs(legs, road.segments, mine_s, theirs_s, self._shared_gate(hospital))
        if deterrent_s:
            reason = Reason("deterrent: a street that may only be entered", self._restricted(road))
        mine = {int(way) for way in self._network.stretch_way_id[self._network.segment_stretch[segments]]}
        their_ways = list(dict.fromkeys(pace.way for pace in paces))
        return {
            "from": origin.place, "hospital": hospital, "mine_s": round(mine_s, 1), "theirs_s": round(theirs_s, 1),
            "category": reason.category, "where": reason.where, "deterrent_s": deterrent_s,
            "only_theirs": [self._tagged.way(way) for way in their_ways if way not in mine][:3],
            "only_mine": [self._tagged.way(way) for way in mine.difference(their_ways)][:3],
        }  # fmt: skip

    def closed(self, paces: Sequence[Pace]) -> Reason | None:
        """The first thing on a road of theirs that our rules forbid."""
        tagged = self._tagged
        for pace in paces:
            use = self._ways.read(tagged.ways[pace.way])
            if use is None:
                return Reason("access: a way closed to us", tagged.way(pace.way))
            if (use.forward if pace.forward else use.backward) is None:
                return Reason("one-way to us", tagged.way(pace.way))
        for pace in paces[1:]:
            tags = tagged.nodes.get(pace.tail)
            passed = self._nodes.read(tags) if tags else None
            if passed is not None and passed.blocks:
                return Reason("barrier closed to us", tagged.node(pace.tail))
        return None

    def _stopped(self, driven: Driven | None) -> Reason | None:
        """The turn on a road of theirs that our network does not have."""
        if driven is None or driven.stopped_at is None:
            return None
        before, after = driven.stopped_at
        at = f"{self._tagged.node(after[0])} between {self._tagged.way(before[2])} and {self._tagged.way(after[2])}"
        if before[0] == after[1] and before[2] == after[2]:
            return Reason("U-turn that we do not make", at)
        banned = self._tagged.restriction(before[2], after[2])
        return Reason("turn restriction that holds for us", f"{banned} at {at}")

    def _restricted(self, road: Driven) -> str:
        network = self._network
        after = road.segments[1:][network.turn_passes[road.turns]]
        return ", ".join(self._tagged.way(int(way)) for way in network.stretch_way_id[network.segment_stretch[after]])

    def _shared_gate(self, hospital: int) -> str:
        """The ways of a gate that lies on several, for us; empty where it lies on one."""
        arrivals, network = self._ours.arrivals, self._network
        gates = arrivals.gate_segment[arrivals.gate_first[hospital] : arrivals.gate_first[hospital + 1]]
        stretches = np.unique(network.segment_stretch[gates])
        ways = dict.fromkeys(int(way) for way in network.stretch_way_id[stretches])
        return " and ".join(self._tagged.way(way) for way in ways) if len(stretches) > 1 else ""

    def _of_legs(
        self, legs: list[Leg], segments: np.ndarray, mine_s: float, theirs_s: float, shared_gate: str
    ) -> Reason:
        if not legs:
            return Reason("a way closed to them", "they find no road along ours")
        sign = 1 if mine_s < theirs_s else -1
        total_s = sum(leg.theirs_s - leg.mine_s for leg in legs)
        worst = max(legs, key=lambda leg: sign * (leg.theirs_s - leg.mine_s))
        unexplained = sign * total_s < _SMALL * abs(theirs_s - mine_s)
        if shared_gate and sign > 0 and not unexplained and worst in legs[-2:]:
            return Reason(
                "position: a gate at a junction", f"we arrive by any of {shared_gate}, they by the one they snap to"
            )
        if unexplained and sign < 0:
            return Reason(
                "turn or signal cost", f"here and there along the same streets, most at {self._spot(worst, segments)}"
            )
        if unexplained:
            return Reason(
                "no through road to them", f"leg by leg they drive ours in {total_s:+.1f} s; as a whole they refuse it"
            )
        figures = f"{worst.theirs_s:.1f} s there, {worst.mine_s:.1f} s here; all along it {total_s:+.1f} s with them"
        category, spot = self._category(worst, segments), self._spot(worst, segments)
        if category == _CLOSED_TURN and "(relation" in spot:
            category = "turn restriction that holds for them"
        return Reason(category, f"{spot}: {figures}")

    def _category(self, leg: Leg, segments: np.ndarray) -> str:
        detour = leg.theirs_m > leg.mine_m * _DETOUR + _DETOUR_M
        if leg.first == leg.last:
            return "access: a way closed to them" if detour else "speed"
        stretches = self._network.segment_stretch[segments[leg.first : leg.last + 1]]
        if (stretches[1:] == stretches[:-1]).any():
            return "U-turn that they do not make" if detour else "U-turn cost"
        if sharpest_turn_deg(self._network, segments[leg.first : leg.last + 1]) > _HAIRPIN_DEG:
            return "hairpin: a U-turn to them"
        return _CLOSED_TURN if detour else "turn or signal cost"

    def _spot(self, leg: Leg, segments: np.ndarray) -> str:
        network, tagged = self._network, self._tagged
        stretches = network.segment_stretch[segments[leg.first : leg.last + 1]]
        ways = list(dict.fromkeys(int(way) for way in network.stretch_way_id[stretches]))
        if leg.first == leg.last:
            return tagged.way(ways[0])
        forward = network.segment_forward[segments[leg.first : leg.last]]
        passed = np.where(forward, network.stretch_head_id[stretches[:-1]], network.stretch_tail_id[stretches[:-1]])
        nodes = "; ".join(tagged.node(int(node)) for node in passed[:3])
        banned = next((text for pair in itertools.pairwise(ways) if (text := tagged.restriction(*pair))), "")
        return f"{nodes} between {' and '.join(tagged.way(way) for way in ways[:3])}{' ' + banned if banned else ''}"


def _elsewhere(line: Sequence[Point], origin: Point, goal: Point) -> Reason | None:
    """They begin or end at another place than they were told."""
    for what, place, theirs in (("origin", origin, line[0]), ("hospital", goal, line[-1])):
        away_m = _distance_m(place, theirs)
        if away_m > _ELSEWHERE_M:
            return Reason(
                "position: an island to them",
                f"the street of the {what} is cut off for them; they take a place {away_m:.0f} m off",
            )
    return None


def _distance_m(one: Point, other: Point) -> float:
    north, east = other[0] - one[0], (other[1] - one[1]) * float(np.cos(np.radians(one[0])))
    return float(np.hypot(north, east)) * 111_195.0
