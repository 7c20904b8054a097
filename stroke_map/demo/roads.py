"""All roads of the made-up city, drawn and joined into one graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from stroke_map.demo.city import TOWNSHIPS, Ground
from stroke_map.demo.country import draw_country_roads, draw_ferry, draw_island, draw_villages, outskirts
from stroke_map.demo.expressway import SPUR_ENDS, draw_expressways
from stroke_map.demo.graph import Edge, Graph, build_graph
from stroke_map.demo.lines import EXPRESS, GROUND, Line, Points, Tags, pieces, resample
from stroke_map.demo.names import StreetNames, named
from stroke_map.demo.streets import (
    BRIDGE,
    PARK_SHARE,
    TUNNEL,
    draw_arterials,
    draw_hill_roads,
    draw_river_drives,
    draw_townships,
    fill_quarters,
)

LOCAL = ("residential", "unclassified", "living_street", "service")
NOT_BY_CAR = ("pedestrian", "steps", "footway")


@dataclass
class City:
    """The finished roads, and the places named on the way."""

    ground: Ground
    graph: Graph
    villages: list[Points]


def draw_city(seed: int) -> City:
    """Draw every road and join them; what stands beside them is added later."""
    ground, names = Ground(seed), StreetNames()
    arterials, drives = draw_arterials(ground, names), draw_river_drives(ground)
    express = draw_expressways(
        [line for line in arterials if line.kind in ("primary", "trunk") and "oneway" not in line.tags]
    )
    taken = shapely.union_all(express.areas)
    hill_roads = draw_hill_roads(ground)
    taken_or_hill = shapely.union_all([taken, *ground.hills])
    streets = fill_quarters(ground, ground.town, arterials + drives, names, taken_or_hill, park_share=PARK_SHARE)
    trunks = [line for line in arterials if line.kind == "trunk"] + _spur_roads()
    country = draw_country_roads(ground, _city_ends(arterials), trunks)
    townships = draw_townships(ground, trunks + country, names)
    built_up = shapely.union_all([ground.town, *ground.new_towns, ground.water.buffer(60), taken])
    villages, spots = draw_villages(ground, country, shapely.union_all([built_up, *_blocks()]))
    lines = [
        *arterials,
        *drives,
        *streets,
        *hill_roads,
        *_spur_roads(),
        *country,
        *townships,
        *villages,
        *draw_ferry(ground),
        *draw_island(),
        *express.lines,
    ]
    lines, portals = _sink(lines)
    _raise(ground, lines)
    graph = build_graph(lines, express.joints + portals)
    tidy(graph, ground.rng)
    return City(ground, graph, spots)


def _spur_roads() -> list[Line]:
    """From the end of each expressway spur to the township behind it."""
    tags: Tags = {"highway": "trunk", "ref": "D105", **named("演示连接线", "Demo Link Road")}
    ends = [min(TOWNSHIPS, key=lambda t: float(np.hypot(t.x - end[0], t.y - end[1]))) for end in SPUR_ENDS]
    return [Line(resample(np.array([end, [t.x, t.y]]), 60), dict(tags)) for end, t in zip(SPUR_ENDS, ends, strict=True)]


def _city_ends(arterials: list[Line]) -> list[Points]:
    ends = [
        line.points[i] for line in arterials if line.kind == "primary" and "oneway" not in line.tags for i in (0, -1)
    ]
    return [end for end in ends if np.hypot(end[0] + 900, end[1] - 300) > 8300] + outskirts()


def _blocks() -> list[shapely.Polygon]:
    return [shapely.Point(place.x, place.y).buffer(place.radius * 1.25) for place in TOWNSHIPS]


def _sink(lines: list[Line]) -> tuple[list[Line], list[Points]]:
    """Cut main roads into what lies open and what is a tunnel, which meets others at its portals alone."""
    cut: list[Line] = []
    portals: list[Points] = []
    for line in lines:
        rock = [zone for zone, tags in line.zones if tags == TUNNEL]
        if not rock or not rock[0].intersects(line.geometry):
            cut.append(line)
            continue
        cut += [Line(part, line.tags) for part in pieces(line.geometry.difference(rock[0]), 0)]
        for part in pieces(line.geometry.intersection(rock[0]), 0):
            cut.append(Line(part, line.tags | TUNNEL, EXPRESS))
            portals += [part[0], part[-1]]
    return cut, portals


def _raise(ground: Ground, lines: list[Line]) -> None:
    """Bridges over water, viaducts where expressways cross other roads, and expressway tunnels under the ridges."""
    over = ground.water.buffer(35)
    grounded = [line.geometry for line in lines if line.level == GROUND and line.kind]
    tree = shapely.STRtree(grounded)
    shapely.prepare(over)
    for line in lines:
        shape = line.geometry
        if line.kind and over.intersects(shape) and "Island" not in line.tags.get("name:en", ""):
            line.zones.append((over, BRIDGE))
        if line.level == EXPRESS and "tunnel" not in line.tags:
            if line.kind == "motorway":
                line.zones.append((ground.ridges.buffer(-60), TUNNEL))
            crossed = shapely.intersection(
                shape, [grounded[i] for i in sorted(tree.query(shape, predicate="intersects"))]
            )
            ends = shapely.MultiPoint(shape.coords[:: len(shape.coords) - 1]).buffer(60)
            viaducts = shapely.union_all(shapely.buffer(crossed, 45)).difference(ends).difference(ground.ridges)
            if not viaducts.is_empty:
                line.zones.append((viaducts, BRIDGE))


def tidy(graph: Graph, rng: np.random.Generator) -> None:
    """Take away stubs, thin out local streets, drop what is joined to nothing, and open one-way traps."""
    for _ in range(2):
        for node in range(len(graph.nodes)):
            if graph.degree(node) == 1:
                (number,) = graph.around[node]
                edge = graph.edges[number]
                limit = 12 if edge.kind == "track" else 95 if edge.kind in ("residential", "unclassified") else 60
                if edge.length < limit and "Island" not in edge.tags.get("name:en", ""):
                    graph.remove(number)
    for number in [n for n, e in graph.edges.items() if e.kind in LOCAL and "oneway" not in e.tags]:
        edge = graph.edges[number]
        if rng.random() < 0.09 and graph.degree(edge.a) > 2 and graph.degree(edge.b) > 2:
            graph.remove(number)
    _keep_connected(graph)
    open_traps(graph)


def centre(graph: Graph) -> int:
    """A node of a street in the middle of the old town."""
    edges = [e for e in graph.edges.values() if e.kind == "secondary"]
    return min(edges, key=lambda e: float(np.hypot(*(graph.nodes[e.a] - [-1800, 300])))).a


def _keep_connected(graph: Graph) -> None:
    seen, queue = {centre(graph)}, [centre(graph)]
    while queue:
        for number in graph.around[queue.pop()]:
            for node in (graph.edges[number].a, graph.edges[number].b):
                if node not in seen:
                    seen.add(node)
                    queue.append(node)
    for number in [n for n, e in graph.edges.items() if e.a not in seen and "Island" not in e.tags.get("name:en", "")]:
        graph.remove(number)


def drivable(edge: Edge) -> bool:
    """Whether a car may use it."""
    return edge.kind not in NOT_BY_CAR and edge.tags.get("motor_vehicle") != "no"


def open_traps(graph: Graph) -> None:
    """Make two-way whatever one-way street leads into or out of a place one could not leave or reach."""
    for _ in range(6):
        start = centre(graph)
        sound = graph.reached(start, passable=drivable) & graph.reached(start, backwards=True, passable=drivable)
        stuck = [
            e
            for e in graph.edges.values()
            if not (e.a in sound and e.b in sound) and e.kind not in ("motorway", "motorway_link")
        ]
        for edge in stuck:
            edge.tags.pop("oneway", None)
        if not stuck:
            return
