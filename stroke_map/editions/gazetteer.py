"""The named places of an OpenStreetMap file: settlements, roads, compounds, stations, schools and what else people say where they are."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import osmium
import shapely
from osmium.filter import IdFilter, KeyFilter
from osmium.osm import WAY

from stroke_map.editions.place_kinds import kind_of
from stroke_map.errors import RoadDataError
from stroke_map.registry.pinyin import fold
from stroke_map.registry.places import KINDS, Place
from stroke_map.roads.read import node_locations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

#: Chongqing's extract holds some 100,000; more would make the search slow and the edition large.
MOST_PLACES: Final = 300_000
_LONGEST_NAME: Final = 100
_NAME_KEYS: Final = ("name", "bridge:name", "tunnel:name")
_ALIAS_KEYS: Final = (
    "name:zh",
    "alt_name",
    "old_name",
    "short_name",
    "official_name",
    "loc_name",
    "alt_name:zh",
    "alt_name:en",
)
# Two things of one name so near each other are one: a school and its gate, a node beside the outline, the stops of both directions.
_SAME_WITHIN_M: Final = 500.0
# Between two ways of one street; farther apart it is another street of that name.
_SAME_STREET_WITHIN_M: Final = 2000.0
_POINTS_OF_AN_OUTLINE: Final = 8
_METRES_PER_DEGREE: Final = 111_195.0
# A place is told apart from others of its name by the nearest of these.
_AREAS: Final = frozenset({"city", "district", "county", "borough", "town", "township", "suburb"})


@dataclass(slots=True)
class _Object:
    """A named object, and the nodes that say where it is: one, or some of its outline; or member ways."""

    name: str
    name_en: str
    alias: tuple[str, ...]
    kind: str
    is_area: bool
    nodes: list[int] = field(default_factory=list)
    ways: list[int] = field(default_factory=list)
    lon: float = math.nan
    lat: float = math.nan


def collect_places(osm: Path, region: shapely.Geometry | None = None, *, most: int = MOST_PLACES) -> list[Place]:
    """Collect the named places of an OpenStreetMap file.

    A street of several ways is one place for each area (the nearest town, suburb or district, which becomes `Place.district`), in
    the middle of it; other things of one name within about 500 m of each other are one.

    Parameters
    ----------
    osm
        An .osm.pbf, .osm, .osm.gz or .osm.bz2 file.
    region
        Where they must lie, as a polygon of lon, lat in WGS-84 degrees; None for anywhere.
    most
        How many at most; the less telling kinds are left out first.

    Raises
    ------
    RoadDataError
        The file cannot be read as OpenStreetMap data.
    """
    try:
        objects = _locate(osm, list(_named(osm)))
    except (RuntimeError, OSError, UnicodeDecodeError) as error:
        raise RoadDataError(f"{Path(osm).name} cannot be read as OpenStreetMap data: {error}") from error
    if region is not None and objects:
        shapely.prepare(region)
        inside = shapely.intersects_xy(region, [one.lon for one in objects], [one.lat for one in objects])
        objects = [one for one, within in zip(objects, inside, strict=True) if within]
    groups: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in _in_areas(objects):
        groups[fold(place.name), place.district].append(place)
    merged = [one for places in groups.values() for one in _merged(places)]
    merged.sort(key=lambda place: (KINDS.index(place.kind), place.name, place.district, place.lat, place.lon))
    return merged[:most]


def _named(osm: Path) -> Iterator[_Object]:
    """Every object that is a place by its tags; only a node knows already where it is."""
    for found in osmium.FileProcessor(str(osm)).with_filter(KeyFilter(*_NAME_KEYS)):
        tags = {tag.k: tag.v for tag in found.tags}
        kind = kind_of(tags, is_relation=found.is_relation())
        if kind is None:
            continue
        one = _read(tags, kind)
        if one is None:
            continue
        if found.is_node() and found.location.valid():
            one.lon, one.lat = found.lon, found.lat
        elif found.is_way():
            refs = [node.ref for node in found.nodes]
            one.nodes = [refs[len(refs) // 2]] if kind in {"road", "bridge"} and refs else _some(refs)
        elif found.is_relation():
            members = [(member.type, member.ref, member.role) for member in found.members]
            centre = [ref for type_, ref, role in members if type_ == "n" and role in {"label", "admin_centre"}]
            one.nodes = centre[:1] or [ref for type_, ref, _ in members if type_ == "n"]
            one.ways = [] if centre else [ref for type_, ref, role in members if type_ == "w" and role in {"outer", ""}]
        yield one


def _read(tags: dict[str, str], kind: str) -> _Object | None:
    own = "name" if kind != "bridge" else next((key for key in _NAME_KEYS[1:] if key in tags), "name")
    name = _tidy(tags.get(own, ""))
    if not any(map(str.isalpha, fold(name))):  # a house number
        return None
    told = (part for key in _ALIAS_KEYS if key in tags for part in tags[key].split(";"))
    name_en = _tidy(tags.get("name:en", "") or tags.get("int_name", ""))
    alias = tuple(dict.fromkeys(text for part in told if fold(text := _tidy(part)) and text not in {name, name_en}))
    return _Object(
        name, "" if name_en == name else name_en, alias, kind, tags.get("place") in _AREAS or kind == "district"
    )


@lru_cache(maxsize=4096)  # the ways of a street come one after another
def _tidy(text: str) -> str:
    """Anyone can write into OpenStreetMap: no control characters, direction marks or endless names. `;` parts aliases."""
    printable = "".join(character if character.isprintable() else " " for character in text[:_LONGEST_NAME])
    return " ".join(printable.replace(";", " ").split())


def _some(refs: list[int]) -> list[int]:
    return refs[:: max(1, len(refs) // _POINTS_OF_AN_OUTLINE)]


def _locate(osm: Path, objects: list[_Object]) -> list[_Object]:
    """The objects whose nodes the file holds, each in the middle of them."""
    wanted_ways = {way for one in objects for way in one.ways}
    nodes_of = _way_nodes(osm, wanted_ways)
    for one in objects:
        one.nodes += [node for way in one.ways for node in nodes_of.get(way, ())]
    wanted = np.unique(np.array([node for one in objects for node in one.nodes], dtype=np.int64))
    if len(wanted):
        ids, x, y = node_locations(osm, wanted)
        at = dict(zip(ids.tolist(), zip(x.tolist(), y.tolist(), strict=True), strict=True))
        for one in objects:
            points = [at[node] for node in one.nodes if node in at]
            if points:
                one.lon, one.lat = (round(sum(axis) / len(points) * 1e-7, 7) for axis in zip(*points, strict=True))
    return [one for one in objects if not math.isnan(one.lon)]


def _way_nodes(osm: Path, wanted: set[int]) -> dict[int, list[int]]:
    if not wanted:
        return {}
    ways: Any = osmium.FileProcessor(str(osm), WAY)
    if min(wanted) >= 0:  # the filter takes no negative ids, as editors give
        ways = ways.with_filter(IdFilter(wanted))
    return {way.id: _some([node.ref for node in way.nodes]) for way in ways if way.id in wanted}


def _in_areas(objects: list[_Object]) -> Iterable[Place]:
    """Each object as a place, in the area whose middle is nearest; an area itself is in none."""
    areas = [one for one in objects if one.is_area]
    nearest = [-1] * len(objects)
    if areas:
        tree = shapely.STRtree(shapely.points(_flat(areas)))
        nearest = tree.nearest(shapely.points(_flat(objects))).tolist()
    for one, area in zip(objects, nearest, strict=True):
        district = "" if one.is_area or area < 0 else areas[area].name
        yield Place(one.name, one.alias, one.kind, one.lat, one.lon, district, one.name_en)


def _flat(objects: list[_Object]) -> npt.NDArray[np.float64]:
    """(x, y) of each in degrees of latitude, good for telling near from far."""
    points = np.array([(one.lon, one.lat) for one in objects])
    points[:, 0] *= np.cos(np.radians(points[:, 1].mean()))
    return points


def _merged(places: list[Place]) -> Iterator[Place]:
    """What of one name in one area is one thing: the ways of a street, and other things near each other."""
    for cluster in _clusters([place for place in places if place.kind == "road"], _SAME_STREET_WITHIN_M):
        middle = np.mean([(place.lat, place.lon) for place in cluster], axis=0)
        # Not the mean itself, which may lie beside a bent road.
        nearest = min(cluster, key=lambda place: (_apart_m((place.lat, place.lon), middle), place.lat, place.lon))
        yield _with_names_of(nearest, cluster)
    for cluster in _clusters([place for place in places if place.kind != "road"], _SAME_WITHIN_M):
        first = min(cluster, key=lambda place: (KINDS.index(place.kind), place.lat, place.lon))
        yield _with_names_of(first, cluster)


def _clusters(places: list[Place], reach_m: float) -> Iterator[list[Place]]:
    """Those that are, one by one, about `reach_m` from each other: in the same or neighbouring squares of that size."""
    if len(places) < 2:
        yield from ([place] for place in places)
        return
    shrink = math.cos(math.radians(places[0].lat))
    squares: dict[tuple[int, int], list[Place]] = defaultdict(list)
    for place in places:
        metres = (place.lon * shrink * _METRES_PER_DEGREE, place.lat * _METRES_PER_DEGREE)
        squares[int(metres[0] // reach_m), int(metres[1] // reach_m)].append(place)
    while squares:
        cluster, waiting = [], [next(iter(squares))]
        while waiting:
            column, row = waiting.pop()
            cluster += squares.pop((column, row), [])
            around = ((column + east, row + north) for east in (-1, 0, 1) for north in (-1, 0, 1))
            waiting += [square for square in around if square in squares]
        yield cluster


def _with_names_of(first: Place, places: list[Place]) -> Place:
    name_en = next((place.name_en for place in places if place.name_en), "")
    alias = dict.fromkeys(alias for place in places for alias in place.alias)
    return replace(first, name_en=name_en, alias=tuple(sorted(alias)))


def _apart_m(one: Any, other: Any) -> float:
    east = (one[1] - other[1]) * math.cos(math.radians(one[0]))
    return math.hypot(one[0] - other[0], east) * _METRES_PER_DEGREE
