"""Random networks: what is found is legal by an independent reading of the map, and nothing legal is cheaper or overlooked."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stroke_map.errors import NoRouteError
from stroke_map.roads import RoadNetwork

LETTERS = "abcdefgh"
# No node lies on the line between two others, so that a point at a node is on its own roads only.
PICTURE = """
          a
      b c
   d     e

    f     g
           h
i j
    k   l
"""


@st.composite
def maps(draw):
    """Ways of two nodes each, so that a relation can be read in one way only; restrictions; barriers."""
    edges = draw(
        st.lists(
            st.sampled_from([a + b for a in LETTERS for b in LETTERS if a < b]), min_size=7, max_size=14, unique=True
        )
    )
    ways = {
        edge: {
            "oneway": draw(st.sampled_from(["no", "no", "yes", "-1"])),
            "access": draw(st.sampled_from(["yes", "yes", "yes", "destination"])),
            "highway": draw(st.sampled_from(["primary", "residential"])),
        }
        for edge in edges
    }
    barriers = draw(st.sets(st.sampled_from(LETTERS), max_size=1))
    relations = []
    for _ in range(draw(st.integers(0, 6))):
        run = _walk(draw, edges, draw(st.integers(2, 4)))
        if run is not None:
            relations.append((draw(st.sampled_from(["no_left_turn", "no_u_turn", "only_straight_on"])), *run))
    return ways, relations, barriers


def _walk(draw, edges, length):
    """(node between the first two, or None; edges that follow one another)."""
    at = draw(st.sampled_from(edges))
    node = draw(st.sampled_from(at))
    run, nodes = [at], []
    for _ in range(length - 1):
        following = [edge for edge in edges if node in edge and edge not in run]
        if not following:
            return None
        nodes.append(node)
        run.append(draw(st.sampled_from(following)))
        node = run[-1].replace(node, "")
    return (nodes[0] if length == 2 else None), run


def compiled(draughtsman, ways, relations, barriers):
    lines = []
    for kind, via, (first, *between, last) in relations:
        vias = " ".join(f"via={way}" for way in ([via] if via else between))
        lines.append(f"{kind} from={first} {vias} to={last}")
    rows = [{"nodes": edge, **tags} for edge, tags in ways.items()]
    return draughtsman(PICTURE, rows, "\n".join(lines), {node: {"barrier": "bollard"} for node in barriers}, grid_m=60)


class Law:
    """What a driver may do, read from the map itself and not from the compiled network.

    A hop is (way, from node, to node); histories are tuples of hops.
    """

    def __init__(self, ways, relations, barriers):
        self.barriers, self.relations = barriers, relations
        self.hops = set()
        for edge, tags in ways.items():
            if tags["oneway"] != "-1":
                self.hops.add((edge, edge[0], edge[1]))
            if tags["oneway"] != "yes":
                self.hops.add((edge, edge[1], edge[0]))
        self.usable = [one for one in relations if self._can_be_driven(one)]

    def _can_be_driven(self, relation):
        """A restriction over a way that is closed in this direction says nothing."""
        return bool(self.chain(relation))

    def chain(self, relation):
        _, _, run = relation
        nodes = [next(iter(set(a) & set(b))) for a, b in pairwise(run)]
        chain = [(run[0], run[0].replace(nodes[0], ""), nodes[0])]
        for way, node in zip(run[1:], nodes, strict=True):
            chain.append((way, node, way.replace(node, "")))
        return chain if all(hop in self.hops for hop in chain) else None

    def leaving(self, node):
        return sorted(hop for hop in self.hops if hop[1] == node)

    def _forbidden(self, history, hop, relations):
        path = (*history, hop)
        prescribed = {}
        for relation in relations:
            chain = tuple(self.chain(relation))
            if path[-len(chain) :] == chain and relation[0].startswith("no"):
                return True
            if relation[0].startswith("only") and history[-len(chain) + 1 :] == chain[:-1]:
                prescribed.setdefault(chain[:-1], set()).add(chain[-1])
        return any(hop not in allowed for allowed in prescribed.values())

    def following(self, history):
        way, _, node = history[-1]
        simple = [relation for relation in self.usable if len(relation[2]) == 2]
        others = [hop for hop in self.leaving(node) if hop[0] != way and node not in self.barriers]
        legal = [hop for hop in others if not self._forbidden(history, hop, simple)]
        back = [hop for hop in self.leaving(node) if hop[0] == way and not self._forbidden(history, hop, simple)]
        room = not any((hop[0], hop[2], hop[1]) in self.hops for hop in others)
        if room or not legal:
            legal += back
        return [hop for hop in legal if not self._forbidden(history, hop, self.usable)]

    def reachable(self, start, end):
        stack = [(hop,) for hop in self.leaving(start)]
        seen = set(stack)
        while stack:
            history = stack.pop()
            if history[-1][2] == end:
                return True
            for hop in self.following(history):
                longer = (*history, hop)[-3:]
                if longer not in seen:
                    seen.add(longer)
                    stack.append(longer)
        return False


def hops_of(drawing, route, ways):
    """The route as hops, from the names and the points of its segments."""
    network, names = drawing.network, list(ways)
    hops = []
    for segment in route.segments:
        stretch = network.segment_stretch[segment]
        edge = names[network.stretch_way_id[stretch] - 1000]
        hop = (edge, *edge) if network.segment_forward[segment] else (edge, edge[1], edge[0])
        hops.append(hop)
    return hops


def cost_ms(network, route, start, goal):
    """What the search must have minimised, recomputed from the route."""
    begins = dict(zip(start[0].tolist(), start[1].tolist(), strict=True))[int(route.segments[0])]
    ends = dict(zip(goal[0].tolist(), goal[1].tolist(), strict=True))[int(network.segment_base[route.segments[-1]])]
    driven = np.ones(len(route.segments))
    driven[-1] -= 1 - ends
    driven[0] -= begins
    entered_ms = network.profile.restricted_pass_cost_s * 1000 * network.segment_entered[route.segments[-1]]
    return (
        (network.segment_time_ms[route.segments] * driven).sum() + network.turn_cost_ms[route.turns].sum() + entered_ms
    )


class Oracle:
    """NetworkX over the exported turn graph, from the same positions on the road."""

    def __init__(self, network):
        self.network, self.graph = network, network.to_networkx()

    def reach_from(self, start):
        """Cost to the end of every segment, in milliseconds."""
        for segment, share in zip(*start, strict=True):
            self.graph.add_edge("start", int(segment), cost_ms=round((1 - share) * self._time_ms(int(segment))))
        reach = nx.single_source_dijkstra_path_length(self.graph, "start", weight="cost_ms")
        self.graph.remove_node("start")
        return reach

    def cheapest_ms(self, start, goal, reach):
        entered_ms = self.network.profile.restricted_pass_cost_s * 1000
        costs = [
            (goal_share - share) * self._time_ms(segment)
            for segment, share in zip(*start, strict=True)
            for goal_segment, goal_share in zip(*goal, strict=True)
            if segment == goal_segment and share <= goal_share
        ]
        for base, share in zip(*goal, strict=True):
            for segment in np.flatnonzero(self.network.segment_base == base).tolist():
                extra = share * self._time_ms(segment) - self._time_ms(segment)
                extra += entered_ms * self.network.segment_entered[segment]
                edges = self.graph.in_edges(segment, data="cost_ms")
                costs += [reach[before] + cost + extra for before, _, cost in edges if before in reach]
        return min(costs, default=None)

    def _time_ms(self, segment):
        return int(self.network.segment_time_ms[segment])


QUICK = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@QUICK
@given(drawn_map=maps(), data=st.data())
def test_routes_are_legal_and_complete_and_as_cheap_as_networkx_finds(draw, drawn_map, data):
    ways, relations, barriers = drawn_map
    drawing = compiled(draw, ways, relations, barriers)
    network, law, oracle = drawing.network, Law(ways, relations, barriers), Oracle(drawing.network)
    known = sorted({letter for edge in ways for letter in edge})
    asked = data.draw(st.lists(st.tuples(st.sampled_from(known), st.sampled_from(known)), max_size=3))
    # The ends of every restricted manoeuvre: there it matters.
    asked += [(chain[0][1], chain[-1][2]) for chain in map(law.chain, law.usable)]
    for start, end in asked:
        from_, to = (network._positions(drawing.places[letter], 1000.0) for letter in (start, end))
        cheapest_ms = oracle.cheapest_ms(from_, to, oracle.reach_from(from_))
        try:
            route = drawing.route(start, end)
        except NoRouteError:
            assert not law.reachable(start, end)
            assert cheapest_ms is None
            continue
        assert start == end or law.reachable(start, end)
        hops = hops_of(drawing, route, ways)
        for at in range(1, len(hops)):
            assert hops[at] in law.following(tuple(hops[:at][-3:]))
        assert cost_ms(network, route, from_, to) == pytest.approx(cheapest_ms, abs=len(hops) + 2)


@QUICK
@given(drawn_map=maps(), spots=st.lists(st.tuples(st.floats(-10, 3), st.floats(0, 7)), min_size=2, max_size=5))
def test_lines_begin_and_end_on_the_road_and_are_as_long_as_said(draw, drawn_map, spots):
    drawing = compiled(draw, *drawn_map)
    north, west = drawing.places["a"]
    points = [(north - y * 60 / 111_195, west + x * 60 / 96_700) for x, y in spots]
    for start, end in pairwise(points):
        try:
            route = drawing.network.route(start, end)
        except NoRouteError:
            continue
        line = route.line
        assert line.shape[1] == 2
        for point, place in ((line[0], start), (line[-1], end)):
            near = drawing.network.snap(
                *place, max_snap_m=1000, spread_m=1.0, usable=np.ones(len(drawing.network.stretch_length_m), bool)
            )
            assert min(np.hypot(near.x - point[0] * 1e7, near.y - point[1] * 1e7)) < 3
        assert length_m(line) == pytest.approx(route.distance_m, rel=0.01, abs=0.1)
        assert sum(step.distance_m for step in route.steps) == pytest.approx(
            route.distance_m, abs=0.06 * len(route.segments)
        )
        assert sum(step.travel_time_s for step in route.steps) <= route.travel_time_s + 0.01
        # No jump: every point follows from the one before along the drawn ways.
        longest = max(drawing.network.stretch_length_m)
        for a, b in pairwise(line):
            assert length_m(np.array([a, b])) <= longest * 1.01


def length_m(line):
    east = np.diff(line[:, 0]) * np.cos(np.radians(line[:-1, 1]))
    return float(np.hypot(east, np.diff(line[:, 1])).sum() * 111_195.08)


def test_malta_against_networkx(shared_osm):
    network = RoadNetwork.from_osm(shared_osm / "malta.osm.pbf", profile="car")
    oracle, random = Oracle(network), np.random.default_rng(7)

    def somewhere():
        at = random.integers(len(network.point_x))
        return network.point_y[at] * 1e-7 + random.normal() * 1e-3, network.point_x[at] * 1e-7 + random.normal() * 1e-3

    for start in [somewhere() for _ in range(3)]:
        from_ = network._positions(start, 10_000.0)
        reach = oracle.reach_from(from_)
        for end in [somewhere() for _ in range(10)]:
            to = network._positions(end, 10_000.0)
            cheapest_ms = oracle.cheapest_ms(from_, to, reach)
            try:
                route = network.route(start, end, max_snap_m=10_000)
            except NoRouteError:
                assert cheapest_ms is None
            else:
                assert cost_ms(network, route, from_, to) == pytest.approx(cheapest_ms, abs=len(route.segments) + 2)
