"""What stands on the made-up city's roads: signals, gates, bollards, roundabouts, and streets that are not for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stroke_map.demo.city import CORE, DISTRICTS
from stroke_map.demo.graph import Edge, Graph
from stroke_map.demo.names import named
from stroke_map.demo.plots import Plots
from stroke_map.demo.roads import City, drivable, open_traps

if TYPE_CHECKING:
    from collections.abc import Callable

    from stroke_map.demo.lines import Points, Tags

_MAIN = ("trunk", "primary", "secondary")
_ROUNDABOUT_RADIUS_M = 19.0


@dataclass(frozen=True)
class Restriction:
    """A turn restriction: edges from and to, via a node or via an edge."""

    kind: str
    from_edge: int
    to_edge: int
    via_node: int = -1
    via_edge: int = -1
    condition: str = ""
    exempt: str = ""


def furnish(city: City) -> None:
    """Put everything on the roads but hospitals and turn restrictions."""
    graph, rng = city.graph, city.ground.rng
    _roundabouts(graph)
    _slip_roads(graph, rng)
    _compounds(graph, rng, Plots(graph, city.ground.water))
    _pick(graph, rng, 28, _quiet(graph), lambda number: _stand(graph, number, {"barrier": "bollard"}))
    _pick(
        graph,
        rng,
        8,
        _inner(graph, "residential"),
        lambda n: _become(graph, n, {"highway": "pedestrian", "emergency": "yes"}),
    )
    bus = {"motor_vehicle": "no", "bus": "yes", "emergency": "yes"}
    _pick(graph, rng, 4, _inner(graph, "tertiary"), lambda n: _become(graph, n, bus))
    low = {"maxheight": "2.2", "tunnel": "yes", "layer": "-1", **named("示范下穿道", "Demo Underpass")}
    _pick(graph, rng, 4, _quiet(graph), lambda n: _become(graph, n, low))
    open_traps(graph)
    _signals(graph)


def ban_turns(city: City) -> list[Restriction]:
    """The turn restrictions; nothing may be built afterwards, for they name edges."""
    return [*_turn_bans(city.graph, city.ground.rng), *_median_bans(city.graph)]


def _pick(
    graph: Graph, rng: np.random.Generator, count: int, candidates: list[int], change: Callable[[int], None]
) -> None:
    chosen = rng.permutation(np.array(sorted(candidates)))[:count]
    for number in chosen.tolist():
        if number in graph.edges:
            change(number)


def _quiet(graph: Graph) -> list[int]:
    """Two-way local streets one can go round."""
    return [
        number
        for number, edge in graph.edges.items()
        if edge.kind in ("residential", "unclassified")
        and "oneway" not in edge.tags
        and 60 < edge.length < 400
        and graph.degree(edge.a) > 3
        and graph.degree(edge.b) > 3
        and np.hypot(*(graph.nodes[edge.a] - CORE)) < 9000
    ]


def _inner(graph: Graph, kind: str) -> list[int]:
    return [
        number
        for number, edge in graph.edges.items()
        if edge.kind == kind
        and "oneway" not in edge.tags
        and min(graph.degree(edge.a), graph.degree(edge.b)) > 3
        and np.hypot(*(graph.nodes[edge.a] - CORE)) < 5200
    ]


def _become(graph: Graph, number: int, tags: Tags) -> None:
    graph.edges[number].tags |= tags


def _stand(graph: Graph, number: int, tags: Tags) -> None:
    node, _, _ = graph.split(number, graph.edges[number].length / 2)
    graph.node_tags[node] |= tags


def _signals(graph: Graph) -> None:
    for node in range(len(graph.nodes)):
        kinds = [graph.edges[number].kind for number in sorted(graph.around[node])]
        if len(kinds) >= 3 and sum(kind in _MAIN for kind in kinds) >= 3 and not graph.node_tags[node]:
            graph.node_tags[node] |= {"highway": "traffic_signals"}


def _roundabouts(graph: Graph) -> None:
    """One in every new town and some more: traffic keeps right, so one drives round anticlockwise."""
    spots = [(place.x + dx, place.y + dy) for place in DISTRICTS for dx, dy in ((0.0, 0.0), (900.0, -700.0))]
    for x, y in spots:
        away = np.hypot(*(np.array(graph.nodes) - [x, y]).T)
        near = np.argsort(away, kind="stable").tolist()
        _make_roundabout(graph, next(node for node in near if graph.degree(node) == 4 and _may_turn_round(graph, node)))


def _may_turn_round(graph: Graph, node: int) -> bool:
    edges = [graph.edges[number] for number in graph.around[node]]
    return all(
        e.kind in ("secondary", "tertiary", "residential", "unclassified") and e.length > 70 for e in edges
    ) and all("oneway" not in e.tags and "bridge" not in e.tags and "tunnel" not in e.tags for e in edges)


def _make_roundabout(graph: Graph, node: int) -> None:
    middle = graph.nodes[node]
    arms: list[int] = []
    for number in sorted(graph.around[node]):
        edge = graph.edges[number]
        near = _ROUNDABOUT_RADIUS_M if edge.a == node else edge.length - _ROUNDABOUT_RADIUS_M
        end, before, after = graph.split(number, near)
        graph.remove(before if edge.a == node else after)
        arms.append(end)
    turn = {arm: float(np.arctan2(*(graph.nodes[arm] - middle)[::-1])) for arm in arms}
    arms.sort(key=lambda arm: turn[arm])
    tags: Tags = {
        "highway": "tertiary",
        "junction": "roundabout",
        "oneway": "yes",
        **named("示范环岛", "Demo Roundabout"),
    }
    for one, two in zip(arms, [*arms[1:], arms[0]], strict=True):
        until = turn[two] if turn[two] > turn[one] else turn[two] + 2 * np.pi
        angles = np.linspace(turn[one], until, 6)
        arc = middle + _ROUNDABOUT_RADIUS_M * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        graph.add(Edge(one, two, arc, dict(tags), 2_000_000 + node, float(turn[one])))


def _compounds(graph: Graph, rng: np.random.Generator, plots: Plots) -> None:
    """Residential compounds: drives one may only enter to reach a door, most of them behind a lift gate."""

    def build(number: int) -> None:
        edge = graph.edges[number]
        plot = plots.beside(edge.points, edge.length, depth=58, width=70)
        if plot is None:
            return
        node, _, _ = graph.split(number, edge.length / 2)
        gated = number % 3 > 0
        access = "private" if gated else "destination"
        drive: Tags = {"highway": "service", "access": access, **named("虚构小区", "Fiction Court")}
        gate = graph.spur(node, np.array([plot.foot, plot.at(14)]), drive)
        if gated:
            graph.node_tags[gate] |= {"barrier": "lift_gate", "access": "private"}
        yard = graph.spur(gate, np.array([plot.at(14), plot.at(38)]), drive)
        for side in (-28, 28):
            graph.spur(yard, np.array([plot.at(38), plot.at(46, side / 2), plot.at(48, side)]), dict(drive))

    _pick(graph, rng, 430, streets(graph), build)


def streets(graph: Graph) -> list[int]:
    """Ordinary streets with room for something beside them."""
    return [
        number
        for number, edge in graph.edges.items()
        if edge.kind in ("residential", "unclassified", "tertiary", "living_street")
        and not {"bridge", "tunnel", "junction", "maxheight", "motor_vehicle", "ref"} & edge.tags.keys()
        and 85 < edge.length < 500
    ]


def _slip_roads(graph: Graph, rng: np.random.Generator) -> None:
    """A lane that cuts the corner for those turning right, at some crossings of main roads of every class."""
    for kind in ("trunk", "primary", "secondary", "tertiary"):
        at_kind = {edge.b for edge in graph.edges.values() if edge.kind == kind and "junction" not in edge.tags}
        nodes = [node for node in sorted(at_kind) if graph.degree(node) == 4]
        for node in rng.permutation(np.array(nodes))[:26].tolist():
            _slip_road(graph, node, kind)


def _slip_road(graph: Graph, node: int, kind: str) -> None:
    for number in sorted(graph.around[node]):
        straight = {"bridge", "tunnel", "junction"}.isdisjoint
        for other, angle in _ways_on(graph, number, node):
            pair = (graph.edges[number], graph.edges[other])
            if abs(angle + 90) < 30 and pair[0].kind == kind and all(e.length > 95 and straight(e.tags) for e in pair):
                leave, arrive = (_cut_near(graph, n, node, 44) for n in (number, other))
                middle = graph.nodes[node] * 0.3 + (graph.nodes[leave] + graph.nodes[arrive]) * 0.35
                points = np.array([graph.nodes[leave], middle, graph.nodes[arrive]])
                tags: Tags = {"highway": f"{kind}_link", "oneway": "yes"}
                graph.add(Edge(leave, arrive, points, tags, 3_000_000 + node, 0.0))
                return


def _cut_near(graph: Graph, number: int, node: int, distance: float) -> int:
    """A new node on an edge, `distance` metres from its end at `node`."""
    edge = graph.edges[number]
    return graph.split(number, distance if edge.a == node else edge.length - distance)[0]


def _turn_bans(graph: Graph, rng: np.random.Generator) -> list[Restriction]:
    """No left turns at busy crossings of the centre, some only at rush hour; a few where one must go straight on."""
    busy = [
        node
        for node in range(len(graph.nodes))
        if graph.node_tags[node].get("highway") == "traffic_signals" and np.hypot(*(graph.nodes[node] - CORE)) < 6500
    ]
    bans: list[Restriction] = []
    for place, node in enumerate(rng.permutation(np.array(busy))[:150].tolist()):
        for number in sorted(graph.around[node]):
            ways_on = _ways_on(graph, number, node)
            if len(ways_on) < 3:
                continue
            if place % 15 == 0:
                kind, wanted, condition = "only_straight_on", 0.0, ""
            elif place % 15 == 7 and "oneway" not in graph.edges[number].tags:
                bans.append(Restriction("no_u_turn", number, number, via_node=node))
                break
            else:
                kind, wanted = "no_left_turn", 90.0
                condition = "Mo-Fr 07:00-09:00,17:00-19:00" if place % 25 == 1 else ""
            to_edge, angle = min(ways_on, key=lambda way: abs(way[1] - wanted))
            if abs(angle - wanted) < 35:
                bans.append(
                    Restriction(
                        kind,
                        number,
                        to_edge,
                        via_node=node,
                        condition=condition,
                        exempt="bus;emergency" if place % 10 == 3 else "",
                    )
                )
                break
    return bans


def _ways_on(graph: Graph, number: int, node: int) -> list[tuple[int, float]]:
    """(edge, degrees turned to the left) for every way on from an edge at a node; none where it cannot be driven there."""
    edge = graph.edges[number]
    if (edge.a == node and edge.tags.get("oneway") == "yes") or not drivable(edge):
        return []
    incoming = _heading(edge.points if edge.b == node else edge.points[::-1], arriving=True)
    ways = []
    for other, _ in graph.leaving(node, drivable):
        if other != number:
            leaving = graph.edges[other]
            outgoing = _heading(leaving.points if leaving.a == node else leaving.points[::-1], arriving=False)
            ways.append((other, (outgoing - incoming + 180) % 360 - 180))
    return ways


def _heading(points: Points, *, arriving: bool) -> float:
    """Degrees anticlockwise from east."""
    step = points[-1] - points[-2] if arriving else points[1] - points[0]
    return float(np.degrees(np.arctan2(step[1], step[0])))


def _median_bans(graph: Graph) -> list[Restriction]:
    """No turning back over the crossing from one carriageway of a boulevard to the other: a ban over a via way."""
    bans: list[Restriction] = []
    for number, edge in sorted(graph.edges.items()):
        if edge.length > 40 or "dual_carriageway" in edge.tags or len(bans) >= 12:
            continue
        before = [n for n in sorted(graph.around[edge.a]) if _carriageway(graph, n) and graph.edges[n].b == edge.a]
        after = [n for n in sorted(graph.around[edge.b]) if _carriageway(graph, n) and graph.edges[n].a == edge.b]
        if before and after and graph.edges[before[0]].line != graph.edges[after[0]].line:
            bans.append(Restriction("no_u_turn", before[0], after[0], via_edge=number))
    return bans


def _carriageway(graph: Graph, number: int) -> bool:
    return "dual_carriageway" in graph.edges[number].tags
