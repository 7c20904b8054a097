"""The region an edition answers for: who publishes it, its timezone, and its polygon.

The `regions` folder of an operator's geodata and what is installed (`geodata/regions/*.toml`) describe the regions we know; any
polygon can be given as GeoJSON; and where there is none, the hull of the roads serves.
"""

from __future__ import annotations

import math
import tomllib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import shapely
from pydantic import BaseModel, ConfigDict, ValidationError
from shapely.geometry import box, shape

from stroke_map.editions.info import Names, RegionInfo
from stroke_map.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from stroke_map.editions.info import EditionInfo

# A place this far beyond the last road still counts as inside, so that it gets `off-network`, which says how far a road is.
HULL_MARGIN_M = 2_000.0
# Hospitals across the border are allowed as far as the roads of an edition should reach beyond its region.
HOSPITAL_MARGIN_M = 30_000.0
DEFAULT_TIMEZONE = "Asia/Shanghai"  # China has one
UNNAMED = Names(zh="未命名区域", en="Unnamed region")
NOBODY = Names()
METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km
#: Beside `<id>.toml`: the clinical values that the region's doctors have set and signed.
PROTOCOL_SUFFIX = ".protocol.toml"
_LARGEST_FILE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Region:
    """A region. `bounds` are (west, south, east, north), `polygon` is (lon, lat); both in degrees, WGS-84, or None.

    `districts` are what a hospital's district may be; none where they are not known. `protocol_file` has the region's own clinical
    values; None: it has none.
    """

    id: str = "unnamed"
    name: Names = UNNAMED
    publisher: Names = NOBODY
    timezone: str = DEFAULT_TIMEZONE
    bounds: tuple[float, float, float, float] | None = None
    polygon: shapely.Polygon | shapely.MultiPolygon | None = None
    polygon_file: Path | None = None
    districts: tuple[str, ...] = ()
    protocol_file: Path | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The timezone."""
        return ZoneInfo(self.timezone)

    @property
    def hospital_area(self) -> shapely.Geometry | None:
        """Where a hospital of the sheet may be, None while nothing is known."""
        area = self.polygon if self.polygon is not None else None if self.bounds is None else box(*self.bounds)
        return None if area is None else grow(area, HOSPITAL_MARGIN_M)

    def with_polygon(self, polygon: shapely.Polygon | shapely.MultiPolygon, source: Path | None = None) -> Region:
        """The same region with that polygon."""
        return replace(self, polygon=polygon, polygon_file=source)

    def info(self) -> RegionInfo:
        """What `edition.json` says of it; it must have a polygon."""
        west, south, east, north = shapely.bounds(self.polygon).tolist()
        return RegionInfo(id=self.id, name=self.name, bounds=(west, south, east, north), districts=self.districts)


class _RegionFile(BaseModel):
    """`geodata/regions/<id>.toml`; what other rooms read from it is not our business."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: Names
    publisher: Names = Names()
    timezone: str = DEFAULT_TIMEZONE
    bounds: tuple[float, float, float, float] | None = None
    polygon: str | None = None
    districts: tuple[str, ...] = ()


def own_regions_dir(geodata_dir: Path) -> Path:
    """The folder of an operator's own region files; it need not be there."""
    return geodata_dir / "regions"


