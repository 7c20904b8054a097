"""The two large parts of a workbook, its sheets and its texts, streamed through expat.

ECMA-376 part 1, 18.3 (worksheets) and 18.4 (shared strings). Names of elements are compared without their prefix:
programs differ in whether they write `<c>` or `<x:c>`.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Final
from xml.parsers import expat

from stroke_map.registry.csv_table import unguard
from stroke_map.registry.limits import MAX_CELL_CHARACTERS, MAX_MERGED_CELLS
from stroke_map.registry.tables import Faulty, Merges, SheetCells
from stroke_map.registry.values import serial_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHUNK_BYTES: Final = 1 << 16
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")  # 22.9.2.19: characters that XML cannot hold


def column_number(letters: str) -> int:
    """Count columns from 0: A is 0, XFD is 16383."""
    number = 0
    for letter in letters:
        number = number * 26 + _LETTERS.index(letter) + 1
    return number - 1


def column_letters(number: int) -> str:
    """The letters of a column counted from 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = _LETTERS[rest] + letters
    return letters


def read_strings(stream: IO[bytes]) -> list[str]:
    """Read the texts that cells refer to by number, as cells show them; what Asian editions add of their sound is left out.

    Raises
    ------
    xml.parsers.expat.ExpatError, ValueError
        No sound XML, or one with a document type.
    """
    parser = _TextParser()
    for _ in parser.feed(stream):
        pass
    return parser.texts


def stream_rows(
    stream: IO[bytes], strings: Sequence[str], day_styles: frozenset[int], *, epoch_1904: bool
) -> Iterator[tuple[int, SheetCells]]:
    """Yield the rows of a sheet that are not blank, as they come; memory does not grow with the sheet.

    Raises
    ------
    xml.parsers.expat.ExpatError, ValueError, IndexError
        No sound XML, one with a document type, or a reference to a text that is not there.
    """
    parser = _RowParser(strings, day_styles, epoch_1904=epoch_1904)
    for _ in parser.feed(stream):
        yield from parser.rows
        parser.rows.clear()


def read_merges(stream: IO[bytes]) -> Merges:
    """Find the merged cells, which stand behind the rows; those past `MAX_MERGED_CELLS` are left as they are."""
    ranges: list[tuple[int, int, int, int]] = []
    left_over = MAX_MERGED_CELLS
    before = b""
    while chunk := stream.read(_CHUNK_BYTES):
        both = before + chunk
        end = 0
        for found in _MERGED.finditer(both):
            end = found.end()
            left, top, right, bottom = (found[1], int(found[2]), found[3], int(found[4]))
            one = (top, column_number(left.decode()), bottom, column_number(right.decode()))
            left_over -= max(0, one[2] - one[0] + 1) * max(0, one[3] - one[1] + 1)
            if left_over < 0:
                return Merges(ranges)
            ranges.append(one)
        before = both[max(end, len(both) - 200) :]
    return Merges(ranges)


def cells_in_ranges(stream: IO[bytes]) -> int:
    """How many cells are merged or linked in ranges: a program that makes an object of each had better know.

    Raises
    ------
    xml.parsers.expat.ExpatError, ValueError
        No sound XML.
    """
    parser = _RangeParser()
    for _ in parser.feed(stream):
        pass
    return parser.cells


