"""Places that OpenStreetMap lacks (compounds, landmarks, what people call them) from a CSV file: name, alias, lat, lon, crs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import shapely

from stroke_map.coordinates import to_wgs84
from stroke_map.errors import InvalidRequestError
from stroke_map.registry.csv_table import csv_table, read_bytes, unguard
from stroke_map.registry.fields import tidy_text
from stroke_map.registry.headers import header_key
from stroke_map.registry.limits import MAX_PROBLEMS
from stroke_map.registry.pinyin import fold
from stroke_map.registry.places import PUBLISHED, Place
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.values import CRS_EXAMPLE, read_crs, read_list, read_number

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from stroke_map.registry.tables import SheetCells, Table

#: What stands above each column.
HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("name", "名称", "地名"),
    "alias": ("alias", "别名", "又名"),
    "name_en": ("name_en", "英文名", "英文名称"),
    "district": ("district", "区县"),
    "lat": ("lat", "latitude", "纬度"),
    "lon": ("lon", "lng", "longitude", "经度"),
    "crs": ("crs", "坐标系"),
}
_REQUIRED: Final = ("name", "lat", "lon", "crs")
_COLUMN_OF: Final = {header_key(header): column for column, headers in HEADERS.items() for header in headers}
_DEGREES: Final = {"lat": "29.5574", "lon": "106.5770"}
_DECIMALS: Final = 7  # 1 cm, as the registry keeps coordinates


@dataclass
class PlacesReading(SheetReading):
    """The places whose rows have no error, and every problem of the file."""

    places: list[Place] = field(default_factory=list)


def read_places_csv(path: str | os.PathLike[str], *, region: shapely.Geometry | None = None) -> PlacesReading:
    """Read a file of places.

    Parameters
    ----------
    path
        A CSV file, UTF-8 with or without byte order mark, or GB18030, whose first row names the columns: name, lat, lon and crs,
        and if wanted alias (several with `;` between), name_en and district; Chinese headers are known too.
    region
        Where the places must lie, as a polygon of lon, lat in WGS-84 degrees; None for anywhere.

    Returns
    -------
    PlacesReading
        The places in the file's order, of the kind "landmark", and every problem: nothing is raised, not even for a file that
        cannot be read. `raise_for_errors()` turns errors into `RegistryError`.
    """
    path = Path(path)
    reading = PlacesReading(path.name)
    data = read_bytes(path, reading)
    table = None if data is None else csv_table(path.name, data, reading, _known_headers)
    columns = None if table is None else _read_header(table, reading)
    if table is None or columns is None:
        return reading
    if region is not None:
        shapely.prepare(region)
    for number, cells in table.rows:
        if len(reading.problems) >= MAX_PROBLEMS:
            reading.error(number, "", "", message="too many problems; reading stopped here", right="another file")
            break
        place = _Row(
            reading, number, {column: unguard(str(cells.get(at, ""))) for column, at in columns.items()}
        ).place(region)
        if place is not None:
            reading.places.append(place)
    return reading


def _known_headers(table: Table) -> int:
    return sum(header_key(str(cell)) in _COLUMN_OF for _, cells in islice(table.rows, 1) for cell in cells.values())


def _read_header(table: Table, reading: PlacesReading) -> dict[str, int] | None:
    """Where each column is; None, with the reason noted, where one is missing."""
    nothing: tuple[int, SheetCells] = (1, {})
    number, cells = next(table.rows, nothing)
    columns: dict[str, int] = {}
    for at, cell in cells.items():
        header = str(cell)
        column = _COLUMN_OF.get(header_key(header))
        if column is None:
            reading.warning(number, header, header, message="is not read", right=f"one of {', '.join(HEADERS)}")
        elif columns.setdefault(column, at) != at:
            reading.error(number, header, header, message="the column is there twice", right="each column once")
    missing = [column for column in _REQUIRED if column not in columns]
    for column in missing:
        right = f"a header with {','.join(_REQUIRED)}"
        reading.error(number, column, "", message="the column is missing", right=right)
    return None if missing else columns


@dataclass
class _Row:
    """A row's cells by column, and where its problems go."""

    reading: PlacesReading
    number: int
    cells: dict[str, str]
    refused: bool = False

    def place(self, region: shapely.Geometry | None) -> Place | None:
        """The row as a place; None where a cell is in error."""
        name = self._read("name", _name, "a name as people say it")
        aliases = self._read("alias", _aliases, "names, with ; between")
        name_en = self._read("name_en", tidy_text, "a line of text")
        district = self._read("district", tidy_text, "a line of text")
        crs = self._read("crs", read_crs, CRS_EXAMPLE)
        lat, lon = (self._read(column, read_number, f"degrees, such as {_DEGREES[column]}") for column in _DEGREES)
        if self.refused:
            return None
        try:
            lat, lon = (round(degrees, _DECIMALS) for degrees in to_wgs84(lat, lon, crs))
        except InvalidRequestError:
            self._error("lat", "lat and lon are out of range", "lat -90 to 90, lon -180 to 180 degrees")
            return None
        if region is not None and not shapely.intersects_xy(region, lon, lat):
            swapped = "; lat and lon look swapped" if shapely.intersects_xy(region, lat, lon) else ""
            self._error("lat", f"lies outside the region{swapped}", "a place inside the region")
            return None
        return Place(name, aliases, PUBLISHED, lat, lon, district, name_en)

    def _read(self, column: str, read: Callable[[str], Any], right: str) -> Any:
        """The cell through a function that raises ValueError; None, with an error noted, where it does."""
        cell = self.cells.get(column, "")
        try:
            return read(cell)
        except ValueError as error:
            said = str(error).partition("; give ")[0]
            self._error(column, said if cell or column not in _REQUIRED else "is missing", right)
            return None

    def _error(self, column: str, message: str, right: str) -> None:
        self.refused = True
        self.reading.error(self.number, column, self.cells.get(column, ""), message=message, right=right)


def _name(text: str) -> str:
    tidied = tidy_text(text)
    if not fold(tidied):
        raise ValueError("has neither letter nor digit")
    return tidied


def _aliases(text: str) -> tuple[str, ...]:
    return tuple(map(_name, read_list(tidy_text(text))))
