"""Where the header of a sheet stands."""

from __future__ import annotations

from stroke_map.registry.header_rows import Header, find_header
from stroke_map.registry.tables import Faulty


def rows(*lines: str):
    """Rows from row 1 on; cells with | between, blank ones left out."""
    return [
        (number, {at: text for at, text in enumerate(line.split("|")) if text}) for number, line in enumerate(lines, 1)
    ]


def found(*lines: str) -> tuple[int, dict[int, str | None]]:
    header = find_header(rows(*lines))
    return header.row, header.names


def test_one_row() -> None:
    assert found("id|name_zh|lat|magic", "h1|First|29.5|x") == (1, {0: "id", 1: "name_zh", 2: "lat", 3: None})


def test_titles_above_it_are_passed_over() -> None:
    row, names = found("重庆市名单", "2026 年|医院", "编号|名称|纬度", "h1|一院|29.5")
    assert (row, names) == (3, {0: "id", 1: "name_zh", 2: "lat"})


def test_groups_above_it_with_blank_cells_behind_them() -> None:
    row, names = found("编号|静脉溶栓|||机械取栓||地址", "|状态|时间|有效期至|状态|时间", "h1|是||2026-12-31|否")
    assert row == 2
    assert list(names.values()) == [
        "id",
        "thrombolysis",
        "thrombolysis_hours",
        "thrombolysis_valid_until",
        "thrombectomy",
        "thrombectomy_hours",
        "address",
    ]


def test_groups_merged_across_and_downwards() -> None:
    row, names = found("编号|静脉溶栓|静脉溶栓|地址", "编号|状态|时间|地址", "h1|是||x")
    assert (row, list(names.values())) == (2, ["id", "thrombolysis", "thrombolysis_hours", "address"])


def test_groups_that_say_nothing_of_their_own() -> None:
    row, names = found("基本信息|基本信息|位置|位置", "编号|名称|纬度|经度", "h1|一院|29.5|106.5")
    assert (row, list(names.values())) == (2, ["id", "name_zh", "lat", "lon"])


def test_what_stands_above_a_column_is_told_with_its_group() -> None:
    header = find_header(rows("编号|静脉溶栓|", "|状态|时间", "h1|是|"))
    assert header.texts == {0: "编号", 1: "静脉溶栓 状态", 2: "静脉溶栓 时间"}


def test_a_first_row_of_data_is_no_second_row_of_header() -> None:
    # 电话 is a value here; above it stands an unknown header of one column.
    assert found("id|name_zh|联系方式种类|lat", "h1|一院|电话|29.5")[0] == 1


def test_a_blank_row_between_makes_no_header_of_two_rows() -> None:
    lines = [(1, {0: "静脉溶栓", 1: "机械取栓"}), (5, {0: "有效期至", 1: "有效期至"})]
    assert find_header(lines).names == {0: "thrombolysis", 1: "thrombectomy"}


def test_formulas_are_no_headers() -> None:
    header = find_header([(1, {0: "id", 1: Faulty("lat", "is a formula", "")})])
    assert header.names == {0: "id"}


def test_a_sheet_is_of_hospitals_when_it_has_an_id_and_more() -> None:
    assert find_header(rows("id|lat")).is_of_hospitals
    assert not find_header(rows("id|编号|magic")).is_of_hospitals
    assert not find_header(rows("lat|lon|crs")).is_of_hospitals
    assert not Header(0, {}, {}).is_of_hospitals