class _Parser:
    """Expat with its handlers; a document type, and with it every entity, is refused.

    Text is collected by the list itself, not by a function of ours: of a sheet's time it is most that can be saved.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._kept = 0  # so much of it is text to read; the rest is white space between elements
        self._said = 0  # within the pronunciation of a text
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._begin
        self._expat.CharacterDataHandler = self._text.append
        self._expat.StartDoctypeDeclHandler = self._refuse

    def feed(self, stream: IO[bytes]) -> Iterator[None]:
        """Parse the stream, pausing after every chunk."""
        while chunk := stream.read(_CHUNK_BYTES):
            self._expat.Parse(chunk, False)
            yield
        self._expat.Parse(b"", True)
        yield

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take the root element, which tells how names are written."""
        if ":" in name:
            self._expat.StartElementHandler = lambda name, attributes: self._start(name.rpartition(":")[2], attributes)
            self._expat.EndElementHandler = lambda name: self._end(name.rpartition(":")[2])
        else:
            self._expat.StartElementHandler, self._expat.EndElementHandler = self._start, self._end
        self._start(name, attributes)

    def _refuse(self, *_: object) -> None:
        raise ValueError("a part declares a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def _end(self, name: str) -> None:
        raise NotImplementedError

    def _begin_text(self) -> None:
        if self._text:
            del self._text[self._kept :]

    def _end_text(self) -> None:
        if self._said:
            del self._text[self._kept :]
        self._kept = len(self._text)

    def _take_text(self) -> str:
        text = "".join(self._text[: self._kept])
        self._text.clear()
        self._kept = 0
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class _TextParser(_Parser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002
        if name == "t":
            self._begin_text()
        elif name == "rPh":
            self._said += 1

    def _end(self, name: str) -> None:
        if name == "t":
            self._end_text()
        elif name == "si":
            self.texts.append(unguard(self._take_text().strip()[: MAX_CELL_CHARACTERS + 1]))
        elif name == "rPh":
            self._said -= 1


class _RowParser(_Parser):
    """Collects the rows that are complete in `rows`; texts and numbers become what a person sees, as far as it counts."""

    def __init__(self, strings: Sequence[str], day_styles: frozenset[int], *, epoch_1904: bool) -> None:
        super().__init__()
        self.rows: list[tuple[int, SheetCells]] = []
        self._strings, self._day_styles, self._epoch_1904 = strings, day_styles, epoch_1904
        self._columns: dict[str, int] = {}  # letters -> number, remembered
        self._cells: SheetCells = {}
        self._cell: dict[str, str] = {}
        self._row, self._column = 0, -1
        self._is_formula = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            if "r" not in attributes:
                self._column = self._place() + 1
            self._cell = attributes
            self._text.clear()
            self._kept = 0
        elif name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), -1
            self._cell = {}
        elif name == "t":
            self._begin_text()
        elif name == "rPh":
            self._said += 1

    def _end(self, name: str) -> None:
        if name == "c":
            if self._text or self._is_formula:
                self._end_cell(self._cell.get("t", "n"))
        elif name == "t":
            self._end_text()
        elif name == "row":
            if self._cells:
                self.rows.append((self._row, self._cells))
                self._cells = {}
        elif name == "f":
            self._is_formula = True
            self._text.clear()
        elif name == "rPh":
            self._said -= 1

    def _place(self) -> int:
        """The column of the cell, which may leave out where it stands: behind the one before."""
        reference = self._cell.get("r")
        if reference is None:
            return self._column
        letters = reference.rstrip("0123456789")
        if letters not in self._columns:
            self._columns[letters] = column_number(letters)
        return self._columns[letters]

    def _end_cell(self, kind: str) -> None:
        if kind == "s" and self._text:
            text = self._strings[int("".join(self._text))]
        else:
            text = self._take_text() if kind == "inlineStr" else "".join(self._text)
            text = self._shown(text.strip(), kind)
        column = self._place()
        if self._is_formula:
            self._is_formula = False
            self._cells[column] = Faulty(text, "is a formula", "the value: copy, then paste values only", text)
        elif kind == "e":
            self._cells[column] = Faulty(text, "is an error of the spreadsheet", "the value")
        elif len(text) > MAX_CELL_CHARACTERS:
            message = f"a cell of over {MAX_CELL_CHARACTERS:,} characters"
            self._cells[column] = Faulty(text[:MAX_CELL_CHARACTERS], message, "a text of a line or two")
        elif text:
            self._cells[column] = text

    def _shown(self, raw: str, kind: str) -> str:
        """A number as it was typed, as far as that can be known: 023 is 23 here, but 2368690000 is not 2368690000.0."""
        if kind == "b":
            return "true" if raw == "1" else "false"
        if kind != "n" or not raw:
            return unguard(raw)
        number = float(raw)
        if int(self._cell.get("s", -1)) in self._day_styles:
            day = serial_day(number, epoch_1904=self._epoch_1904) if abs(number) < 1e7 else None
            if day is not None:
                return day.isoformat()
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


class _RangeParser(_Parser):
    def __init__(self) -> None:
        super().__init__()
        self.cells = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in {"mergeCell", "hyperlink"}:
            corners = re.findall(r"([A-Za-z]+)\$?(\d+)", attributes.get("ref", ""))
            columns = [column_number(letters.upper()) for letters, _ in corners] or [0]
            rows = [int(row) for _, row in corners] or [0]
            self.cells += (max(columns) - min(columns) + 1) * (max(rows) - min(rows) + 1)

    def _end(self, name: str) -> None:
        pass
