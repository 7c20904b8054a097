"""Read an edition's own hospitals again with some cells of their sheet set to something else."""

from __future__ import annotations

import csv
import difflib
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stroke_map.errors import InvalidRequestError
from stroke_map.registry import read_sheet, write_sheet
from stroke_map.registry.columns import COLUMNS
from stroke_map.registry.csv_table import guard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely

    from stroke_map.registry import Hospital, SheetReading

# What no CSV file can hold; of all else the sheet's own rules judge.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def read_with_cells_set(
    hospitals: Sequence[Hospital], cells: Sequence[str], *, region: shapely.Geometry | None = None
) -> SheetReading:
    """What `read_sheet` makes of the hospitals' sheet with these cells: the same checks judge it.

    Parameters
    ----------
    cells
        Each `ID.column=value`; an empty value clears the cell. Columns are those of the sheet, so that coordinates are in the
        hospital's own system.
    region
        Where the hospitals must lie, as a polygon of lon, lat in WGS-84 degrees.

    Raises
    ------
    InvalidRequestError
        There is no such hospital or column.
    """
    with tempfile.TemporaryDirectory(prefix="stroke-map-cells-") as folder:
        sheet = Path(folder) / "registry.csv"
        with sheet.open("w", encoding="utf-8", newline="") as stream:
            write_sheet(hospitals, stream)
        with sheet.open(encoding="utf-8", newline="") as stream:
            rows = {row["id"]: row for row in csv.DictReader(stream)}
        for cell in cells:
            _set(rows, cell)
        with sheet.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(rows.values())
        return read_sheet(sheet, region=region)


def _set(rows: dict[str, dict[str, str]], cell: str) -> None:
    # An id may have dots, a column has none.
    where, said, value = cell.partition("=")
    id_, _, column = where.strip().rpartition(".")
    if not said or not id_ or _NO_TEXT.search(cell):
        raise _mistake("is not ID.column=value", "ex-001.phone=023-1234")
    if id_ not in rows:
        near = difflib.get_close_matches(id_[:64], rows, 1)
        raise _mistake(
            "names no hospital of this edition", f"{near[0] if near else next(iter(rows))}.{column[:64]}=..."
        )
    if column not in COLUMNS:
        near = difflib.get_close_matches(column[:64], COLUMNS, 1)
        raise _mistake("names no column of the sheet", f"{id_}.{near[0] if near else 'phone'}=...")
    rows[id_][column] = guard(value)


def _mistake(problem: str, example: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"a cell to set {problem}", errors=[{"field": "set", "problem": problem, "example": example}]
    )
