"""The made-up city as real files: an `.osm.pbf` and a hospital sheet, the same bytes for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import osmium
import shapely
from osmium.osm import mutable

from stroke_map.demo.city import (
    CENTER_LAT,
    CENTER_LON,
    DISTRICTS,
    HALF_HEIGHT_M,
    HALF_WIDTH_M,
    ISLAND,
    TOWNSHIPS,
    Ground,
    to_lat_lon,
)
from stroke_map.demo.features import Restriction, ban_turns, furnish
from stroke_map.demo.hospitals import Site, place_hospitals, sheet
from stroke_map.demo.names import chinese_number
from stroke_map.demo.roads import City, draw_city

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from stroke_map.demo.graph import Graph
    from stroke_map.demo.lines import Points, Tags

DEFAULT_SEED = 120
_FIRST_ID = 900_000_001


@dataclass(frozen=True)
class DemoFiles:
    """What `write_demo` wrote."""

    osm: Path
    sheet: Path


@dataclass
class _Drawing:
    """OSM objects in the making; ids are given in order of appearance."""

    nodes: list[tuple[float, float, Tags]]
    ways: list[tuple[list[int], Tags]]
    relations: list[tuple[list[tuple[str, int, str]], Tags]]

    def node(self, where: Points, tags: Tags) -> int:
        self.nodes.append((float(where[0]), float(where[1]), tags))
        return _FIRST_ID + len(self.nodes) - 1

    def way(self, refs: list[int], tags: Tags) -> int:
        self.ways.append((refs, tags))
        return _FIRST_ID + len(self.ways) - 1


def write_demo(folder: Path, seed: int = DEFAULT_SEED, progress: Callable[[str], None] | None = None) -> DemoFiles:
    """Write `demo.osm.pbf` and `demo_hospitals.csv` into a folder.

    Parameters
    ----------
    folder
        Made if it is not there; files of these names are replaced.
    seed
        The same seed gives the same bytes.
    progress
        Called with the name of each step.
    """
    say = progress or (lambda _: None)
    say("draw")
    city = draw_city(seed)
    furnish(city)
    sites = place_hospitals(city)
    restrictions = ban_turns(city)
    say("write")
    folder.mkdir(parents=True, exist_ok=True)
    files = DemoFiles(folder / "demo.osm.pbf", folder / "demo_hospitals.csv")
    drawing = _draw(city, restrictions, sites)
    _write(files.osm, drawing)
    files.sheet.write_text(sheet(sites, city.graph), encoding="utf-8", newline="")
    return files


def _draw(city: City, restrictions: list[Restriction], sites: list[Site]) -> _Drawing:
    drawing = _Drawing([], [], [])
    graph = city.graph
    used = sorted({node for edge in graph.edges.values() for node in (edge.a, edge.b)})
    degrees = to_lat_lon(np.array([graph.nodes[node] for node in used]))
    id_of = {node: drawing.node(where, graph.node_tags[node]) for node, where in zip(used, degrees, strict=True)}
    way_of = _draw_roads(drawing, graph, id_of, _kept_apart(graph, restrictions))
    for ban in restrictions:
        via = ("n", id_of[ban.via_node], "via") if ban.via_node >= 0 else ("w", way_of[ban.via_edge], "via")
        key = "restriction:conditional" if ban.condition else "restriction"
        value = f"{ban.kind} @ ({ban.condition})" if ban.condition else ban.kind
        members = [("w", way_of[ban.from_edge], "from"), via, ("w", way_of[ban.to_edge], "to")]
        exempt = {"except": ban.exempt} if ban.exempt else {}
        drawing.relations.append((members, {"type": "restriction", key: value} | exempt))
    _draw_land(drawing, city.ground)
    _draw_places(drawing, city, sites)
    return drawing


def _kept_apart(graph: Graph, restrictions: list[Restriction]) -> set[int]:
    """Nodes at which ways must be split, so that a restriction's members end where they should."""
    nodes = {ban.via_node for ban in restrictions if ban.via_node >= 0}
    for ban in restrictions:
        if ban.via_edge >= 0:
            nodes |= {graph.edges[ban.via_edge].a, graph.edges[ban.via_edge].b}
    return nodes


