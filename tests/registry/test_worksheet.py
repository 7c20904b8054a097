"""Sheets as XML: places, ranges, and pieces that fall between two chunks. Whole files stand in test_workbook.py."""

from __future__ import annotations

import io

import openpyxl.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.registry.limits import MAX_MERGED_CELLS
from stroke_map.registry.worksheet import cells_in_ranges, column_letters, column_number, read_merges, stream_rows


@given(st.integers(0, 16383))
def test_columns_have_the_letters_that_openpyxl_gives_them(number: int) -> None:
    assert column_letters(number) == openpyxl.utils.get_column_letter(number + 1)
    assert column_number(column_letters(number)) == number


def sheet(merged: str, filler: int = 0) -> io.BytesIO:
    return io.BytesIO(f"<worksheet>{' ' * filler}<mergeCells>{merged}</mergeCells></worksheet>".encode())


@pytest.mark.parametrize("filler", [0, *range(65_490, 65_540, 3)])
def test_merged_cells_are_found_wherever_a_chunk_ends(filler: int) -> None:
    merged = '<mergeCell ref="A1:B2"/><x:mergeCell x="1" ref=\'D1:D3\'/><mergeCell ref="F1"/>'
    merges = read_merges(sheet(merged, filler))
    assert merges.fill(1, {0: "a", 3: "d", 5: "f"}, across=True) == {0: "a", 1: "a", 3: "d", 5: "f"}
    assert merges.fill(3, {9: "x"}, across=True) == {3: "d", 9: "x"}


def test_merged_cells_past_the_limit_are_left_as_they_are() -> None:
    first, rest = f"A1:A{MAX_MERGED_CELLS}", "B1:B2"
    merges = read_merges(sheet(f'<mergeCell ref="{first}"/><mergeCell ref="{rest}"/>'))
    assert merges.fill(1, {0: "a", 1: "b"}, across=False) == {0: "a", 1: "b"}
    assert merges.fill(2, {9: "x"}, across=False) == {0: "a", 9: "x"}


def test_cells_in_ranges_are_counted_however_they_are_written() -> None:
    ranges = '<mergeCell ref="A1:B2"/><mergeCell ref="$D$1:$D$3"/><mergeCell/><mergeCell ref="F9"/>'
    hyperlinks = "<hyperlinks><hyperlink ref='b3:a1'/></hyperlinks>"
    assert cells_in_ranges(sheet(ranges + hyperlinks)) == 4 + 3 + 1 + 1 + 6


@pytest.mark.parametrize("chunk_end", range(65_490, 65_540, 3))
def test_a_cell_is_read_whole_wherever_a_chunk_ends(chunk_end: int) -> None:
    before = "<worksheet><sheetData>"
    padding = " " * (chunk_end - len(before))
    row = (
        '<row r="7"><c r="C7" t="inlineStr"><is><t>第一医院</t></is></c><c r="AA7"><v>29.557400000000001</v></c></row>'
    )
    content = io.BytesIO(f"{before}{padding}{row}</sheetData></worksheet>".encode())
    assert list(stream_rows(content, [], frozenset(), epoch_1904=False)) == [(7, {2: "第一医院", 26: "29.5574"})]
