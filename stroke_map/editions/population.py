"""Where people live: a CSV file of places, or a GeoTIFF of people per cell; each snapped to the road beside it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from stroke_map.coordinates import SYSTEMS, WGS_84, to_wgs84
from stroke_map.editions.gates import NO_GATE
from stroke_map.errors import EditionError
from stroke_map.roads.grid import snap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stroke_map.editions.arrivals import Arrivals
    from stroke_map.editions.near import NearArrivals
    from stroke_map.roads import RoadNetwork

#: People who live farther from any road than this are counted, and placed nowhere; as the service's own limit.
SNAP_LIMIT_M: Final = 1000.0
MOST_PLACES: Final = 1_000_000
_LARGEST_CSV_BYTES = 200_000_000
_MOST_CELLS = 100_000_000  # of a raster, within the bounds: 800 MB in memory
_COLUMNS = ("lat", "lon", "people")
_GEOTIFF = (".tif", ".tiff")
_TELL_EVERY = 5_000


@dataclass(frozen=True)
class Population:
    """People at P places: `lat`, `lon` float64[P] in degrees, WGS-84, and `people` float64[P], each above 0."""

    lat: np.ndarray
    lon: np.ndarray
    people: np.ndarray


@dataclass(frozen=True)
class Residents:
    """People on the road beside them.

    Attributes
    ----------
    stretch, share, people
        int64[n], float64[n], float64[n]: where on the road, and how many.
    outside, far
        How many people live outside the region, and how many farther than the limit from any road; they are in no figure.
    """

    stretch: np.ndarray
    share: np.ndarray
    people: np.ndarray
    outside: float
    far: float

    @property
    def total(self) -> float:
        """Everybody in the region, those far from any road too: a share is of all of them."""
        return float(self.people.sum()) + self.far


def read_population(path: Path, bounds: tuple[float, float, float, float] | None = None) -> Population:
    """Read a population file.

    Parameters
    ----------
    path
        `.csv` with the columns `lat`, `lon`, `people` (UTF-8; a column `crs` names another system than WGS-84), or a GeoTIFF
        whose first band holds people per cell (needs the extra `population`). A raster of more than a million cells is read in
        blocks of cells.
    bounds
        (west, south, east, north) in degrees, WGS-84: of a raster, which may be of a whole country, only this part is read.

    Raises
    ------
    EditionError
        It cannot be read as one, or rasterio is not installed.
    """
    try:
        lat, lon, people = _read_raster(path, bounds) if path.suffix.lower() in _GEOTIFF else _read_csv(path)
    except OSError as error:
        raise _bad_file(path, f"cannot be read: {error}") from error
    if not (
        np.isfinite(people).all() and (people >= 0).all() and (np.abs(lat) <= 90).all() and (np.abs(lon) <= 180).all()
    ):
        raise _bad_file(path, "holds a place or a number of people that is none")
    some = people > 0
    if not some.any():
        raise _bad_file(path, "holds no people")
    return Population(lat[some], lon[some], people[some])


def settle(
    population: Population,
    network: RoadNetwork,
    arrivals: Arrivals | NearArrivals,
    region: shapely.Geometry | None,
    progress: Callable[[float], None] | None = None,
) -> Residents:
    """Snap people to the nearest road from which a hospital can be reached, as the service does with a caller.

    Nobody is snapped onto a motorway, a bridge or into a tunnel.
    """
    inside = np.ones(len(population.people), dtype=bool)
    if region is not None:
        shapely.prepare(region)
        inside = shapely.intersects_xy(region, population.lon, population.lat)
    usable = arrivals.reaches & ((network.stretch_flags & NO_GATE) == 0)
    usable.flags.writeable = False
    places = np.flatnonzero(inside)
    stretch = np.full(len(places), -1, dtype=np.int64)
    share = np.zeros(len(places))
    roads = (
        network.point_x, network.point_y, network.point_stretch, network.stretch_first_point,
        network.grid_origin, network.grid_first, network.grid_piece,
    )  # fmt: skip
    x, y = population.lon[places] * 1e7, population.lat[places] * 1e7
    for number in range(len(places)):
        # The kernel itself: `RoadNetwork.snap` would look for the nearest road of every place that has none within the limit.
        found = snap(x[number], y[number], SNAP_LIMIT_M, 0.0, usable, *roads)
        if len(found[0]):
            stretch[number], share[number] = found[0][0], found[1][0]
        if progress and number % _TELL_EVERY == 0:
            progress(number / len(places))
    people = population.people[places]
    near = stretch >= 0
    return Residents(
        stretch[near],
        share[near],
        people[near],
        outside=float(population.people[~inside].sum()),
        far=float(people[~near].sum()),
    )


def _read_csv(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if path.stat().st_size > _LARGEST_CSV_BYTES:
        raise _bad_file(path, f"is larger than {_LARGEST_CSV_BYTES / 1e6:.0f} MB; give a GeoTIFF")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad_file(path, "is no UTF-8 text") from error
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise _bad_file(path, f"has no column {missing[0]}")
    rows: list[tuple[float, float, float]] = []
    try:
        for row in reader:
            lat, lon, people = (float(row[name] or "") for name in _COLUMNS)
            crs = row.get("crs") or WGS_84
            if crs not in SYSTEMS:
                raise _bad_file(path, f"line {reader.line_num}: crs must be one of {', '.join(SYSTEMS)}")
            rows.append((lat, lon, people) if crs == WGS_84 else (*to_wgs84(lat, lon, crs), people))
            if len(rows) > MOST_PLACES:
                raise _bad_file(path, f"has more than {MOST_PLACES:,} places; give a GeoTIFF")
    except (ValueError, TypeError, csv.Error) as error:
        raise _bad_file(path, f"line {reader.line_num}: lat, lon and people must be numbers") from error
    lat_, lon_, people_ = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return lat_, lon_, people_


def _read_raster(
    path: Path, bounds: tuple[float, float, float, float] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    try:
        import rasterio
        from rasterio.errors import RasterioError
        from rasterio.warp import transform, transform_bounds
    except ImportError as error:
        raise EditionError(
            "reading a GeoTIFF needs rasterio, which is not installed",
            next_step="Install it: pip install 'stroke-map[population]'; or give the population as CSV.",
        ) from error
    try:
        with rasterio.open(path) as raster:
            if raster.crs is None:
                raise _bad_file(path, "does not say in which coordinate system its cells are")
            sides = None if bounds is None else transform_bounds("EPSG:4326", raster.crs, *bounds)
            rows, columns = _window(tuple(raster.transform)[:6], raster.shape, sides)
            if rows[0] >= rows[1] or columns[0] >= columns[1]:
                raise _bad_file(path, "has no cell in the region")
            if (rows[1] - rows[0]) * (columns[1] - columns[0]) > _MOST_CELLS:
                raise _bad_file(path, f"has more than {_MOST_CELLS:,} cells in the region; give a coarser one")
            # Without data, as at sea, nobody lives; some files mark such cells with a negative number alone.
            people = np.maximum(raster.read(1, window=(rows, columns), masked=True).filled(0).astype(np.float64), 0)
            side = max(1, int(np.ceil(np.sqrt(people.size / MOST_PLACES))))
            people = _in_blocks(people, side)
            row, column = np.nonzero(people)
            a, b, c, d, e, f = tuple(raster.transform)[:6]
            across, down = columns[0] + (column + 0.5) * side, rows[0] + (row + 0.5) * side
            lon, lat = transform(raster.crs, "EPSG:4326", a * across + b * down + c, d * across + e * down + f)
    except RasterioError as error:
        raise _bad_file(path, f"cannot be read as a GeoTIFF: {error}") from error
    return np.array(lat), np.array(lon), people[row, column]


def _window(
    transform: tuple[float, ...], shape: tuple[int, int], sides: tuple[float, float, float, float] | None
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The rows and the columns (first, one after the last) of a raster that hold a box, with a cell more on each side.

    Parameters
    ----------
    transform
        Column and row -> x and y, as a, b, c, d, e, f of `x = a * column + b * row + c`, `y = d * column + e * row + f`.
    sides
        (west, south, east, north) in the raster's own system; None, or a raster that is turned: all of it.
    """
    a, b, c, d, e, f = transform
    if sides is None or b or d:
        return (0, shape[0]), (0, shape[1])
    spans = [
        sorted((sides[at] - begin) / step for at in ends) for ends, begin, step in (((1, 3), f, e), ((0, 2), c, a))
    ]
    rows, columns = (
        (max(int(low) - 1, 0), min(int(high) + 2, size)) for (low, high), size in zip(spans, shape, strict=True)
    )
    return rows, columns


def _in_blocks(people: np.ndarray, side: int) -> np.ndarray:
    """The sums of blocks of `side` x `side` cells."""
    rows, columns = (-(-size // side) * side for size in people.shape)
    padded = np.zeros((rows, columns))
    padded[: people.shape[0], : people.shape[1]] = people
    summed: Any = padded.reshape(rows // side, side, columns // side, side).sum(axis=(1, 3))
    return summed


def _bad_file(path: Path, problem: str) -> EditionError:
    return EditionError(
        f"{path.name} {problem}",
        next_step="Give the population as CSV with the columns lat, lon, people (WGS-84), or as GeoTIFF.",
    )