def _draw_roads(drawing: _Drawing, graph: Graph, id_of: dict[int, int], apart: set[int]) -> dict[int, int]:
    """Ways of consecutive edges of one line; returns the way of each edge."""
    way_of: dict[int, int] = {}
    order = sorted(graph.edges, key=lambda number: (graph.edges[number].line, graph.edges[number].place, number))
    chain: list[int] = []
    for number in [*order, None]:
        if chain:
            last = graph.edges[chain[-1]]
            edge = graph.edges[number] if number is not None else None
            goes_on = (
                edge and edge.a == last.b and edge.line == last.line and edge.tags == last.tags and last.b not in apart
            )
            if not goes_on:
                refs = [id_of[graph.edges[chain[0]].a]]
                for part in chain:
                    inner = to_lat_lon(graph.edges[part].points[1:-1])
                    refs += [drawing.node(where, {}) for where in inner] + [id_of[graph.edges[part].b]]
                way = drawing.way(refs, {k: v for k, v in last.tags.items() if k != "dual_carriageway"})
                way_of |= dict.fromkeys(chain, way)
                chain = []
        if number is not None:
            chain.append(number)
    return way_of


def _draw_land(drawing: _Drawing, ground: Ground) -> None:
    """Rivers and woods as closed ways; rivers are cut where the island lies, so that no area needs a hole."""
    rivers = (
        (ground.main_river, {"name": "示范江", "name:en": "Demo River"}),
        (ground.side_river, {"name": "样例江", "name:en": "Sample River"}),
    )
    for area, name in rivers:
        for west, east in pairwise((-HALF_WIDTH_M, ISLAND[0], 0, HALF_WIDTH_M)):
            reach = area.intersection(shapely.box(west, -HALF_HEIGHT_M, east, HALF_HEIGHT_M))
            _draw_areas(drawing, reach, {"natural": "water", "water": "river", "waterway": "riverbank", **name})
    for number, hill in enumerate(ground.hills, start=1):
        name = {"name": f"示范山{number}号公园", "name:en": f"Demo Hill Park {number}"}
        _draw_areas(drawing, hill, {"leisure": "park", **name})
    frame = shapely.box(-HALF_WIDTH_M, -HALF_HEIGHT_M, HALF_WIDTH_M, HALF_HEIGHT_M)
    _draw_areas(drawing, ground.ridges.intersection(frame), {"natural": "wood"})


def _draw_areas(drawing: _Drawing, area: BaseGeometry, tags: Tags) -> None:
    for part in shapely.get_parts(area):
        ids = [drawing.node(where, {}) for where in to_lat_lon(shapely.get_coordinates(part.exterior)[:-1])]
        drawing.way([*ids, ids[0]], tags)


def _draw_places(drawing: _Drawing, city: City, sites: list[Site]) -> None:
    drawing.node(
        np.array([CENTER_LAT, CENTER_LON]),
        {"place": "city", "name": "示范市（虚构）", "name:en": "Demo City (made up)"},
    )
    for place in (*DISTRICTS, *TOWNSHIPS):
        where = to_lat_lon(np.array([[place.x, place.y]]))[0]
        drawing.node(where, {"place": place.rank, "name": place.zh, "name:en": place.en})
    for number, spot in enumerate(city.villages, start=1):
        where = to_lat_lon(spot[None, :])[0]
        tags = {
            "place": "hamlet",
            "name": f"虚构村{chinese_number(number)}组",
            "name:en": f"Fiction Village Group {number}",
        }
        drawing.node(where, tags)
    for number, site in enumerate(sites, start=1):
        where = to_lat_lon(site.building[None, :])[0]
        tags = {"amenity": "hospital", "name": site.plan.zh + "（虚构）", "name:en": site.plan.en + " (made up)"}
        drawing.node(where, tags | {"phone": f"000-0000-{number:04d}", "emergency": "yes"})


def _objects(drawing: _Drawing) -> Iterator[mutable.OSMObject]:
    for number, (lat, lon, tags) in enumerate(drawing.nodes):
        yield mutable.Node(id=_FIRST_ID + number, version=1, location=(round(lon, 7), round(lat, 7)), tags=tags)
    for number, (refs, tags) in enumerate(drawing.ways):
        yield mutable.Way(id=_FIRST_ID + number, version=1, nodes=refs, tags=tags)
    for number, (members, tags) in enumerate(drawing.relations):
        yield mutable.Relation(id=_FIRST_ID + number, version=1, members=members, tags=tags)


def _write(path: Path, drawing: _Drawing) -> None:
    path.unlink(missing_ok=True)
    header = osmium.io.Header()
    header.set("generator", "stroke_map demonstration city: made up, no real place")
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for each in _objects(drawing):
            if isinstance(each, mutable.Node):
                writer.add_node(each)
            elif isinstance(each, mutable.Way):
                writer.add_way(each)
            else:
                writer.add_relation(each)
