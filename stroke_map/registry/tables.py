"""What every kind of file is read as: tables of rows, each row the cells that are not blank."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Faulty:
    """A cell that cannot be taken as it stands: a formula, an error value, a text without end.

    `text` is what a person sees there; `value` what the other checks of the row are made with.
    """

    text: str
    message: str
    right: str
    value: str = ""


SheetCells = dict[int, "str | Faulty"]  # by column, from 0; trimmed, never blank


class Merges:
    """The merged cells of a sheet, whose text stands in the first of them alone.

    Parameters
    ----------
    ranges
        (first row, first column, last row, last column), rows from 1, columns from 0. Rows must be filled in order.
    """

    def __init__(self, ranges: list[tuple[int, int, int, int]]) -> None:
        self._of_row: dict[int, list[tuple[int, int, int, int]]] = {}
        self._texts: dict[tuple[int, int, int, int], str] = {}
        for one in ranges:
            for number in range(one[0], one[2] + 1):
                self._of_row.setdefault(number, []).append(one)

    def fill(self, number: int, cells: SheetCells, *, across: bool) -> SheetCells:
        """The row with the texts of merged cells downwards and, as headers of groups mean it, `across`."""
        ranges = self._of_row.get(number)
        if not ranges:
            return cells
        filled = dict(cells)
        for one in ranges:
            top, left, _, right = one
            if number == top and isinstance(text := cells.get(left), str):
                self._texts[one] = text
            if one in self._texts:
                for column in range(left, (right if across else left) + 1):
                    filled.setdefault(column, self._texts[one])
        return filled


@dataclass(slots=True)
class Table:
    """One sheet. `rows` are those that are not blank, with their numbers as a spreadsheet program shows them."""

    sheet: str
    rows: Iterator[tuple[int, SheetCells]]
    in_workbook: bool = False
    epoch_1904: bool = False
    merges: Merges = field(default_factory=lambda: Merges([]))
