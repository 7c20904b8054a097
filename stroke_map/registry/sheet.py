"""The hospital sheet: read with every problem named, and written as CSV so that it reads back equal."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stroke_map.coordinates import from_wgs84
from stroke_map.registry.columns import COLUMNS, capability_columns, level_columns
from stroke_map.registry.csv_table import guard
from stroke_map.registry.limits import MAX_PROBLEMS
from stroke_map.registry.models import UNKNOWN
from stroke_map.registry.network_models import TEAMS
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.records import read_records
from stroke_map.registry.row import CAPABILITY_PARTS, LEVEL_PARTS, Row

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from typing import TextIO

    import shapely

    from stroke_map.registry.models import Hospital


def read_sheet(path: str | os.PathLike[str], *, region: shapely.Geometry | None = None) -> SheetReading:
    """Read a hospital sheet.

    Parameters
    ----------
    path
        A CSV file or an XLSX workbook with a header in Chinese or English (see `COLUMNS`; only `REQUIRED_COLUMNS` must
        be there, and their order is free).
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
    first_of: dict[str, Row] = {}
    for cells in read_records(path, reading):
        row = Row(reading, cells)
        row.read(region)
        first = first_of.setdefault(row.text("id"), row)
        if first is not row and row.text("id"):
            row.error("id", f"is the id of row {first.cell('id').row} too", "an id no other row has")
        if len(reading.problems) >= MAX_PROBLEMS:
            message = f"over {MAX_PROBLEMS:,} problems; reading stopped here"
            reading.error(row.cell("id").row, "", "", message=message, right="another sheet")
            break
    else:
        # Whoever names a hospital whose row could not be read is not wrong for that.
        for row in () if reading.lost_rows else first_of.values():
            row.check_references(first_of)
    reading.hospitals += [row.hospital for row in first_of.values() if row.hospital]
    reading.records |= {id_: row.cells for id_, row in first_of.items()}
    if not first_of and not reading.errors:
        reading.warning(0, "", "", message="the sheet lists no hospital", right="one row per hospital")
    return reading


def write_sheet(hospitals: Iterable[Hospital], stream: TextIO) -> None:
    """Write the sheet as CSV with every column, header first, one line per hospital as it comes.

    Coordinates are written in each hospital's own `crs`. A text that a spreadsheet program would run as a formula
    gets an apostrophe before it, which `read_sheet` takes away again. The numbers that alerts call are in it: it is
    for those who keep the list.

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
        writer.writerow({column: guard(text) for column, text in sheet_cells(hospital).items()})


def sheet_cells(hospital: Hospital) -> dict[str, str]:
    """What stands in each column for a hospital, those that would be blank left out; `read_sheet` reads it back equal."""
    told: dict[str, Any] = {name: value for name, value in hospital if name in COLUMNS and isinstance(value, str)}
    site, entrance = (hospital.lat, hospital.lon), (hospital.entrance_lat, hospital.entrance_lon)
    told["lat"], told["lon"] = _degrees(site, hospital.crs)
    if entrance != site:
        told["entrance_lat"], told["entrance_lon"] = _degrees(entrance, hospital.crs)
    told["transfer_partners"] = tuple(
        partner.id if partner.transfer_delay_min is None else f"{partner.id}:{partner.transfer_delay_min:g}"
        for partner in hospital.transfer_partners
    )
    told |= {name: value for name, value in hospital.figures if name != "year"}
    told["figures_year"] = hospital.figures.year
    for team in TEAMS:
        told[f"{team}_contacts"] = tuple(contact.phone for contact in hospital.contacts if contact.team == team)
    for centre, level in hospital.levels.items():
        columns = dict(zip(LEVEL_PARTS, level_columns(centre), strict=True))
        told |= {columns[part]: value for part, value in level}
    for name, capability in hospital.capabilities.items():
        columns = dict(zip(CAPABILITY_PARTS, capability_columns(name), strict=False))
        parts = {"status": capability.status} if capability == UNKNOWN else dict(capability)
        told |= {column: parts[part] for part, column in columns.items() if part in parts}
    return {column: text for column, value in told.items() if (text := _text(value))}


def _degrees(place: tuple[float, float], crs: str) -> list[str]:
    # Two decimals finer than what is kept: read back, converted and rounded, it is the same point.
    return [f"{degrees:.9f}".rstrip("0").rstrip(".") for degrees in from_wgs84(*place, crs)]


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
