"""A file of hospitals, whatever its kind, to one record per hospital: the cells of its row, or rows, by column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from stroke_map.registry.cells import Cell
from stroke_map.registry.columns import COLUMNS, REQUIRED_COLUMNS
from stroke_map.registry.csv_table import csv_table, read_bytes
from stroke_map.registry.fields import is_blank
from stroke_map.registry.header_rows import Header, find_header
from stroke_map.registry.headers import header_key, near
from stroke_map.registry.limits import MAX_COLUMNS, MAX_HEADER_ROW, MAX_PROBLEMS
from stroke_map.registry.package import OLE_MAGIC, ZIP_MAGIC, refuse_old_workbook
from stroke_map.registry.tables import Faulty
from stroke_map.registry.values import serial_day
from stroke_map.registry.workbook import open_tables
from stroke_map.registry.worksheet import column_letters

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.registry.problems import SheetReading
    from stroke_map.registry.tables import SheetCells, Table

_REQUIRED: Final = f"a header with {','.join(REQUIRED_COLUMNS)}"
_EXAMPLES: Final = {"示例", "样例", "范例", "例", "example"}
_OWN_NOTES: Final = {"说明", "Notes"}  # of the workbook to fill in: see `spreadsheet`
_AS_IT_STANDS: Final = {"text", "hours", "phone", "phones"}  # kinds whose full-width characters are the writer's own
# Marks nobody sees, which come along when a number is copied from a page or a window of Windows.
_UNSEEN: Final = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_OTHER_WIDTH: Final = 'a text with a comma in quotes: "Road 1, East gate"'


def read_records(path: Path, reading: SheetReading) -> Iterator[Record]:
    """Yield the hospitals of a CSV file or a workbook, each as its cells by column (canonical name).

    A record has a cell for every column that the file has, blank where nothing stands. The sheets of a workbook are
    joined by id; the first that has one gives the order. What cannot be read is noted in `reading`, and nothing is
    raised: rows that are too wide, columns that are unknown, cells that contradict each other, formulas.
    """
    sheets = _sheets(path, reading)
    if not sheets:
        return
    main, *others = sheets
    beside = _beside(others, reading)
    for record in main.records(reading):
        record.join(beside.get(record["id"].text, {}), reading)
        yield record
    # Of a row that could not be read nobody knows the id.
    for id_, cells in {} if reading.lost_rows else beside.items():
        if id_ not in main.ids:
            message = f"is no id of the sheet {main.name}"
            reading.note("error", cells["id"], message=message, right="an id that is there")


class Record(Mapping[str, Cell]):
    """The cells of one hospital by column; made when they are asked for, as most of them are blank."""

    __slots__ = ("_beside", "_cells", "_row", "_sheet")

    def __init__(self, sheet: _Sheet, row: int, cells: dict[int, str]) -> None:
        self._sheet, self._row, self._cells = sheet, row, cells
        self._beside: Mapping[str, Cell] = {}

    def __getitem__(self, column: str) -> Cell:
        if column in self._beside:
            return self._beside[column]
        place = self._sheet.places[column]
        text = self._cells.get(place.number, "")
        if place.epoch_1904 or not text.isascii():
            text = place.read(text)
        address = f"{place.letters}{self._row}" if place.letters else ""
        return Cell(text, self._sheet.name, self._row, place.header, address)

    def texts(self) -> dict[str, str]:
        """What stands in each column in which anything can be seen: the texts of its cells, without making them."""
        texts = {}
        for column, place in self._sheet.places.items():
            text = self._cells.get(place.number)
            if text and (place.epoch_1904 or not text.isascii()):
                text = place.read(text)
            # A text is stripped already, so that one of ASCII has something to see.
            if text and (text.isascii() or not is_blank(text)):
                texts[column] = text
        return texts | {column: cell.text for column, cell in self._beside.items() if not is_blank(cell.text)}

    def number(self, column: str) -> int:
        """Where a column of its own sheet stands, from 0."""
        return self._sheet.places[column].number

    def __iter__(self) -> Iterator[str]:
        return chain(self._sheet.places, self._beside.keys() - self._sheet.places.keys())

    def __len__(self) -> int:
        return len(self._sheet.places.keys() | self._beside.keys())

    def join(self, beside: Mapping[str, Cell], reading: SheetReading) -> None:
        """Take what other sheets say of the same id, where this one says nothing."""
        joined = {}
        for column, cell in beside.items():
            own = self[column] if column in self._sheet.places else None
            if own is None or not own.text:
                joined[column] = cell
            elif own.text != cell.text:
                there = own.address or f"row {own.row}"
                message = f"is {own.text[:80]} on the sheet {own.sheet}, {there}"
                reading.note("error", cell, message=message, right="the same, or blank")
        self._beside = joined


@dataclass(frozen=True, slots=True)
class _Place:
    """A column of one sheet: where it stands, below which header, and how its cells are read.

    `epoch_1904`: its numbers are days, counted from 1904.
    """

    number: int
    letters: str
    header: str
    as_it_stands: bool
    epoch_1904: bool

    def read(self, text: str) -> str:
        if not self.as_it_stands:
            text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip()
        day = serial_day(float(text), epoch_1904=True) if self.epoch_1904 and re.fullmatch(r"\d{5}", text) else None
        return day.isoformat() if day else text


class _Sheet:
    """A table with its header found."""

    def __init__(self, table: Table) -> None:
        self.name = table.sheet
        self._table = table
        first = list(islice(table.rows, MAX_HEADER_ROW))
        # A header of a million columns is refused for more than it may have, not read.
        narrow = ((row, dict(islice(cells.items(), MAX_COLUMNS + 1))) for row, cells in first)
        across = [(row, table.merges.fill(row, cells, across=True)) for row, cells in narrow]
        self.header = find_header(across) if across else Header(0, {}, {})
        self._width = max((len(cells) for row, cells in first if row == self.header.row), default=0)
        self._rows = chain(first, table.rows)
        self.ids: set[str] = set()
        self.places: dict[str, _Place] = {}
        for number, name in sorted(self.header.names.items(), key=lambda place: place[1] != "id"):
            if name and name not in self.places:
                letters = column_letters(number) if table.in_workbook else ""
                kind = COLUMNS[name].kind
                from_1904 = table.epoch_1904 and kind == "date"
                self.places[name] = _Place(number, letters, self.header.texts[number], kind in _AS_IT_STANDS, from_1904)

    def cell(self, row: int, number: int, text: str) -> Cell:
        """A cell to complain about."""
        address = f"{column_letters(number)}{row}" if self._table.in_workbook else ""
        return Cell(text, self.name, row, self.header.texts.get(number, ""), address)

    def check_header(self, reading: SheetReading) -> bool:
        """Note columns that are unknown or there twice; tell whether the rows can be read."""
        if self._width > MAX_COLUMNS:
            there = Cell("", self.name, self.header.row, "")
            reading.note("error", there, message=f"{self._width:,} columns", right=f"at most {MAX_COLUMNS}")
            return False
        for number, name in self.header.names.items():
            cell = self.cell(self.header.row, number, self.header.texts[number])
            if name is None:
                meant = near(cell.text)
                right = f"{meant} ({COLUMNS[meant].title_zh})" if meant else "a column of the template, or none"
                # A mistyped capability would silently be unknown for every hospital: nobody may be left to overlook that.
                mistyped = meant and meant not in self.places
                reading.note(
                    "error" if mistyped else "warning",
                    cell,
                    message="the column is unknown and was left out",
                    right=right,
                )
            elif name and self.places[name].number != number:
                other = self.places[name].header
                message = "the column is there twice" + (f", as {other} too" if other != cell.text else "")
                reading.note("error", cell, message=message, right="each column once")
        return True

    def records(self, reading: SheetReading) -> Iterator[Record]:
        """Yield the rows below the header that are neither an example nor a remark."""
        id_number = self.places["id"].number
        known = {place.number for place in self.places.values()}
        for row, raw in self._rows:
            if row <= self.header.row:
                continue
            if len(reading.problems) >= MAX_PROBLEMS:
                return
            filled = self._table.merges.fill(row, raw, across=False)
            cells = self._judged(row, filled, known, reading)
            if cells is None or header_key(cells.get(id_number, "")) in _EXAMPLES:
                continue
            record = Record(self, row, cells)
            self.ids.add(record["id"].text)
            yield record

    def _judged(self, row: int, cells: SheetCells, known: set[int], reading: SheetReading) -> dict[int, str] | None:
        """The texts of a row; None for one that is no hospital's."""
        first = self.cell(row, min(cells), _text(cells[min(cells)]))
        if first.text.startswith(("#", "＃")):
            reading.note("warning", first, message="the row begins with # and was left out", right="a row without it")
            return None
        width = max(self.header.texts)
        if not self._table.in_workbook and max(cells) > width:
            message = f"the row has {max(cells) + 1} cells, the header {width + 1}"
            surplus = next(number for number in sorted(cells) if number > width)
            there = self.cell(row, surplus, _text(cells[surplus]))
            reading.note("error", there, message=message, right=_OTHER_WIDTH)
            return None
        texts = {number: cell for number, cell in cells.items() if isinstance(cell, str)}
        for number in sorted(cells.keys() - self.header.texts.keys()):
            there = self.cell(row, number, _text(cells[number]))
            message = "stands below no header and was left out"
            reading.note("warning", there, message=message, right="a header above it, or blank")
        for number, cell in cells.items() if len(texts) < len(cells) else ():
            if isinstance(cell, Faulty) and number in known:
                texts[number] = cell.value
                there = self.cell(row, number, cell.text)
                reading.note("error", there, message=cell.message, right=cell.right)
        return texts if texts.keys() & known else None


