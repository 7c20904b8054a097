"""Statuses, systems, days and numbers as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.registry.values import (
    read_crs,
    read_date,
    read_list,
    read_number,
    read_status,
    read_whole,
    serial_day,
)


@pytest.mark.parametrize(
    ("texts", "status"),
    [
        ("是 有 能 √ ✓ ✔ Y y YES Ｙ true TRUE 1 已开展", "yes"),
        ("否 无 × ✗ x X N no Ｎｏ false 0 未开展", "no"),
        ("未知 不详 ? ？ unknown U n/a", "unknown"),
    ],
)
def test_a_status_in_chinese_english_or_ticks(texts: str, status: str) -> None:
    assert {read_status(f"\u3000{text}\xa0") for text in texts.split()} == {status}


def test_a_blank_status_is_unknown() -> None:
    assert read_status("") == read_status(" \u3000") == "unknown"


@pytest.mark.parametrize("text", ["maybe", "是的吧", "2", "yes no", "-"])
def test_a_status_that_says_nothing_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"is unknown; give yes \| no \| unknown"):
        read_status(text)


@pytest.mark.parametrize(
    ("texts", "system"),
    [
        ("WGS-84|wgs84|WGS 84|GPS|天地图|CGCS2000|ＷＧＳ８４|EPSG 4326", "WGS-84"),
        ("GCJ-02|gcj02|GCJ_02|火星坐标|高德|腾讯地图", "GCJ-02"),
        ("BD-09|bd09|百度|百度地图", "BD-09"),
    ],
)
def test_a_system_by_its_code_or_by_whose_map_it_is(texts: str, system: str) -> None:
    assert {read_crs(text) for text in texts.split("|")} == {system}


@pytest.mark.parametrize("text", ["", "UTM", "84", "谷歌"])
def test_any_other_system_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"give WGS-84 \| GCJ-02 \| BD-09"):
        read_crs(text)


@given(st.dates(date(1000, 1, 1)))
def test_a_day_in_every_way_people_write_it(day: date) -> None:
    year, month, number = f"{day.year:04d}", day.month, day.day
    forms = [
        f"{year}-{month:02d}-{number:02d}",
        f"{year}/{month}/{number}",
        f"{year}.{month:02d}.{number}",
        f"{year}年{month}月{number}日",
        f"{year} 年 {month} 月 {number} 日",
        f"{year}{month:02d}{number:02d}",
        f"{year}-{month:02d}-{number:02d} 00:00:00",
        f"{year}-{month:02d}-{number:02d}T00:00:00",
    ]
    assert {read_date(form) for form in forms} == {day}


def test_a_day_in_full_width() -> None:
    assert read_date("２０２６－１２－３１") == date(2026, 12, 31)


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_the_number_excel_has_for_a_day(day: date) -> None:
    number = (day - date(1899, 12, 30)).days  # 1 March 1900 is 61 in Excel, whose 1900 has a 29 February
    assert read_date(str(number)) == read_date(f"{number}.0") == serial_day(number + 0.75) == day
    assert serial_day(number - 1462, epoch_1904=True) == day


def test_known_numbers_of_days() -> None:
    assert serial_day(46387) == date(2026, 12, 31)
    assert serial_day(44925, epoch_1904=True) == date(2026, 12, 31)
    assert serial_day(32873) is None  # the last day of 1989
    assert serial_day(73051) is None  # the first of 2100
    assert (serial_day(32874), serial_day(73050)) == (date(1990, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    "text", ["2026", "31.12.2026", "12/31/2026", "2026-12", "soon", "", "99999", "2026-12-31 08:00"]
)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(ValueError, match="is no date; give year-month-day"):
        read_date(text)


@pytest.mark.parametrize("text", ["2026-02-30", "20261301", "2026年0月1日"])
def test_a_day_no_calendar_has(text: str) -> None:
    with pytest.raises(ValueError, match="no calendar has; give year-month-day"):
        read_date(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("45", 45.0),
        (" １，２３４．５ ", 1234.5),
        ("1,234,567", 1234567.0),
        ("-3.5", -3.5),
        (".5", 0.5),
        ("1e3", 1000.0),
    ],
)
def test_a_number(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "1_0", "inf", "nan", "12 min", "1,23", "٣", "0x10", "--1", "1e", "1,2345"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is no number; give a number"):
        read_number(text)


def test_a_number_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        read_number("1e999")


def test_a_whole_number() -> None:
    assert read_whole("12.0") == 12
    with pytest.raises(ValueError, match="no whole number"):
        read_whole("12.5")


def test_a_list_has_semicolons_of_either_width_between() -> None:
    assert read_list(" a; b；c、 d\n;; ") == ["a", "b", "c", "d"]
