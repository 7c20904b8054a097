"""A first hospital sheet from OpenStreetMap: names, places and phones, for people to fill in the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import osmium
import shapely
from osmium.filter import IdFilter, TagFilter
from osmium.osm import NODE, WAY

from stroke_map.errors import RoadDataError
from stroke_map.registry.fields import MAX_TEXT_CHARACTERS, tidy_text
from stroke_map.registry.models import Hospital

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

_ENTRANCE_WITHIN_DEG: Final = 0.0005  # some 50 m from the hospital's outline
_HAN: Final = re.compile("[\u3400-\u9fff]")


@dataclass
class _Object:
    """An `amenity=hospital` object and what its place follows from."""

    id: str
    tags: dict[str, str]
    nodes: list[int] = field(default_factory=list)
    ways: list[int] = field(default_factory=list)


def draft_from_osm(
    osm_path: str | os.PathLike[str], *, on_skipped: Callable[[str], None] = lambda _: None
) -> Iterator[Hospital]:
    """Draft one hospital for every `amenity=hospital` node, way and relation of an OpenStreetMap file.

    Coordinates are WGS-84: the node, the centroid of the way, or the mean of the nodes of a relation's members; the
    entrance is a node `emergency=emergency_ward_entrance` on or within 50 m of it. Every capability is "unknown".
    Nodes that the file lacks are left out.

    Parameters
    ----------
    osm_path
        An .osm.pbf, .osm, .osm.gz or .osm.bz2 file. It is read whole before this returns.
    on_skipped
        Called with a message for each object of whose nodes the file has none, which therefore has no place.

    Returns
    -------
    iterator of Hospital
        In the file's order; ids such as `osm-n123`, `osm-w123`, `osm-r123`.

    Raises
    ------
    RoadDataError
        A file that cannot be read, is empty, truncated, or no OpenStreetMap data.
    """
    path = Path(osm_path)
    if not path.is_file():  # osmium would take "-" for stdin and fetch addresses
        raise RoadDataError(f"{path.name} is not a file that can be read")
    try:
        objects, entrances = _scan(path)
        ways = _way_nodes(path, {way for one in objects for way in one.ways})
        wanted = {node for one in objects for node in one.nodes} | {node for nodes in ways.values() for node in nodes}
        places = _node_places(path, wanted)
    except (RuntimeError, OSError, UnicodeDecodeError) as error:
        raise RoadDataError(f"{path.name} cannot be read as OpenStreetMap data: {error}") from error
    return _hospitals(objects, ways, places, entrances, on_skipped)


def _scan(path: Path) -> tuple[list[_Object], list[tuple[float, float]]]:
    """Find the hospitals and the (lon, lat) of every emergency entrance."""
    objects, entrances = [], []
    wanted = TagFilter(("amenity", "hospital"), ("emergency", "emergency_ward_entrance"))
    for found in osmium.FileProcessor(path).with_filter(wanted):
        if found.tags.get("amenity") != "hospital":
            if found.is_node() and found.location.valid():
                entrances.append((found.lon, found.lat))
            continue
        one = _Object(f"osm-{found.type_str()}{found.id}", {tag.k: tag.v for tag in found.tags})
        if found.is_node():
            one.nodes = [found.id]
        elif found.is_way():
            one.nodes = [node.ref for node in found.nodes]
        elif found.is_relation():
            one.nodes = [member.ref for member in found.members if member.type == "n"]
            one.ways = [member.ref for member in found.members if member.type == "w"]
        objects.append(one)
    if not objects and next(iter(osmium.FileProcessor(path)), None) is None:
        raise RoadDataError(f"{path.name} is empty: it holds no OpenStreetMap object")
    return objects, entrances


def _way_nodes(path: Path, ids: set[int]) -> dict[int, list[int]]:
    if not ids:
        return {}
    return {
        way.id: [node.ref for node in way.nodes] for way in osmium.FileProcessor(path, WAY).with_filter(IdFilter(ids))
    }


def _node_places(path: Path, ids: set[int]) -> dict[int, tuple[float, float]]:
    nodes = osmium.FileProcessor(path, NODE).with_filter(IdFilter(ids)) if ids else ()
    return {node.id: (node.lon, node.lat) for node in nodes if node.location.valid()}


def _hospitals(
    objects: list[_Object],
    ways: dict[int, list[int]],
    places: dict[int, tuple[float, float]],
    entrances: list[tuple[float, float]],
    on_skipped: Callable[[str], None],
) -> Iterator[Hospital]:
    for one in objects:
        nodes = [*one.nodes, *(node for way in one.ways for node in ways.get(way, ()))]
        points = [places[node] for node in nodes if node in places]
        if not points:
            on_skipped(f"{one.id} left out: the file has none of its nodes, so nothing says where it is")
            continue
        yield _hospital(one, points, entrances)


def _hospital(one: _Object, points: list[tuple[float, float]], entrances: list[tuple[float, float]]) -> Hospital:
    # Only a relation has ways; of its members' nodes the mean is the better guess, as the outlines may be partial.
    ring = not one.ways and len(points) >= 4 and points[0] == points[-1]
    centre = (shapely.Polygon(points) if ring else shapely.MultiPoint(sorted(set(points)))).centroid
    outline = shapely.MultiPoint(points).convex_hull
    near = [
        (distance, lon, lat)
        for lon, lat in entrances
        if (distance := outline.distance(shapely.Point(lon, lat))) <= _ENTRANCE_WITHIN_DEG
    ]
    _, entrance_lon, entrance_lat = min(near, default=(0.0, centre.x, centre.y))
    name = _first(one.tags, "name")
    return Hospital(
        id=one.id,
        name_zh=_first(one.tags, "name:zh", "name:zh-Hans", "name", "official_name", "name:en") or f"未命名 {one.id}",
        name_en=_first(one.tags, "name:en", "int_name") or ("" if _HAN.search(name) else name),
        name_short=_first(one.tags, "short_name:zh", "short_name"),
        district=_first(one.tags, "addr:district", "addr:county", "addr:city"),
        phone=_first(one.tags, "emergency:phone", "phone", "contact:phone"),
        address=_address(one.tags),
        lat=centre.y,
        lon=centre.x,
        entrance_lat=entrance_lat,
        entrance_lon=entrance_lon,
    )


def _first(tags: dict[str, str], *keys: str) -> str:
    return next((text for key in keys if (text := _harmless(tags.get(key, "")))), "")


def _address(tags: dict[str, str]) -> str:
    parts = (tags.get(f"addr:{part}", "") for part in ("city", "district", "street", "housenumber"))
    return _harmless(tags.get("addr:full", "") or " ".join(part for part in parts if part))


def _harmless(text: str) -> str:
    """Anyone can write into OpenStreetMap: drop what a sheet would refuse."""
    printable = "".join(character for character in text if character.isprintable() or character.isspace())
    return tidy_text(printable[:MAX_TEXT_CHARACTERS])
