"""CSV in the encodings and with the delimiters that spreadsheet programs write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stroke_map.registry.csv_table import csv_table, guard, read_bytes, unguard
from stroke_map.registry.limits import MAX_FILE_BYTES
from stroke_map.registry.problems import SheetReading
from stroke_map.registry.records import read_records

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "编号,名称,纬度,经度,坐标系\nh1,第一医院；东门,29.5,106.5,WGS-84\n"


def read(path: Path):
    reading = SheetReading(path.name)
    return [{column: cell.text for column, cell in record.items()} for record in read_records(path, reading)], reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encoding_and_delimiter_are_found_out(sheet_file, encoding: str, delimiter: str, newline: str) -> None:
    text = TEXT.replace(",", delimiter).replace("\n", newline)
    records, reading = read(sheet_file(text.encode(encoding)))
    assert reading.problems == []
    assert records == [{"id": "h1", "name_zh": "第一医院；东门", "lat": "29.5", "lon": "106.5", "crs": "WGS-84"}]


def test_a_title_above_the_header_does_not_hide_the_delimiter(sheet_file) -> None:
    records, reading = read(sheet_file("名单，2026 年\n" + TEXT.replace(",", ";")))
    assert reading.problems == []
    assert [record["id"] for record in records] == ["h1"]


def test_utf8_with_a_damaged_byte_is_not_taken_for_another_encoding(sheet_file) -> None:
    data = TEXT.encode().replace("第".encode(), b"\xe7\xac")
    _, reading = read(sheet_file(data))
    (problem,) = reading.errors
    assert (problem.row, problem.message) == (2, "the text is not UTF-8-sig, which it looks like most")


def test_bytes_of_no_encoding_are_refused(sheet_file) -> None:
    _, reading = read(sheet_file(TEXT.encode("gb18030") + b"\xff\xff\xff"))
    assert [(p.row, p.message) for p in reading.errors] == [(3, "the text is not GB18030, which it looks like most")]


def test_a_row_with_a_broken_quote_does_not_hide_the_others(sheet_file) -> None:
    records, reading = read(sheet_file(TEXT + '"x"y,z\nh2,二院,29.6,106.6,WGS-84\n'))
    assert [record["id"] for record in records] == ["h1", "h2"]
    assert [(p.row, p.message[:24]) for p in reading.errors] == [(3, "a row that is not CSV: '")]


def test_a_cell_of_a_megabyte_is_refused(sheet_file) -> None:
    _, reading = read(sheet_file(TEXT + f"h2,{'x' * 1_000_000},1,1,WGS-84\n"))
    assert "a cell of over 131,072 characters" in [problem.message for problem in reading.errors]


def test_a_file_that_is_missing_or_too_large_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    for expected in ("No such file", f"over {MAX_FILE_BYTES // 1_000_000} MB"):
        reading = SheetReading(path.name)
        assert read_bytes(path, reading) is None
        assert expected in reading.problems[0].message
        with path.open("wb") as file:
            file.truncate(MAX_FILE_BYTES + 1)
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES)
    assert len(read_bytes(path, reading) or b"") == MAX_FILE_BYTES


def test_rows_are_read_as_they_are_asked_for_and_blank_ones_passed_over() -> None:
    reading = SheetReading("x.csv")
    table = csv_table("x.csv", b'a,b\n,\n\n x ,,\'=1\n"two\nlines"\n', reading, lambda _: 1)
    assert list(table.rows) == [(1, {0: "a", 1: "b"}), (4, {0: "x", 2: "=1"}), (5, {0: "two\nlines"})]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@x", "＝1", "'=1", "''@", "=cmd|' /C calc'!A0"])
def test_a_formula_is_guarded_and_comes_back(text: str) -> None:
    assert guard(text) == f"'{text}"
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", ["", "plain", "+86 23 6869 0000", "-3.5", "'quoted'", "1=1"])
def test_what_is_no_formula_is_left_alone(text: str) -> None:
    assert guard(text) == unguard(text) == text