def _text(cell: str | Faulty) -> str:
    return cell if isinstance(cell, str) else cell.text


def _sheets(path: Path, reading: SheetReading) -> list[_Sheet]:
    """The sheets with hospitals, the one that gives their order first; none where the file has none to read."""
    found = [_Sheet(table) for table in _tables(path, reading)]
    if not found:
        return []
    by_known = sorted(found, key=lambda sheet: -len(sheet.header.known))
    good = [sheet for sheet in found if sheet.header.is_of_hospitals] or by_known[:1]
    for sheet in found:
        if sheet not in good and sheet.name not in _OWN_NOTES:
            there = Cell("", sheet.name, 0, "")
            reading.note(
                "warning",
                there,
                message="the sheet lists no hospitals and was left out",
                right="a column id beside others",
            )
    readable = [sheet.check_header(reading) for sheet in good]
    if not all(readable):
        return []
    missing = [name for name in REQUIRED_COLUMNS if not any(name in sheet.places for sheet in good)]
    for name in missing:
        sheet_name, row = (good[0].name, good[0].header.row) if good else (path.name, 0)
        reading.note("error", Cell("", sheet_name, row, name), message="the column is missing", right=_REQUIRED)
    # A sheet without these is no hospital sheet: complaining about each of its cells would help nobody.
    return [] if missing else good


