"""Sheets that somebody means harm with."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from faults.town import hospitals, write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Rows = list[dict[str, str]]

A_MILLION = 1_000_000
_BOMB_BYTES = 150_000_000
#: Names that are code to a browser, a script, a template, a spreadsheet or a database, or that turn the writing around.
NAMES = (
    '<script>document.title="hacked"</script>',
    '"><img src=x onerror=alert(1)>',
    "</script><svg onload=alert(1)>",
    "${alert(1)}",
    "`+alert(document.cookie)+`",
    "{{ 7 * 7 }}{% raw %}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u202elatipsoH\u202c \u2067right\u2069",
    "'; drop table hospitals; --",
    "javascript:alert(1)",
    "&lt;b&gt; \\u003cb\\u003e \\",
)
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="list" sheetId="1" r:id="b"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="b" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def named(year: int, names: Sequence[str]) -> Rows:
    """The list of a year with other names, which are the short names, districts and addresses too."""
    return [
        row
        | dict.fromkeys(("name_zh", "name_en"), f"{name} Y{year}")
        | dict.fromkeys(("name_short", "district", "address"), name)
        for row, name in zip(hospitals(year), names, strict=True)
    ]


def refused(folder: Path, year: int) -> dict[str, Path]:
    """Sheets that must be refused, by what is wrong with them."""
    rows = hospitals(year)

    def changed(**cells: str) -> Rows:
        return [rows[0] | cells, *rows[1:]]

    return {
        "a formula that starts a program": workbook(folder / "program.xlsx", changed(name_zh="=cmd|' /C calc'!A0")),
        "a zip bomb": workbook(folder / "bomb.xlsx", rows, padding=b" " * _BOMB_BYTES),
        "a formula for a number": workbook(folder / "formula.xlsx", changed(lat="=29.5+0.00675")),
        "a megabyte in a cell": write_csv(folder / "megabyte.csv", changed(name_zh="x" * 2**20)),
        "a megabyte in a cell of a workbook": workbook(folder / "megabyte.xlsx", changed(name_zh="x" * 2**20)),
        "a control character": write_csv(folder / "nul.csv", changed(name_zh="a\0b")),
    }


def harmless(folder: Path, year: int, blank_rows: int = A_MILLION) -> dict[str, Path]:
    """Sheets that are only laborious; what they say is the list of the year."""
    rows = hospitals(year)
    blank = folder / "blank.csv"
    write_csv(blank, rows)
    with blank.open("a", encoding="utf-8") as stream:
        stream.write("\n" * (blank_rows // 2) + f"{',' * (len(rows[0]) - 1)}\n" * (blank_rows // 2))
    more = "".join(f'<row r="{number}"/>' for number in range(len(rows) + 2, len(rows) + 2 + blank_rows))
    return {
        f"{blank_rows:,} blank rows": blank,
        f"{blank_rows:,} blank rows of a workbook": workbook(folder / "blank.xlsx", rows, padding=more.encode()),
    }


def workbook(path: Path, rows: Sequence[dict[str, str]], *, padding: bytes = b"") -> Path:
    """Write rows as a workbook, in which a text that begins with `=` is a formula; `padding` is put behind the last row."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    body = "".join(f'<row r="{n}">{"".join(map(_cell, line))}</row>' for n, line in enumerate(lines, start=1))
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        archive.writestr(
            "xl/worksheets/sheet1.xml", head.encode() + body.encode() + padding + b"</sheetData></worksheet>"
        )
    return path


def _cell(text: str) -> str:
    if text.startswith("="):
        return f"<c><f>{escape(text[1:])}</f></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
