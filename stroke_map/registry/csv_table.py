"""CSV bytes to rows of cells, and back; hostile until read."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stroke_map.registry.problems import SheetReading

MAX_FILE_BYTES: Final = 20_000_000  # 115 hospitals are 100 kB; ten thousand are 10 MB
AS_CSV: Final = "a CSV file with commas, saved as UTF-8"

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


def read_rows(path: Path, reading: SheetReading) -> Iterator[tuple[int, list[str]]]:
    """Yield every row that is not blank with its number, from 1; what cannot be read is noted in `reading`."""
    text = _read_text(path, reading)
    if text is None:
        return
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    while True:
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
        cells = [unguard(cell.strip()) for cell in row]
        if any(cells):
            yield number, cells


def _explain(error: str) -> tuple[str, str]:
    if "field limit" in error:
        return f"a cell of over {csv.field_size_limit():,} characters", "a text of a line or two"
    return f"a row that is not CSV: {error}", 'quotes in pairs: "Road 1, ""East"" gate"'


def _read_text(path: Path, reading: SheetReading) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reading.error(
            0, "", "", message=f"the file cannot be read: {error.strerror}", right="a file that exists and may be read"
        )
        return None
    if len(data) > MAX_FILE_BYTES:
        reading.error(
            0, "", "", message=f"the file is over {MAX_FILE_BYTES // 1_000_000} MB", right="one row per hospital"
        )
        return None
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        reading.error(0, "", "", message="this is an Excel workbook, not CSV", right=AS_CSV)
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reading.error(line, "", "", message="the text is not UTF-8", right=AS_CSV)
        return None
