"""What people write above columns."""

from __future__ import annotations

from collections import defaultdict

import pytest

from stroke_map.registry.columns import COLUMNS
from stroke_map.registry.headers import IGNORED, canonical, header_key, near, subtitles, told_headers


def test_no_header_means_two_columns() -> None:
    columns = defaultdict(set)
    for text, column in told_headers():
        columns[header_key(text)].add(column)
    assert {text: found for text, found in columns.items() if len(found) > 1} == {}


def test_every_header_that_is_told_is_of_a_column_that_is_there() -> None:
    assert {column for _, column in told_headers()} == set(COLUMNS) | {IGNORED}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=lambda column: column.name)
def test_a_column_is_known_by_name_and_titles_however_they_are_written(column) -> None:
    for text in (column.name, column.title_zh, column.title_en):
        forms = (text, f"  {text.upper()} *", text.replace(" ", "\n").replace("_", " "), f"{text}：", f"{text}（必填）")
        assert {canonical(form) for form in forms} == {column.name}


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("医院编号", "id"),
        ("机构名称", "name_zh"),
        ("Hospital Name", "name_zh"),
        ("所在区县", "district"),
        ("纬度（度）", "lat"),
        ("LNG", "lon"),
        ("24小时电话", "phone"),
        ("是否开展静脉溶栓", "thrombolysis"),
        ("静脉溶栓有效期至", "thrombolysis_valid_until"),
        ("机械取栓 服务时间", "thrombectomy_hours"),
        ("急诊ＰＣＩ", "primary_pci"),
        ("Primary PCI - valid until", "primary_pci_valid_until"),
        ("卒中中心等级", "stroke_level"),
        ("胸痛中心", "chest_pain_level"),
        ("创伤中心有效期", "trauma_level_valid_until"),
        ("创伤救治有效期", "trauma_valid_until"),
        ("DNT", "door_to_needle_min"),
        ("入院到溶栓（DNT）", "door_to_needle_min"),
        ("急诊", "emergency"),
        ("急诊电话", "phone"),
        ("序号", IGNORED),
        ("备注", IGNORED),
    ],
)
def test_headers_as_associations_write_them(text: str, column: str) -> None:
    assert canonical(text) == column


@pytest.mark.parametrize(
    ("text", "column"), [("thrombolisis", "thrombolysis"), ("经度值", "lon"), ("ct_hour", "ct_hours"), ("magic", "")]
)
def test_an_unknown_header_comes_with_what_it_may_have_meant(text: str, column: str) -> None:
    assert canonical(text) is None
    assert near(text) == column


@pytest.mark.parametrize("text", ["", "***", "（）", "\u3000"])
def test_a_header_that_says_nothing_is_unknown(text: str) -> None:
    assert canonical(text) is None


def test_a_header_of_a_million_characters_is_only_begun() -> None:
    assert len(header_key("医" * 1_000_000)) < 100


def test_below_the_name_of_a_capability_stands_the_rest_of_the_title() -> None:
    assert subtitles(COLUMNS["thrombolysis"]) == ("状态", "status")
    assert subtitles(COLUMNS["thrombolysis_valid_until"]) == ("认证截止日", "valid until")
    assert subtitles(COLUMNS["trauma_level"]) == ("级别", "level")
    assert subtitles(COLUMNS["trauma_level_body"]) == ("评定机构", "graded by")
    assert subtitles(COLUMNS["name_zh"]) == ("医院名称", "Chinese name")
