"""The copy of a workbook with its mistakes marked."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.hyperlink import Hyperlink

from stroke_map.errors import RegistryError
from stroke_map.registry import read_sheet
from stroke_map.registry.annotate import annotate

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ["id", "name_zh", "lat", "lon", "crs", "phone", "ct"]


@pytest.fixture
def sheet_with_mistakes(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "名单"
    for row in (
        HEADER,
        ["h1", "=1+1", 29.5, 106.5, "WGS-84", "ask", "maybe"],
        ["h2", "二院", "x", 106.5, "WGS-84", "120", "是"],
    ):
        sheet.append(row)
    sheet["A3"].font = openpyxl.styles.Font(bold=True)
    sheet["G2"].comment = Comment("谁填的？", "x")
    book.create_sheet("别的").append(["kept", "=A1"])
    path = tmp_path / "hospitals.xlsx"
    book.save(path)
    return path


def test_wrong_cells_are_marked_and_say_what_would_be_right(sheet_with_mistakes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    before = sheet_with_mistakes.read_bytes()
    problems = read_sheet(sheet_with_mistakes).problems
    annotate(sheet_with_mistakes, problems, out)
    assert sheet_with_mistakes.read_bytes() == before
    sheet = openpyxl.load_workbook(out)["名单"]
    marked = {cell.coordinate: cell.fill.start_color.rgb for row in sheet for cell in row if cell.comment}
    assert marked == {"B2": "00F4B183", "F2": "00FFE699", "G2": "00F4B183", "C3": "00F4B183"}
    assert sheet["G2"].comment.text.startswith("谁填的？\n\nis unknown\n应为 right: yes | no | unknown")
    assert "is a formula" in sheet["B2"].comment.text


def test_the_rest_is_kept_and_no_formula_is(sheet_with_mistakes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    annotate(sheet_with_mistakes, [], out)
    book = openpyxl.load_workbook(out)
    assert book["名单"]["A3"].font.bold
    assert [cell.value for cell in book["名单"][3]] == ["h2", "二院", "x", 106.5, "WGS-84", "120", "是"]
    assert book["别的"]["A1"].value == "kept"
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n"}
    assert book["名单"]["B2"].value is None  # the value that the formula had: nobody had worked it out


def test_every_problem_is_listed_behind(sheet_with_mistakes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    reading = read_sheet(sheet_with_mistakes)
    annotate(sheet_with_mistakes, reading.problems, out)
    listed = list(openpyxl.load_workbook(out).worksheets[-1].iter_rows(min_row=2, values_only=True))
    assert [(row[1], row[4], row[6]) for row in listed] == [
        (p.sheet, p.address or None, p.message) for p in reading.problems
    ]
    assert {row[0] for row in listed} == {"错误 error", "警告 warning"}


def test_a_copy_can_be_corrected_and_checked_again(sheet_with_mistakes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    annotate(sheet_with_mistakes, read_sheet(sheet_with_mistakes).problems, out)
    book = openpyxl.load_workbook(out)
    for place, value in {"B2": "一院", "G2": "否", "C3": 29.6, "F2": "120"}.items():
        book["名单"][place] = value
    book.save(out)
    reading = read_sheet(out)
    assert reading.errors == []
    assert [hospital.name_zh for hospital in reading.hospitals] == ["一院", "二院"]


def test_a_hostile_value_in_the_list_is_a_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, ["h1", "一院", 29.5, 106.5, "=x", "120", "yes"]):
        book.active.append(row)
    book.active["E2"].data_type = "s"
    path, out = tmp_path / "hospitals.xlsx", tmp_path / "out.xlsx"
    book.save(path)
    annotate(path, read_sheet(path).problems, out)
    sheet = openpyxl.load_workbook(out).worksheets[-1]
    assert (sheet["F2"].value, sheet["F2"].data_type) == ("'=x", "s")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"id,name_zh\n", "only a workbook can be annotated"), (b"PK\x03\x04rest", "the workbook is damaged")],
)
def test_what_is_not_read_is_not_annotated(tmp_path: Path, content: bytes, message: str) -> None:
    path, out = tmp_path / "hospitals.xlsx", tmp_path / "out.xlsx"
    path.write_bytes(content)
    with pytest.raises(RegistryError, match=message):
        annotate(path, [], out)
    assert not out.exists()


@pytest.mark.parametrize("kind", ["merged", "linked"])
def test_ranges_without_end_are_not_annotated(tmp_path: Path, kind: str) -> None:
    """openpyxl would make an object of each cell."""
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.create_sheet("hidden").sheet_state = "hidden"
    sheet = book["hidden"]
    if kind == "merged":
        sheet.merged_cells.add("A3:XFD1048576")
    else:
        sheet["A1"].hyperlink = Hyperlink(ref="A1:XFD1048576", location="A1")
        sheet["A1"].hyperlink.ref = "A1:XFD1048576"
    path, out = tmp_path / "hospitals.xlsx", tmp_path / "out.xlsx"
    book.save(path)
    with pytest.raises(RegistryError, match="merges or links over 500,000 cells"):
        annotate(path, [], out)


def test_a_part_nobody_reads_may_be_damaged_too(sheet_with_mistakes: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(sheet_with_mistakes, "a") as archive:
        archive.writestr("xl/other.xml", "<a>")
    with pytest.raises(RegistryError, match="cannot be annotated: no element found"):
        annotate(sheet_with_mistakes, [], tmp_path / "out.xlsx")


def test_a_place_that_cannot_be_written_to_is_an_os_error(sheet_with_mistakes: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        annotate(sheet_with_mistakes, [], tmp_path / "none" / "out.xlsx")
