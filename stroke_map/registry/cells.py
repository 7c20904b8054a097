"""One cell of a sheet, with where it stands."""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """What stands in a cell, trimmed, and where: `row` counts from 1, `address` is "H12" in a workbook, "" in CSV."""

    text: str
    sheet: str
    row: int
    header: str
    address: str = ""
