"""A copy of a workbook in which every cell that is wrong is marked, and says what would be right."""

from __future__ import annotations

import warnings
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from stroke_map.errors import RegistryError
from stroke_map.registry.csv_table import guard, read_bytes
from stroke_map.registry.limits import MAX_MERGED_CELLS
from stroke_map.registry.package import ZIP_MAGIC
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.spreadsheet import write_text
from stroke_map.registry.workbook import DAMAGED, open_tables
from stroke_map.registry.worksheet import cells_in_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stroke_map.registry.problems import Problem

_COLOURS: Final = {"error": "F4B183", "warning": "FFE699"}
_SEVERITIES: Final = {"error": "错误 error", "warning": "警告 warning"}
_LIST: Final = "检查结果 check"
_HEADER: Final = (
    "级别 severity",
    "工作表 sheet",
    "行 row",
    "列 column",
    "单元格 cell",
    "内容 value",
    "问题 problem",
    "应为 right",
)


def annotate(path: Path, problems: Sequence[Problem], out: Path) -> None:
    """Write a copy of the workbook `path` with its problems.

    A cell with a problem is coloured (orange for an error, yellow for a warning) and has a comment; a sheet behind the others
    lists them all. What else openpyxl can keep is kept; formulas are not: each is the value that it had.

    Raises
    ------
    RegistryError
        A file that is no workbook, or one that is not read: annotating a copy would be no safer.
    OSError
        A place that cannot be written to.
    """
    data = sound_workbook(path)
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves out
            refuse_endless_ranges(data)
            book = load_workbook(BytesIO(data), data_only=True, keep_links=False)
            for problem in problems:
                if problem.address:
                    _mark(book[problem.sheet][problem.address], problem)
            _add_list(book, problems)
            book.save(out)
    except (*DAMAGED, TypeError, AttributeError) as error:
        if isinstance(error, OSError):
            raise
        raise RegistryError(f"{path.name} cannot be annotated: {error}", problems=[]) from error


def sound_workbook(path: Path) -> bytes:
    """The bytes of a workbook that can be read.

    Raises
    ------
    RegistryError
        A file that is no workbook, or one that is not read.
    """
    reading = SheetReading(path.name)
    data = read_bytes(path, reading)
    if data is not None and not data.startswith(ZIP_MAGIC):
        reading.error(0, "", "", message="only a workbook can be annotated", right="an .xlsx file")
    if data is None or reading.errors:
        reading.raise_for_errors()
    for _ in open_tables(BytesIO(data or b""), reading):
        pass
    reading.raise_for_errors()
    return data or b""


def refuse_endless_ranges(data: bytes) -> None:
    """Refuse what openpyxl would make millions of objects of: cells that are merged or linked in ranges."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for part in archive.namelist():
            if part.endswith(".xml"):
                with archive.open(part) as stream:
                    cells = cells_in_ranges(stream)
                if cells > MAX_MERGED_CELLS:
                    raise ValueError(f"{part} merges or links over {MAX_MERGED_CELLS:,} cells")


def _mark(cell: Any, problem: Problem) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    cell.fill = PatternFill("solid", start_color=_COLOURS[problem.severity])
    said = f"{problem.message}\n应为 right: {problem.advice}"
    before = f"{cell.comment.text}\n\n" if cell.comment else ""
    cell.comment = Comment(before + said, "stroke_map", height=120, width=320)


def _add_list(book: Any, problems: Sequence[Problem]) -> None:
    sheet = book.create_sheet(_LIST)
    sheet.append(_HEADER)
    for row, problem in enumerate(problems, 2):
        place = (problem.sheet, str(problem.row or ""), problem.column, problem.address)
        told = (_SEVERITIES[problem.severity], *place, problem.value, problem.message, problem.advice)
        for number, text in enumerate(told, 1):
            write_text(sheet.cell(row, number), guard(text))
    for letters, width in zip("ABCDEFGH", (14, 16, 8, 24, 10, 30, 50, 50), strict=True):
        sheet.column_dimensions[letters].width = width
    sheet.freeze_panes = "A2"
