"""Files of hospitals as records: joined sheets, merged cells, examples, remarks, and every problem in its place."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook.child import INVALID_TITLE_REGEX

from stroke_map.registry import read_sheet
from stroke_map.registry.limits import MAX_COLUMNS
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.records import read_records

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ["编号", "医院名称", "纬度", "经度", "坐标系"]
GOOD = ["h1", "第一医院", 29.5574, 106.577, "WGS-84"]
Rows = list[list[Any]]


@pytest.fixture
def book_file(tmp_path: Path):
    """Write a workbook, sheet by sheet, with what `change` does to it at last."""

    def write(sheets: dict[str, Rows], change=None) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            assert not INVALID_TITLE_REGEX.search(name)
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        if change is not None:
            change(book)
        path = tmp_path / "hospitals.xlsx"
        book.save(path)
        return path

    return write


def read(path: Path) -> tuple[list[dict[str, str]], SheetReading]:
    reading = SheetReading(path.name)
    return [{column: cell.text for column, cell in record.items()} for record in read_records(path, reading)], reading


def told(reading: SheetReading) -> list[tuple[str, str, str, str]]:
    return [(p.severity, p.sheet, p.address, p.message) for p in reading.problems]


def test_a_cell_says_where_it_stands(book_file) -> None:
    reading = SheetReading("x")
    (record,) = read_records(book_file({"名单": [["标题"], HEADER, GOOD]}), reading)
    cell = record["lat"]
    assert (cell.text, cell.sheet, cell.row, cell.header, cell.address) == ("29.5574", "名单", 3, "纬度", "C3")
    assert record.get("phone") is None
    assert list(record) == ["id", "name_zh", "lat", "lon", "crs"]
    assert len(record) == 5
    assert record.texts() == {column: cell.text for column, cell in record.items()}


def test_a_sheet_as_an_association_sends_it(book_file) -> None:
    rows: Rows = [
        ["重庆市卒中救治医院名单（2026 年）"],
        ["编号", "医院名称", "位置", None, None, "静脉溶栓", None, None, "急诊电话"],
        [None, None, "纬度", "经度", "坐标系", "状态", "时间", "有效期至", None],
        ["cq-1", " 第一\u3000医院\xa0", 29.5574, "１０６.５７７", "高德", "√", "24小时", date(2026, 12, 31), 2368690000],
        ["ｃｑ－２", "第二医院", "\u200e29.6", 106.6, "百度", "×", None, "2026年12月31日", "０２３－６８６９"],
    ]  # fmt: skip

    def merge(book: openpyxl.Workbook) -> None:
        for cells in ("A1:I1", "A2:A3", "B2:B3", "C2:E2", "F2:H2", "I2:I3"):
            book.worksheets[0].merge_cells(cells)

    reading = read_sheet(book_file({"名单": rows}, merge))
    assert reading.problems == []
    first, second = reading.hospitals
    assert (first.id, first.name_zh, first.phone, first.crs) == ("cq-1", "第一 医院", "2368690000", "GCJ-02")
    assert (second.id, second.crs, second.capabilities["thrombolysis"].status) == ("cq-2", "BD-09", "no")
    thrombolysis = first.capabilities["thrombolysis"]
    assert (thrombolysis.status, thrombolysis.hours) == ("yes", "24/7")
    assert thrombolysis.valid_until == second.capabilities["thrombolysis"].valid_until == date(2026, 12, 31)


@pytest.mark.parametrize("from_1904", [False, True])
@pytest.mark.parametrize(
    "value", [date(2026, 12, 31), datetime.fromisoformat("2026-12-31T08:30"), "2026-12-31", "2026/12/31", "number"]
)
def test_days_in_every_form_and_either_system(book_file, from_1904: bool, value: Any) -> None:
    if value == "number":
        value = 46387 - 1462 * from_1904  # a day whose cell is not formatted as one

    def count_from_1904(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904 if from_1904 else book.epoch

    rows = [[*HEADER, "CT有效期至"], [*GOOD, value]]
    reading = read_sheet(book_file({"名单": rows}, count_from_1904))
    assert reading.problems == []
    assert reading.hospitals[0].capabilities["ct"].valid_until == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13900000000, "13900000000"),
        (13900000000.0, "13900000000"),
        (29.557400000000001, "29.5574"),
        (-0.5, "-0.5"),
        (1e20, "1e+20"),
        (True, "true"),
        (False, "false"),
        ("0236869", "0236869"),
        ("'=1+1", "=1+1"),
        ("_x005F_x0041_", "_x0041_"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_a_value_is_what_a_person_sees(book_file, value: Any, text: str) -> None:
    records, reading = read(book_file({"名单": [[*HEADER, "地址"], [*GOOD, value]]}))
    assert reading.problems == []
    assert records[0]["address"] == text


def test_sheets_are_joined_by_id(book_file) -> None:
    path = book_file(
        {
            "名单": [HEADER, ["h2", *GOOD[1:]], GOOD],
            "电话": [["医院编号", "急诊电话", "医院名称"], ["h1", "120", "第一医院"], ["ｈ２", "121", None]],
            "能力": [["id", "ct"], ["h1", "yes"]],
        }
    )
    records, reading = read(path)
    assert reading.problems == []
    assert [(r["id"], r["phone"], r.get("ct")) for r in records] == [("h2", "121", None), ("h1", "120", "yes")]


def test_required_columns_may_be_on_another_sheet(book_file) -> None:
    path = book_file(
        {"名单": [HEADER[:2], GOOD[:2]], "位置": [["id", "lat", "lon", "crs"], ["h1", 29.5, 106.5, "GPS"]]}
    )
    reading = read_sheet(path)
    assert reading.problems == []
    assert [hospital.lat for hospital in reading.hospitals] == [29.5]


def test_sheets_that_contradict_each_other_are_errors_that_name_both_cells(book_file) -> None:
    path = book_file(
        {
            "名单": [[*HEADER, "电话"], [*GOOD, "120"]],
            "电话": [
                ["id", "电话", "ct"],
                ["h1", "121", "yes"],
                ["h1", None, "no"],
                ["h9", "1", None],
                [None, "1", None],
            ],
        }
    )
    _, reading = read(path)
    assert told(reading) == [
        ("error", "电话", "C3", "is yes on the sheet 电话, C2"),
        ("error", "电话", "A5", "is missing"),
        ("error", "电话", "B2", "is 120 on the sheet 名单, F2"),
        ("error", "电话", "A4", "is no id of the sheet 名单"),
    ]


def test_hidden_sheets_and_notes_are_left_out_with_a_warning(book_file) -> None:
    def hide(book: openpyxl.Workbook) -> None:
        book["旧"].sheet_state = "hidden"
        book["更旧"].sheet_state = "veryHidden"

    notes = [["请填写名称和地址"], ["名称", "地址"]]
    path = book_file(
        {
            "填表须知": notes,
            "说明": notes,
            "旧": [HEADER, GOOD],
            "更旧": [HEADER, GOOD],
            "名单": [HEADER, GOOD],
            "空": [],
        },
        hide,
    )
    records, reading = read(path)
    assert [record["id"] for record in records] == ["h1"]
    assert [(p.severity, p.sheet, p.value, p.message) for p in reading.problems] == [
        ("warning", "hospitals.xlsx", "旧", "the sheet is hidden, and was left out"),
        ("warning", "hospitals.xlsx", "更旧", "the sheet is hidden, and was left out"),
        ("warning", "填表须知", "", "the sheet lists no hospitals and was left out"),
        ("warning", "空", "", "the sheet lists no hospitals and was left out"),
    ]


def test_a_column_that_is_merged_downwards_holds_for_every_row(book_file) -> None:
    rows = [[*HEADER, "区县"], [*GOOD, "渝中区"], ["h2", *GOOD[1:]], ["h3", *GOOD[1:]]]
    records, _ = read(book_file({"名单": rows}, lambda book: book.worksheets[0].merge_cells("F2:F3")))
    assert [record["district"] for record in records] == ["渝中区", "渝中区", ""]


def test_a_row_that_is_merged_across_holds_for_its_first_column_alone(book_file) -> None:
    rows = [[*HEADER, "地址", "区县"], [*GOOD, "路 1 号", None]]
    records, _ = read(book_file({"名单": rows}, lambda book: book.worksheets[0].merge_cells("F2:G2")))
    assert (records[0]["address"], records[0]["district"]) == ("路 1 号", "")


def test_examples_and_remarks_are_no_hospitals(book_file) -> None:
    rows = [HEADER, ["示例", *GOOD[1:]], ["Example", *GOOD[1:]], ["# 以下待定"], GOOD, ["#h2", *GOOD[1:]]]
    records, reading = read(book_file({"名单": rows}))
    assert [record["id"] for record in records] == ["h1"]
    message = "the row begins with # and was left out"
    assert told(reading) == [("warning", "名单", "A4", message), ("warning", "名单", "A6", message)]


def test_mistyped_columns_and_those_there_twice_are_errors_and_unknown_ones_warnings(book_file) -> None:
    rows = [[*HEADER, "thrombolisis", "ＩＤ", "备注", "星座"], [*GOOD, "yes", "x", "y", "z"]]
    _, reading = read(book_file({"名单": rows}))
    assert [(p.severity, p.address, p.message, p.would_be_right) for p in reading.problems] == [
        ("error", "F1", "the column is unknown and was left out", "thrombolysis (溶栓)"),
        ("error", "G1", "the column is there twice, as 编号 too", "each column once"),
        ("warning", "I1", "the column is unknown and was left out", "a column of the template, or none"),
    ]


def test_a_column_like_one_that_is_there_is_only_left_out(book_file) -> None:
    rows = [[*HEADER, "thrombolysis", "thrombolysis2"], [*GOOD, "yes", "no"]]
    (record,), reading = read(book_file({"名单": rows}))
    assert record["thrombolysis"] == "yes"
    assert [(p.severity, p.address) for p in reading.problems] == [("warning", "G1")]


def test_what_stands_beside_the_table_is_a_warning(book_file) -> None:
    records, reading = read(book_file({"名单": [HEADER, [*GOOD, None, "张三核对"], [None] * 6 + ["x"]]}))
    assert [record["id"] for record in records] == ["h1"]
    message = "stands below no header and was left out"
    assert told(reading) == [("warning", "名单", "G2", message), ("warning", "名单", "G3", message)]


def test_a_workbook_without_the_columns_names_each(book_file) -> None:
    _, reading = read(book_file({"x": [["a"]], "名单": [["编号", "名称"], ["h1", "x"]]}))
    missing = [("名单", column, "the column is missing") for column in ("lat", "lon", "crs")]
    assert [(p.sheet, p.column, p.message) for p in reading.errors] == missing


def test_an_empty_workbook_lists_no_hospital(book_file) -> None:
    reading = read_sheet(book_file({"名单": []}))
    assert reading.hospitals == []
    assert reading.errors


def test_a_sheet_of_too_many_columns_is_refused(book_file) -> None:
    rows = [[*HEADER, *(f"x{number}" for number in range(MAX_COLUMNS))], GOOD]
    _, reading = read(book_file({"名单": rows}))
    assert [problem.message for problem in reading.problems] == [f"{MAX_COLUMNS + 5:,} columns"]
