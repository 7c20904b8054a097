"""CSV bytes to a table of cells, and texts to cells that no spreadsheet program runs; hostile until read."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from stroke_map.registry.limits import MAX_FILE_BYTES, MAX_HEADER_ROW, MAX_ROWS
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.tables import SheetCells, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


AS_CSV: Final = "a CSV file with commas, saved as UTF-8"
DELIMITERS: Final = ",;\t"
_PIECE_BYTES: Final = 1_000_000

# A spreadsheet program runs a cell that begins so as a formula (full-width forms too, in Chinese editions), unless an
# apostrophe stands before it. Numbers such as +86 23 6869 0000 cannot do harm and stay as they are.
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-][\d\s().,;/-]*")


def guard(text: str) -> str:
    """Make a cell harmless to spreadsheet programs: an apostrophe before what would be a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguard(cell: str) -> str:
    """Take back what `guard` added."""
    return cell[1:] if _GUARDED.match(cell) else cell


def csv_table(name: str, data: bytes, reading: SheetReading, how_good: Callable[[Table], int]) -> Table | None:
    """Open a CSV file as a table, its encoding and its delimiter found out; None, with the reason noted, otherwise.

    Parameters
    ----------
    how_good
        How many columns are known in the header of a table: the delimiter that makes most of them known is the one.
    """
    text = decoded(data, reading)
    if text is None:
        return None
    head = "".join(text.splitlines(keepends=True)[: 2 * MAX_HEADER_ROW])
    known = {delimiter: how_good(Table(name, _rows(head, delimiter, SheetReading(name)))) for delimiter in DELIMITERS}
    return Table(name, _rows(text, max(known, key=known.__getitem__), reading))


def _rows(text: str, delimiter: str, reading: SheetReading) -> Iterator[tuple[int, SheetCells]]:
    """Yield every row that is not blank with its number, from 1; what cannot be read is noted in `reading`."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = filled = 0
    while filled <= MAX_ROWS:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            # The reader starts afresh on the next line, so one bad row does not hide the problems of the others.
            message, right = _explain(str(error))
            reading.error(number, "", "", message=message, right=right)
            continue
        cells: SheetCells = {column: unguard(cell) for column, text in enumerate(row) if (cell := text.strip())}
        if cells:
            filled += 1
            yield number, cells
    reading.error(number, "", "", message=f"over {MAX_ROWS:,} rows", right="one row per hospital")


def _explain(error: str) -> tuple[str, str]:
    if "field limit" in error:
        return f"a cell of over {csv.field_size_limit():,} characters", "a text of a line or two"
    return f"a row that is not CSV: {error}", 'quotes in pairs: "Road 1, ""East"" gate"'


def decoded(data: bytes, reading: SheetReading) -> str | None:
    """The text of a file in whatever encoding it seems to be; None, with the reason noted, where it is not."""
    encoding = _encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the text is not {encoding}, which it looks like most"
        reading.error(line, "", "", message=message, right=AS_CSV)
        return None


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    return "UTF-8-sig" if _is_utf8(data) else "GB18030"


def _is_utf8(data: bytes) -> bool:
    """Tell UTF-8, also with a damaged byte, from GB18030, in which hardly two bytes are UTF-8 by chance."""
    text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    return damaged == 0 or sum(character > "\x7f" for character in text) - damaged > damaged


def read_bytes(path: Path, reading: SheetReading) -> bytes | None:
    """The file, if it can be read and is no larger than any sheet; None, with the reason noted, otherwise."""
    try:
        with path.open("rb") as file:
            # Piece by piece: one call for all that is allowed would ask for that much memory.
            pieces = iter(lambda: file.read(_PIECE_BYTES), b"")
            data = b"".join(islice(pieces, MAX_FILE_BYTES // _PIECE_BYTES + 1))
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        reading.error(0, "", "", message=message, right="a file that exists and may be read")
        return None
    if len(data) > MAX_FILE_BYTES:
        message = f"the file is over {MAX_FILE_BYTES // 1_000_000} MB"
        reading.error(0, "", "", message=message, right="one row per hospital")
        return None
    return data
