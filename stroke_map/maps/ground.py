"""What lies under the roads of the base map: water to draw, and the names of places, read from the OpenStreetMap file.

Kept with the tiles of an edition: deeper tiles need the water, and the browser writes the names (no server needs a Chinese font).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import osmium
import shapely
from osmium.filter import EmptyTagFilter, KeyFilter, TagFilter
from osmium.geom import WKBFactory

from stroke_map.maps.sea import sea_within, seen_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from stroke_map.roads import RoadNetwork

    Place = tuple[int, int, float, float, str, str]
    Bounds = tuple[float, float, float, float]

WATER_FILE: Final = "water.wkb"
PLACES_FILE: Final = "places.json"
#: From which zoom a place is named, by its rank in OpenStreetMap.
FIRST_ZOOMS: Final = {
    "city": 7, "town": 9, "borough": 10, "suburb": 11, "village": 12, "quarter": 13, "neighbourhood": 14, "hamlet": 14,
}  # fmt: skip
MOST_PLACES: Final = 2_000
_LONGEST_NAME: Final = 40
_AREAS: Final = (("natural", "water"), ("waterway", "riverbank"), ("landuse", "reservoir"))
_LINES: Final = (("waterway", "river"), ("waterway", "canal"))
_COASTS: Final = (("natural", "coastline"),)
#: Points of streets among which the sea is looked for.
_SAMPLE: Final = 5_000
#: Less than a pixel at zoom 17; and what is smaller than a few pixels at zoom 13.
_TOLERANCE_DEG: Final = 1e-5
_SMALLEST_DEG2: Final = 4e-7


@dataclass(frozen=True)
class Ground:
    """Water as polygons and lines, and places as (first zoom, number by rank, lon, lat, name, English name); degrees, WGS-84.

    `bounds` (west, south, east, north) reach as far as there is something to draw: out to sea where there is one.
    """

    water: NDArray[np.object_]
    places: tuple[Place, ...] = ()
    bounds: Bounds | None = None

    @classmethod
    def load(cls, folder: Path) -> Ground:
        """Read what `save` wrote; nothing where it wrote nothing, as in an edition older than this."""
        try:
            content = (folder / WATER_FILE).read_bytes()
        except FileNotFoundError:
            return cls(np.empty(0, dtype=object))
        return cls(shapely.get_parts(shapely.from_wkb(content)))

    def save(self, folder: Path) -> None:
        """Write water and places; the same ground gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WATER_FILE).write_bytes(shapely.to_wkb(shapely.geometrycollections(self.water)))
        (folder / PLACES_FILE).write_bytes(orjson.dumps(self.places))


def read_ground(osm: Path, roads: RoadNetwork | None = None) -> Ground:
    """Read water and places of an .osm.pbf, .osm, .osm.gz or .osm.bz2 file; what of it is broken is left out.

    Parameters
    ----------
    roads
        Of the same file: the sea is drawn around them, and not over them. None: no sea.
    """
    sea, bounds = _sea(osm, roads) if roads is not None else ([], None)
    water = [*_areas(osm), *_lines(osm, _LINES), *sea]
    geometries = shapely.simplify(np.asarray(water, dtype=object), _TOLERANCE_DEG)
    return Ground(geometries[~shapely.is_empty(geometries)], tuple(_places(osm)), bounds)


def _sea(osm: Path, roads: RoadNetwork) -> tuple[list[Any], Bounds | None]:
    """The sea around the roads, and how far there is something to draw; only where the file says that it knows the coasts."""
    coasts = list(_lines(osm, _COASTS))
    seen = shapely.intersection(shapely.box(*seen_from(roads.bounds)), _told_by(osm))
    if not coasts or seen.area == 0:
        return [], None
    every = slice(None, None, max(1, len(roads.point_x) // _SAMPLE))
    streets = np.column_stack([roads.point_x[every], roads.point_y[every]]) * 1e-7
    sea = sea_within(coasts, seen.bounds, streets)
    return sea, shapely.union(shapely.box(*roads.bounds), seen).bounds if sea else None


def _told_by(osm: Path) -> Any:
    """The box of which a file says that it holds all; the world where it says nothing. A ferry may lead out of it."""
    with osmium.io.Reader(str(osm), osmium.osm.NOTHING) as reader:
        box = reader.header().box()
    if not box.valid():
        return shapely.box(-180, -90, 180, 90)
    return shapely.box(box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)


def _areas(osm: Path) -> Iterator[Any]:
    make, wanted = WKBFactory(), TagFilter(*_AREAS)
    # Only what is wanted goes on to Python: a province has millions of closed ways.
    for found in osmium.FileProcessor(str(osm)).with_areas(wanted).with_filter(wanted):
        if found.is_area():
            try:
                area = shapely.make_valid(shapely.from_wkb(bytes.fromhex(make.create_multipolygon(found))))
            except (RuntimeError, ValueError):  # an outline that does not close
                continue
            yield from (part for part in shapely.get_parts(area) if part.area >= _SMALLEST_DEG2)


def _lines(osm: Path, wanted: tuple[tuple[str, str], ...]) -> Iterator[Any]:
    make = WKBFactory()
    for way in osmium.FileProcessor(str(osm)).with_locations().with_filter(TagFilter(*wanted)):
        if way.is_way():
            try:
                yield shapely.from_wkb(bytes.fromhex(make.create_linestring(way)))
            except (RuntimeError, ValueError):  # nodes that the file lacks
                continue


def _places(osm: Path) -> list[Place]:
    found: list[Place] = []
    ranks = list(FIRST_ZOOMS)
    nodes = (
        osmium.FileProcessor(str(osm), osmium.osm.NODE).with_filter(EmptyTagFilter()).with_filter(KeyFilter("place"))
    )
    for node in nodes:
        rank, name = node.tags["place"], tidy(node.tags.get("name", ""))
        if rank in FIRST_ZOOMS and name and node.location.valid():
            at = round(node.lon, 5), round(node.lat, 5)
            found.append((FIRST_ZOOMS[rank], ranks.index(rank), *at, name, tidy(node.tags.get("name:en", "")) or name))
    found.sort(key=lambda place: place[1:])
    return found[:MOST_PLACES]


def tidy(text: str) -> str:
    """Anyone can write into OpenStreetMap: no control characters, no direction marks, no endless names."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:_LONGEST_NAME]).split())
