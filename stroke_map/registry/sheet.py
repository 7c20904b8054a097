"""The hospital sheet as CSV: read with every problem named, and written so that it reads back equal."""

from __future__ import annotations

import csv
import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stroke_map.coordinates import from_wgs84
from stroke_map.registry.centres import CAPABILITIES
from stroke_map.registry.columns import COLUMNS, REQUIRED_COLUMNS, capability_columns
from stroke_map.registry.csv_table import guard, read_rows
from stroke_map.registry.models import AGENTS_CAPABILITY, UNKNOWN, Hospital
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.row import Row

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    import shapely

MAX_PROBLEMS: Final = 10_000  # nobody reads more; a hostile sheet could make millions
MAX_COLUMNS: Final = 500


def read_sheet(path: str | os.PathLike[str], *, region: shapely.Geometry | None = None) -> SheetReading:
    """Read a hospital sheet.

    Parameters
    ----------
    path
        A CSV file, UTF-8 with or without byte order mark, whose first row names the columns (`COLUMNS`; only
        `REQUIRED_COLUMNS` must be there, and their order is free).
    region
        Where the hospitals must lie, as a polygon of lon, lat in WGS-84 degrees; None for anywhere.

    Returns
    -------
    SheetReading
        The hospitals in the sheet's order, and every problem: nothing is raised, not even for a file that cannot be
        read. `raise_for_errors()` turns errors into `RegistryError`.
    """
    path = Path(path)
    reading = SheetReading(path.name)
    rows = read_rows(path, reading)
    columns = _read_header(rows, reading)
    if columns is None:
        return reading
    first_row_of: dict[str, int] = {}
    for number, cells in rows:
        if len(reading.problems) >= MAX_PROBLEMS:
            reading.error(
                number, "", "", message=f"over {MAX_PROBLEMS:,} problems; reading stopped here", right="another sheet"
            )
            break
        row = _row(number, cells, columns, reading)
        if row is None:
            continue
        hospital = row.hospital(region)
        id_ = row.cells["id"]
        first = first_row_of.setdefault(id_, number)
        if id_ and first != number:
            reading.error(number, "id", id_, message=f"is the id of row {first} too", right="an id no other row has")
        elif hospital is not None:
            reading.hospitals.append(hospital)
    if not first_row_of:
        reading.warning(0, "", "", message="the sheet lists no hospital", right="one row per hospital")
    return reading


def _read_header(rows: Iterator[tuple[int, list[str]]], reading: SheetReading) -> list[str] | None:
    number, cells = next(rows, (1, []))
    columns = [cell.lower() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    if reading.errors:
        return None
    if len(columns) == 1 and any(separator in columns[0] for separator in ";\t"):
        reading.error(
            number, "", cells[0], message="the cells are not separated by commas", right="a CSV file with commas"
        )
        return None
    if len(columns) > MAX_COLUMNS:
        reading.error(number, "", "", message=f"{len(columns):,} columns", right=f"at most {MAX_COLUMNS}")
        return None
    for index, column in enumerate(columns):
        if column in columns[:index]:
            reading.error(
                number, cells[index], cells[index], message="the column is there twice", right="each column once"
            )
        elif column not in COLUMNS:
            near = difflib.get_close_matches(column[:64], COLUMNS, 1)
            right = near[0] if near else f"no such column; capabilities are {', '.join(CAPABILITIES)}"
            reading.error(number, cells[index], cells[index], message="the column is unknown", right=right)
    for column in REQUIRED_COLUMNS:
        if column not in columns:
            reading.error(
                number, column, "", message="the column is missing", right=f"a header with {','.join(REQUIRED_COLUMNS)}"
            )
    # A sheet without these is no hospital sheet: complaining about each of its cells would help nobody.
    return columns if set(REQUIRED_COLUMNS) <= set(columns) else None


def _row(number: int, cells: list[str], columns: list[str], reading: SheetReading) -> Row | None:
    surplus = next((cell for cell in cells[len(columns) :] if cell), None)
    if surplus is not None:
        message = f"the row has {len(cells)} cells, the header {len(columns)}"
        reading.error(number, "", surplus, message=message, right='a text with a comma in quotes: "Road 1, East gate"')
        return None
    cells += [""] * (len(columns) - len(cells))
    return Row(reading, number, dict(zip(columns, cells, strict=False)))


def write_sheet(hospitals: Iterable[Hospital], stream: TextIO) -> None:
    """Write the sheet as CSV, header first, one line per hospital as it comes.

    Coordinates are written in each hospital's own `crs`. A text that a spreadsheet program would run as a formula
    gets an apostrophe before it, which `read_sheet` takes away again.

    Parameters
    ----------
    hospitals
        What to write; may be a generator.
    stream
        A text stream, best opened with `newline=""` and UTF-8.
    """
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for hospital in hospitals:
        writer.writerow({column: guard(cell) for column, cell in _cells(hospital).items()})


def _cells(hospital: Hospital) -> dict[str, str]:
    cells = {
        name: getattr(hospital, name)
        for name in ("id", "name_zh", "name_en", "name_short", "district", "address", "crs", "phone", "kind")
    }
    site = (hospital.lat, hospital.lon)
    entrance = (hospital.entrance_lat, hospital.entrance_lon)
    cells["lat"], cells["lon"] = _degrees(site, hospital.crs)
    if entrance != site:
        cells["entrance_lat"], cells["entrance_lon"] = _degrees(entrance, hospital.crs)
    for name, level in hospital.levels.items():
        cells[f"{name}_level_scheme"], cells[f"{name}_level"] = level.scheme, level.level
    for name, capability in hospital.capabilities.items():
        status, hours, valid_from, valid_until, body = capability_columns(name)[:5]
        cells[status] = capability.status
        if capability != UNKNOWN:
            cells[hours] = capability.hours
            cells[valid_from] = capability.valid_from.isoformat() if capability.valid_from else ""
            cells[valid_until] = capability.valid_until.isoformat() if capability.valid_until else ""
            cells[body] = capability.body
    cells[f"{AGENTS_CAPABILITY}_agents"] = ";".join(hospital.capabilities[AGENTS_CAPABILITY].agents)
    return cells


def _degrees(place: tuple[float, float], crs: str) -> list[str]:
    # Two decimals finer than what is kept: read back, converted and rounded, it is the same point.
    return [f"{degrees:.9f}".rstrip("0").rstrip(".") for degrees in from_wgs84(*place, crs)]
