"""Workbooks written: the empty one people fill in, and one of hospitals, which reads back equal."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from stroke_map.registry.columns import COLUMNS, Column
from stroke_map.registry.csv_table import guard
from stroke_map.registry.headers import named_of, subtitles
from stroke_map.registry.sheet import sheet_cells
from stroke_map.registry.worksheet import column_letters

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from stroke_map.registry.models import Hospital

FIRST_ROW: Final = 3  # below two rows of header
_LAST_ROW: Final = 2000  # as far down as drop-downs reach
_GROUPS: Final = {
    "site": ("基本信息", "Site"),
    "network": ("协作网络", "Network"),
    "figures": ("年度数据", "Yearly figures"),
    "contacts": ("预警电话（不公开）", "Alert contacts (not public)"),
}
_EXAMPLE: Final = ("示例", "example")
_TITLES: Final = (("医院名单", "说明"), ("Hospitals", "Notes"))
#: What stands in a Chinese cell for the words of the registry.
_IN_CHINESE: Final = {
    "yes": "是", "no": "否", "unknown": "未知", "hospital": "医院", "unit": "单元",
    "alteplase": "阿替普酶", "tenecteplase": "替奈普酶", "urokinase": "尿激酶",
}  # fmt: skip
_NOTES: Final = (
    (
        "每家医院（每个院区）一行，从第 3 行填起；“示例”行可以保留或删除。",
        "带 * 的列必填。可以删掉不用的列，也可以调换顺序；表头不要改。",
        "能力填 是、否 或 未知：不填就是未知。日期填 2026-12-31。坐标一定要写明坐标系。",
        "只填数值，不用公式。填好后运行：stroke-map registry check 文件",
    ),
    (
        "One row per hospital site, from row 3 on; the row 'example' may stay or go.",
        "Columns with * must be filled in. Those you do not need may go, and their order is free; leave the headers as they are.",
        "A capability is yes, no or unknown; blank is unknown. A date is 2026-12-31. Coordinates need their system.",
        "Values only, no formulas. When it is filled in, run: stroke-map registry check FILE",
    ),
)
_NOT_IN_XML: Final = re.compile("[\ufffe\uffff]")
_LIKE_AN_ESCAPE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def write_template(path: str | os.PathLike[str], *, lang: str = "zh") -> None:
    """Write an empty workbook to fill in: two rows of header, drop-downs, a comment per column, one example row, notes.

    Parameters
    ----------
    path
        Where; a file that is there is replaced.
    lang
        `zh` or `en`.

    Raises
    ------
    OSError
        A place that cannot be written to.
    """
    book = _new_workbook(tuple(COLUMNS.values()), lang)
    from openpyxl.styles import Font

    cells = {name: column.example for name, column in COLUMNS.items()} | {"id": _EXAMPLE[_of(lang)]}
    _write_row(book.worksheets[0], FIRST_ROW, tuple(COLUMNS.values()), cells, lang)
    for cell in book.worksheets[0][FIRST_ROW]:
        cell.font = Font(italic=True, color="808080")
    book.save(path)


def write_workbook(hospitals: Iterable[Hospital], path: str | os.PathLike[str], *, lang: str = "zh") -> None:
    """Write hospitals into the workbook of `write_template`; `read_sheet` reads them back equal.

    No cell is a formula: what would be one to a spreadsheet program gets an apostrophe before it, as in CSV. The
    numbers that alerts call are in it, unless the hospitals come without.

    Raises
    ------
    OSError
        A place that cannot be written to.
    """
    columns = tuple(COLUMNS.values())
    book = _new_workbook(columns, lang)
    for row, hospital in enumerate(hospitals, FIRST_ROW):
        _write_row(book.worksheets[0], row, columns, sheet_cells(hospital), lang)
    book.save(path)


def _of(lang: str) -> int:
    return 0 if lang == "zh" else 1


def _new_workbook(columns: Sequence[Column], lang: str) -> Workbook:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title, notes_title = _TITLES[_of(lang)]
    _write_header(sheet, columns, lang)
    _add_choices(sheet, columns, lang)
    sheet.freeze_panes = f"C{FIRST_ROW}"
    _write_notes(book.create_sheet(notes_title), columns, lang)
    return book


def _write_header(sheet: Worksheet, columns: Sequence[Column], lang: str) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    fills = [PatternFill("solid", start_color=colour) for colour in ("DDEBF7", "E2EFDA")]
    number = 0
    for index, (group, members) in enumerate(groupby(columns, lambda column: _group(column)[_of(lang)])):
        first = number + 1
        for column in members:
            number += 1
            title = subtitles(column)[_of(lang)] + " *" * column.required
            cell = sheet.cell(2, number, title)
            told = (column.name, (column.help_zh, column.help_en)[_of(lang)], _shown(column, column.example, lang))
            cell.comment = Comment("\n".join(told), "stroke_map", height=120, width=260)
            # Text, so that a telephone number keeps its zero and a date stays what was typed.
            sheet.column_dimensions[column_letters(number - 1)].number_format = "@"
            sheet.column_dimensions[column_letters(number - 1)].width = max(12, 2 * len(title) + 2)
        sheet.cell(1, first, group)
        sheet.merge_cells(start_row=1, start_column=first, end_row=1, end_column=number)
        for cells in sheet.iter_rows(1, 2, first, number):
            for cell in cells:
                cell.fill, cell.font = fills[index % 2], Font(bold=True)
                cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def _group(column: Column) -> tuple[str, str]:
    of = named_of(column)
    return (of.name_zh, of.name_en) if of else _GROUPS[column.group]


def _add_choices(sheet: Worksheet, columns: Sequence[Column], lang: str) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    validations: dict[str, DataValidation] = {}
    for number, column in enumerate(columns):
        if not column.choices:
            continue
        choices = ",".join(_shown(column, choice, lang) for choice in column.choices)
        if choices not in validations:
            # Several agents may stand in one cell, which a drop-down cannot offer.
            validations[choices] = DataValidation(
                "list", formula1=f'"{choices}"', showErrorMessage=column.kind != "agents"
            )
            sheet.add_data_validation(validations[choices])
        letters = column_letters(number)
        validations[choices].add(f"{letters}{FIRST_ROW}:{letters}{_LAST_ROW}")


def _write_notes(sheet: Worksheet, columns: Sequence[Column], lang: str) -> None:
    for note in _NOTES[_of(lang)]:
        sheet.append([note])
    sheet.append([])
    for column in columns:
        told = (column.title_zh, column.help_zh) if lang == "zh" else (column.title_en, column.help_en)
        sheet.append([*told, column.name, " | ".join(_shown(column, choice, lang) for choice in column.choices)])
    for letters, width in zip("ABCD", (32, 80, 32, 40), strict=True):
        sheet.column_dimensions[letters].width = width


def _shown(column: Column, text: str, lang: str) -> str:
    if lang != "zh" or column.kind not in {"status", "choice", "agents"}:
        return text
    return "; ".join(_IN_CHINESE.get(part, part) for part in text.split("; "))


def _write_row(sheet: Worksheet, row: int, columns: Sequence[Column], cells: dict[str, str], lang: str) -> None:
    for number, column in enumerate(columns, 1):
        text = cells.get(column.name, "")
        if text:
            write_text(sheet.cell(row, number), guard(_shown(column, text, lang)))


def write_text(cell: Any, text: str) -> None:
    """Put text into a cell as text, whatever it looks like."""
    cell.value = _LIKE_AN_ESCAPE.sub("_x005F_", _NOT_IN_XML.sub("\ufffd", text))
    cell.data_type = "s"
    cell.number_format = "@"
