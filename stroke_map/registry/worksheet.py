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
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
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
    """Read the texts that cells refer to by number; the pronunciation that Asian editions add is left out.

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


class _Parser:
    """Expat with its handlers; a document type, and with it every entity, is refused."""

    def __init__(self) -> None:
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._text: list[str] = []
        self._is_text = False
        self._said = 0  # within the pronunciation of a text

    def feed(self, stream: IO[bytes]) -> Iterator[None]:
        """Parse the stream, pausing after every chunk."""
        while chunk := stream.read(_CHUNK_BYTES):
            self._expat.Parse(chunk, False)
            yield
        self._expat.Parse(b"", True)
        yield

    def _refuse(self, *_: object) -> None:
        raise ValueError("a part declares a document type")

    def _characters(self, text: str) -> None:
        if self._is_text:
            self._text.append(text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def _end(self, name: str) -> None:
        raise NotImplementedError

    def _take_text(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class _TextParser(_Parser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002
        name = name.rpartition(":")[2]
        if name == "rPh":
            self._said += 1
        elif name == "t":
            self._is_text = not self._said

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "t":
            self._is_text = False
        elif name == "rPh":
            self._said -= 1
        elif name == "si":
            self.texts.append(self._take_text()[: MAX_CELL_CHARACTERS + 1])


class _RowParser(_Parser):
    """Collects the rows that are complete in `rows`; texts and numbers become what a person sees, as far as it counts."""

    def __init__(self, strings: Sequence[str], day_styles: frozenset[int], *, epoch_1904: bool) -> None:
        super().__init__()
        self.rows: list[tuple[int, SheetCells]] = []
        self._strings, self._day_styles, self._epoch_1904 = strings, day_styles, epoch_1904
        self._columns: dict[str, int] = {}  # letters -> number, remembered
        self._cells: SheetCells = {}
        self._number = 0
        self._column = -1
        self._kind = "n"
        self._style = ""
        self._is_formula = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            if not letters:
                self._column += 1
            elif (column := self._columns.get(letters)) is not None:
                self._column = column
            else:
                self._column = self._columns[letters] = column_number(letters)
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        elif name in {"v", "t"}:
            self._is_text = not self._said
        elif name == "f":
            self._is_formula = True
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._column = -1
        elif name == "rPh":
            self._said += 1

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            if self._text or self._is_formula:
                self._end_cell()
        elif name in {"v", "t"}:
            self._is_text = False
        elif name == "rPh":
            self._said -= 1
        elif name == "row" and self._cells:
            self.rows.append((self._number, self._cells))
            self._cells = {}

    def _end_cell(self) -> None:
        raw = self._take_text()
        text = (self._strings[int(raw)] if self._kind == "s" and raw else self._shown(raw)).strip()
        if self._is_formula:
            self._is_formula = False
            self._cells[self._column] = Faulty(text, "is a formula", "the value: copy, then paste values only")
        elif self._kind == "e":
            self._cells[self._column] = Faulty(text, "is an error of the spreadsheet", "the value")
        elif len(text) > MAX_CELL_CHARACTERS:
            message = f"a cell of over {MAX_CELL_CHARACTERS:,} characters"
            self._cells[self._column] = Faulty(text[:MAX_CELL_CHARACTERS], message, "a text of a line or two")
        elif text:
            self._cells[self._column] = unguard(text) if text[0] == "'" else text

    def _shown(self, raw: str) -> str:
        """A number as it was typed, as far as that can be known: 023 is 23 here, but 2368690000 is not 2368690000.0."""
        if self._kind == "b":
            return "true" if raw.strip() == "1" else "false"
        if self._kind != "n" or not raw:
            return raw
        number = float(raw)
        if self._style and int(self._style) in self._day_styles:
            day = serial_day(number, epoch_1904=self._epoch_1904) if abs(number) < 1e7 else None
            if day is not None:
                return day.isoformat()
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
