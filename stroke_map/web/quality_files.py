"""The figures of quality as a table: one row for each line, as CSV for programs and as a workbook for people."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from stroke_map.registry.csv_table import guard
from stroke_map.web.quality_models import TIMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openpyxl.worksheet.worksheet import Worksheet

    Row = dict[str, str | float | None]

#: The columns before those of the times, with their Chinese names.
_COLUMNS: Final = {
    "from": "起始月", "until": "截止月", "by": "按", "key": "编号", "name_zh": "名称", "name_en": "英文名称", "region": "区县", "condition": "病种",
    "cases": "例数", "overridden": "未去首选", "needle": "溶栓例数", "puncture": "穿刺例数", "wire": "导丝例数",
    "delivered": "送达", "delivered_capable": "送达可救治医院", "delivered_unsaid": "送达能力未知医院", "capable_share": "送达可救治医院比例",
    "alerts": "预警", "diversions": "医院转走", "first_acknowledged": "首个团队确认数", "first_acknowledged_s": "首个团队确认中位数（秒）",
    "all_acknowledged": "全部团队确认数", "all_acknowledged_s": "全部团队确认中位数（秒）",
}  # fmt: skip
_TIMES_ZH: Final = {
    "onset_to_door": "发病到入院",
    "door_to_needle": "入院到溶栓",
    "door_to_puncture": "入院到穿刺",
    "door_to_wire": "入院到导丝通过",
    "first_contact_to_wire": "首次医疗接触到导丝通过",
}
_OF_TIME: Final = {
    "": "例数",
    "_min": "中位数（分钟）",
    "_target_min": "目标（分钟）",
    "_within": "达标例数",
    "_share": "达标比例",
}
_TARGETS: Final = ("condition", "measure", "minutes", "status", "source")
MEASURES: Final = tuple(dict.fromkeys(name for names in TIMES.values() for name in names))
HEADER: Final = (*_COLUMNS, *(f"{name}{part}" for name in MEASURES for part in _OF_TIME))


def rows_of(figures: Mapping[str, Any]) -> Iterator[Row]:
    """The lines of the figures, each as a row with a cell for each column of `HEADER` of which something is known."""
    for line in figures["lines"]:
        alerts, delivered = line["alerts"], line["delivered"]
        row: Row = {name: figures[name] for name in ("from", "until", "by")}
        row |= {name: line[name] for name in _COLUMNS if name in line and name not in {"delivered", "alerts"}}
        row |= {f"name_{lang}": name for lang, name in line["name"].items()}
        row |= {"delivered": delivered["cases"], "capable_share": delivered["share"], "alerts": alerts["sent"]}
        row |= {f"delivered_{name}": delivered[name] for name in ("capable", "unsaid")}
        row["diversions"] = alerts["diversions"]
        for name in ("first_acknowledged", "all_acknowledged"):
            row |= {name: alerts[name]["alerts"], f"{name}_s": alerts[name]["median_s"]}
        for name, spread in line["times"].items():
            row |= {name: spread["cases"], f"{name}_min": spread["median_min"]}
            for within in spread["within"][:1]:
                row |= {f"{name}_target_min": within["minutes"], f"{name}_within": within["cases"]}
                row[f"{name}_share"] = within["share"] if spread["cases"] else None
        yield row


def as_csv(figures: Mapping[str, Any]) -> bytes:
    """The figures as CSV in UTF-8 with its mark; no cell is a formula."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, HEADER, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows_of(figures):
        writer.writerow({name: guard(cell) if isinstance(cell, str) else cell for name, cell in row.items()})
    return stream.getvalue().encode("utf-8-sig")


def as_workbook(figures: Mapping[str, Any]) -> bytes:
    """The figures as XLSX, with a sheet of the targets and where each is from; no cell is a formula."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "质控 quality"
    titles = {name: f"{zh} {name}" for name, zh in _COLUMNS.items()}
    titles |= {f"{name}{part}": f"{_TIMES_ZH[name]}{zh} {name}{part}" for name in MEASURES for part, zh in _OF_TIME.items()}  # fmt: skip
    rows = [[row.get(name) for name in HEADER] for row in rows_of(figures)]
    _write(sheet, [titles[name] for name in HEADER], rows)
    targets = [
        [condition, measure, *(target[name] for name in _TARGETS[2:])]
        for condition, measures in figures["targets"].items()
        for measure, listed in measures.items()
        for target in listed
    ]
    _write(book.create_sheet("目标 targets"), list(_TARGETS), targets)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _write(sheet: Worksheet, header: list[str], rows: list[list[Any]]) -> None:
    from openpyxl.styles import Alignment, Font

    from stroke_map.registry.spreadsheet import write_text
    from stroke_map.registry.worksheet import column_letters

    for number, row in enumerate([header, *rows], 1):
        for column, told in enumerate(row, 1):
            if told is None or told == "":
                continue
            cell = sheet.cell(number, column)
            if isinstance(told, str):
                write_text(cell, guard(told))
            else:
                cell.value = told
    for column, cell in enumerate(sheet[1]):
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[column_letters(column)].width = 18
    sheet.freeze_panes = "A2"