def regions_dir() -> Path:
    """The folder of installed region files: the checkout's, else the one in the installed package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "geodata" / "regions"
    return checkout if checkout.is_dir() else package / "_regions"


def districts_of(region: RegionInfo, *, geodata_dir: Path | None = None) -> tuple[str, ...]:
    """The districts of an edition's region: those sealed, else those of the region's file; none where neither knows any."""
    if not region.districts:
        with suppress(EditionError):  # a region that only its polygon describes has no file
            return load_region(region.id, geodata_dir=geodata_dir).districts
    return region.districts


def load_region(which: str | Path, *, polygon: Path | None = None, geodata_dir: Path | None = None) -> Region:
    """A region by its id, by its TOML file, or by nothing but its GeoJSON polygon.

    Parameters
    ----------
    which
        An id such as `chongqing`, or the path of a `.toml`, `.geojson` or `.json` file.
    polygon
        A GeoJSON file whose polygon replaces the region's own.
    geodata_dir
        Where an operator's own files are, in the folder `regions`: of an id they win over what is installed.

    Raises
    ------
    EditionError
        There is no such region, or its file has a mistake; the message says which.
    """
    path = Path(which)
    if path.suffix.lower() in {".geojson", ".json"}:
        region = _with_polygon_file(Region(), path)
    elif path.suffix.lower() == ".toml":
        region = _read_toml(path)
    else:
        region = _load_known(str(which), geodata_dir)
    return region if polygon is None else _with_polygon_file(region, polygon)


def region_again(info: EditionInfo, geodata_dir: Path) -> Region | None:
    """The region of an edition, as its file describes it now; None where it has no file.

    Raises
    ------
    EditionError
        Its file has a mistake; or the edition is sealed with clinical values of the region's own, and no file has any: the next edition
        would go back to those of this package, and nobody would be told.
    """
    name = info.region.id
    region = load_region(name, geodata_dir=geodata_dir) if name in _known(geodata_dir) else None
    if _would_lose_values(info, region):
        missing = name + PROTOCOL_SUFFIX if region else f"{name}.toml with {name}{PROTOCOL_SUFFIX}"
        raise EditionError(
            f"the region's own clinical values, which edition {info.id} has, would be lost: there is no {missing}",
            next_step=f"Put {missing} into the folder `regions` of STROKE_MAP_GEODATA_DIR, or give --region FILE.",
        )
    return region


def refuse_if_values_are_lost(info: EditionInfo, region: Region) -> None:
    """Look at a region that somebody gives for an edition after another, as `region_again` looks at one that it finds.

    A region of another name is another region. One without a name may be the same.

    Raises
    ------
    EditionError
        The edition before is sealed with clinical values of the region's own, and what is given has none.
    """
    name = info.region.id
    if region.id in {name, Region().id} and _would_lose_values(info, region):
        raise EditionError(
            f"the region's own clinical values, which edition {info.id} has, would be lost: the region that is given has none",
            next_step=f"Put {name}{PROTOCOL_SUFFIX} into the folder `regions` of STROKE_MAP_GEODATA_DIR and give --region {name}, or lay "
            "it beside the .toml that is given, named as that one. A polygon alone has no clinical values.",
        )


def _would_lose_values(info: EditionInfo, region: Region | None) -> bool:
    sealed = any(protocol.local_version or protocol.signed_by for protocol in info.protocols)
    return sealed and (region is None or region.protocol_file is None)


def read_polygon(path: Path) -> shapely.Polygon | shapely.MultiPolygon:
    """All polygons of a GeoJSON file as one.

    Raises
    ------
    EditionError
        It is no GeoJSON, holds no polygon, or its coordinates are not (longitude, latitude) in degrees.
    """
    document = _parse(path, orjson.loads)
    try:
        polygon = shapely.union_all([shape(geometry) for geometry in _geometries(document)])
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise _bad_file(path, "has a geometry that cannot be read") from error
    if not isinstance(polygon, shapely.Polygon | shapely.MultiPolygon) or polygon.is_empty or not polygon.is_valid:
        raise _bad_file(path, "holds no valid polygon")
    west, south, east, north = polygon.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _bad_file(path, "has coordinates that are not (longitude, latitude) in degrees, WGS-84")
    return shapely.force_2d(polygon)


def hull_of_roads(points: Iterable[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]) -> shapely.Polygon:
    """The convex hull of all roads, 2 km wider, to seven decimals.

    Parameters
    ----------
    points
        For each network `point_x`, `point_y`: longitude and latitude in 1e-7 degrees.
    """
    # As one line, not as points: the hull is the same, and GEOS need not make an object of each.
    hulls = [shapely.linestrings(np.column_stack([x, y]) * 1e-7).convex_hull for x, y in points]
    return shapely.set_precision(grow(shapely.union_all(hulls).convex_hull, HULL_MARGIN_M), 1e-7)


def grow(geometry: shapely.Geometry, metres: float) -> shapely.Geometry:
    """`geometry` (lon, lat in degrees) with everything within `metres` of it.

    The projection is the equirectangular one about the geometry's middle: over 400 km at 30 degrees north it is wrong
    by 2 % at most, 40 m of 2 km.
    """
    west, south, east, north = shapely.bounds(geometry).tolist()
    middle = ((west + east) / 2, (south + north) / 2)
    scale = (METRES_PER_DEGREE * math.cos(math.radians(middle[1])), METRES_PER_DEGREE)
    local = shapely.transform(geometry, lambda points: (points - middle) * scale)
    return shapely.transform(shapely.buffer(local, metres), lambda points: points / scale + middle)


def region_geojson(region: Region) -> bytes:
    """The region as a GeoJSON Feature, as it lies in an edition."""
    return orjson.dumps(
        {
            "type": "Feature",
            "properties": {"id": region.id, "name": region.name.model_dump()},
            "geometry": shapely.geometry.mapping(region.polygon),
        }
    )


def _known(geodata_dir: Path | None) -> dict[str, Path]:
    """The file of each region that has one, by its id."""
    folders = [regions_dir()] if geodata_dir is None else [regions_dir(), own_regions_dir(geodata_dir)]
    files = (file for folder in folders for file in folder.glob("*.toml"))
    return {file.stem: file for file in files if not file.name.endswith(PROTOCOL_SUFFIX)}


def _load_known(name: str, geodata_dir: Path | None) -> Region:
    known = _known(geodata_dir)
    if name not in known:
        raise EditionError(
            "there is no region of that name",
            next_step=f"Use one of {', '.join(sorted(known)) or '(none is installed)'}, give a .toml file or a polygon as GeoJSON, "
            "or put a file into the folder `regions` of STROKE_MAP_GEODATA_DIR.",
        )
    region = _read_toml(known[name])
    if geodata_dir is None:
        return region
    # The doctors of a region that is installed put their values where they can write.
    own = own_regions_dir(geodata_dir) / (name + PROTOCOL_SUFFIX)
    return replace(region, protocol_file=own) if own.exists() else region


def _read_toml(path: Path) -> Region:
    document = _parse(path, lambda content: tomllib.loads(content.decode()))
    try:
        file = _RegionFile.model_validate(document)
        ZoneInfo(file.timezone)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _bad_file(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (LookupError, ValueError, OSError) as error:
        raise _bad_file(path, "timezone must be an IANA name such as Asia/Shanghai") from error
    region = Region(file.id, file.name, file.publisher, file.timezone, file.bounds, districts=file.districts)
    own = path.with_name(path.stem + PROTOCOL_SUFFIX)
    region = replace(region, protocol_file=own if own.exists() else None)
    return region if file.polygon is None else _with_polygon_file(region, path.parent / file.polygon)


def _with_polygon_file(region: Region, path: Path) -> Region:
    return region.with_polygon(read_polygon(path), path)


def _parse(path: Path, parse: Any) -> Any:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise _bad_file(path, f"is larger than {_LARGEST_FILE_BYTES / 1e6:.0f} MB")
        return parse(path.read_bytes())
    except OSError as error:
        raise _bad_file(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _bad_file(path, f"is no {path.suffix.lower().lstrip('.')} file") from error


def _geometries(document: Any) -> list[Any]:
    kind = document.get("type")
    if kind == "FeatureCollection":
        return [feature["geometry"] for feature in document["features"]]
    return [document["geometry"]] if kind == "Feature" else [document]


def _bad_file(path: Path, problem: str) -> EditionError:
    return EditionError(
        f"{path.name} {problem}",
        next_step="Correct the file: a TOML like those of geodata/regions, or a GeoJSON polygon in WGS-84.",
    )