def _tables(path: Path, reading: SheetReading) -> list[Table]:
    data = read_bytes(path, reading)
    if data is None:
        return []
    if data.startswith(OLE_MAGIC):
        refuse_old_workbook(data, reading)
        return []
    if data.startswith(ZIP_MAGIC):
        tables = list(open_tables(BytesIO(data), reading))
        return [] if reading.errors else tables
    table = csv_table(path.name, data, reading, lambda table: len(_Sheet(table).header.known))
    return [table] if table else []


def _beside(sheets: list[_Sheet], reading: SheetReading) -> dict[str, dict[str, Cell]]:
    """What the other sheets say, by id and column; only cells that are not blank."""
    found: dict[str, dict[str, Cell]] = {}
    for sheet in sheets:
        for record in sheet.records(reading):
            id_ = record["id"]
            if not id_.text:
                reading.note("error", id_, message="is missing", right="the id of a hospital")
                continue
            cells = found.setdefault(id_.text, {"id": id_})
            for column in sheet.places:
                cell = record[column]
                said = cells.setdefault(column, cell) if cell.text else cell
                if said.text != cell.text:
                    message = f"is {said.text[:80]} on the sheet {said.sheet}, {said.address}"
                    reading.note("error", cell, message=message, right="the same, or blank")
    return found
