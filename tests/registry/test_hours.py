"""Hours as Chinese lists and OpenStreetMap write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stroke_map.registry.hours import hours_caution, is_open, parse_hours, tidy_hours

CHONGQING = ZoneInfo("Asia/Shanghai")
MONDAY_MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=CHONGQING)


@pytest.mark.parametrize(
    "text", ["24/7", "24小时", "24 小时", "２４小时", "全天", "全天候", "全年全天", "24h", "24 hours", "", "  "]
)
def test_every_way_of_saying_always_is_24_7(text: str) -> None:
    assert tidy_hours(text) == "24/7"


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("周一至周五 08:00-18:00", "Mo-Fr 08:00-18:00"),
        ("星期一-星期日 ８：００～１７：３０", "Mo-Su 8:00-17:30"),
        ("周六,周天 09:00至12:00", "Sa,Su 09:00-12:00"),
        ("Mo-Fr   08:00-18:00", "Mo-Fr 08:00-18:00"),
    ],
)
def test_chinese_weekdays_and_full_width_digits_become_opening_hours(text: str, tidied: str) -> None:
    assert tidy_hours(text) == tidied
    assert tidy_hours(tidied) == tidied


@pytest.mark.parametrize("text", ["office hours", "8-18", "25:00-26:00 xx", "Mo-Fr 08:00", "a\0b", "24/8", "9" * 300])
def test_hours_nobody_can_evaluate_are_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"give 24/7, or opening hours such as Mo-Fr 08:00-18:00"):
        tidy_hours(text)


@pytest.mark.parametrize(
    ("text", "hour", "expected"),
    [
        ("24/7", 3, True),
        ("Mo-Fr 08:00-18:00", 7, False),
        ("Mo-Fr 08:00-18:00", 8, True),
        ("Mo-Fr 08:00-18:00", 18, False),
        ("Sa-Su 08:00-18:00", 9, False),
        ("22:00-06:00", 23, True),
        ("22:00-06:00", 5, True),
        ("22:00-06:00", 6, False),
        ("closed", 9, False),
        ("unknown", 9, False),
        ("Mo-Fr 08:00-18:00; PH off", 9, True),
    ],
)
def test_is_open_at_that_hour_of_a_monday(text: str, hour: int, expected: bool) -> None:
    assert is_open(text, MONDAY_MORNING.replace(hour=hour)) is expected


def test_hours_are_local_to_the_zone_of_the_moment() -> None:
    assert is_open("Mo 08:00-10:00", MONDAY_MORNING)
    assert not is_open("Mo 08:00-10:00", MONDAY_MORNING.astimezone(ZoneInfo("Europe/Malta")))


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=8))])
@pytest.mark.parametrize("text", ["24/7", "Mo-Fr 08:00-18:00"])
def test_a_moment_without_a_place_is_refused_even_where_the_answer_is_plain(text: str, zone: tzinfo | None) -> None:
    with pytest.raises(TypeError, match="ZoneInfo"):
        is_open(text, MONDAY_MORNING.replace(tzinfo=zone))


@pytest.mark.parametrize("text", ["Mo-Fr 08:00-18:00; PH off", "PH 10:00-12:00", "SH off"])
def test_holidays_are_a_caution_not_an_error(text: str) -> None:
    assert "ordinary days" in (hours_caution(tidy_hours(text)) or "")


def test_ordinary_hours_need_no_caution() -> None:
    assert hours_caution("Mo-Fr 08:00-18:00") is None


def test_a_text_is_parsed_once() -> None:
    assert parse_hours("Mo-Sa 07:30-19:30") is parse_hours("Mo-Sa 07:30-19:30")


@given(st.text() | st.from_regex(r"\A(Mo|Tu|PH|week|Jan|2026|[0-9]{1,2}:[0-9]{2}|[-,;/+\[\]|\"]| ){1,12}\Z"))
@example("00:00-24:00/00:01")
@example("2000-9999/7 week 1-53/2 Mo[-5] 00:00-24:00/00:01")
def test_any_text_is_either_refused_or_evaluated(text: str) -> None:
    try:
        tidied = tidy_hours(text)
    except ValueError:
        return
    assert tidy_hours(tidied) == tidied
    assert is_open(tidied, MONDAY_MORNING) in (True, False)
