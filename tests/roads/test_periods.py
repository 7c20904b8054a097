"""Times of the week: every minute has exactly one, and every mistake of a file is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.errors import RoadDataError
from stroke_map.roads.classes import CLASS_INDEX, ROAD_CLASSES
from stroke_map.roads.periods import (
    EXAMPLE_FILE,
    Calibration,
    Factor,
    Period,
    Periods,
    load_periods,
    minute_of_week,
)

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
ALL = '[[period]]\nname = "all"\nwhen = ["Mo-Su 00:00-24:00"]\n'


@pytest.fixture
def refusal(tmp_path):
    """What is said of a file with this text."""

    def refuse(text):
        file = tmp_path / "times.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(RoadDataError) as raised:
            load_periods(file)
        return raised.value.detail

    return refuse


def named(periods, when):
    return periods.names[periods.week()[minute_of_week(when)]]


def test_the_example_is_sound_and_unverified():
    periods = load_periods(EXAMPLE_FILE)
    assert periods.names == ("night", "day", "peak")
    friday = datetime(2026, 6, 5, 17, 30)  # noqa: DTZ001  local time is what periods are about
    assert named(periods, friday) == "peak"
    assert named(periods, friday + timedelta(days=1)) == "day"
    assert [named(periods, friday.replace(hour=h, minute=m)) for h, m in ((21, 59), (22, 0), (5, 59), (6, 0))] == [
        "day", "night", "night", "day",
    ]  # fmt: skip
    assert {f.status for period in periods.period for f in period.factors.values()} == {"unverified"}
    assert Periods.from_json(periods.to_json()) == periods


def test_factors_by_class_and_profile(tmp_path):
    (tmp_path / "times.toml").write_text(
        ALL
        + '[period.factors]\nprimary = {factor = 2.0, source = "a count"}\n"*" = {factor = 1.5, source = "a count"}\n'
        '[period.factors_of.ambulance]\nprimary = {factor = 1.2, source = "runs"}\nferry = {factor = 1.1, source = "runs"}\n',
        encoding="utf-8",
    )
    periods = load_periods(tmp_path / "times.toml")
    car, ambulance = (dict(zip(ROAD_CLASSES, periods.factors(p)[0], strict=True)) for p in ("car", "ambulance"))
    assert (car["primary"], car["service"], car["ferry"], car["train"]) == (2.0, 1.5, 1.0, 1.0)
    assert (ambulance["primary"], ambulance["service"], ambulance["ferry"]) == (1.2, 1.5, 1.1)


def test_without_a_file_there_is_one_period_and_nothing_changes():
    assert Periods().names == ("all",)
    assert (Periods().week() == 0).all()
    np.testing.assert_array_equal(Periods().factors("car"), np.ones((1, len(CLASS_INDEX))))


@given(st.lists(st.integers(0, 7 * 1440 - 1), min_size=2, max_size=20, unique=True).map(sorted), st.integers(2, 4))
def test_windows_that_follow_each_other_hold_every_minute_once(cuts, count):
    """Cut the week anywhere, deal the parts out to periods, split at midnights: each minute is in the part it came from."""
    expected = np.empty(7 * 1440, dtype=int)
    windows = [[] for _ in range(count)]
    for part, (cut, end) in enumerate(zip(cuts, [*cuts[1:], cuts[0] + 7 * 1440], strict=True)):
        begin = cut
        expected[np.arange(begin, end) % (7 * 1440)] = part % count
        while begin < end:
            stop = min(end, (begin // 1440 + 1) * 1440)
            a, b = begin % 1440, (stop - 1) % 1440 + 1
            windows[part % count].append(f"{DAYS[begin // 1440 % 7]} {a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}")
            begin = stop
    whole = Periods(tuple(Period(f"p{i}", tuple(lines)) for i, lines in enumerate(windows)))
    np.testing.assert_array_equal(whole.week(), expected)
    for lines in windows:
        if lines:
            lost = lines.pop()
            with pytest.raises(ValueError, match=f"no period holds {lost[:8]}"):
                Periods(tuple(Period(f"p{i}", tuple(lines)) for i, lines in enumerate(windows))).week()
            lines += [lost, lost]
            with pytest.raises(ValueError, match="overlaps"):
                Periods(tuple(Period(f"p{i}", tuple(lines)) for i, lines in enumerate(windows))).week()
            lines.pop()


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_a_minute_of_the_week_is_that_of_the_calendar(when):
    monday = (when - timedelta(days=when.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    assert minute_of_week(when) == (when - monday) // timedelta(minutes=1)


def test_an_hour_the_clock_repeats_or_skips_is_the_clocks_own():
    malta = ZoneInfo("Europe/Malta")
    autumn = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC).astimezone(malta) for hour in (0, 1)]
    assert [minute_of_week(when) for when in autumn] == [6 * 1440 + 2 * 60 + 30] * 2
    spring = [datetime(2026, 3, 29, 0, minute, tzinfo=UTC).astimezone(malta) for minute in (59,)]
    assert minute_of_week(spring[0]) == 6 * 1440 + 1 * 60 + 59
    assert (
        minute_of_week(spring[0] + timedelta(minutes=1)) == 6 * 1440 + 2 * 60
    )  # the wall clock, which Python counts on
    assert minute_of_week((spring[0].astimezone(UTC) + timedelta(minutes=1)).astimezone(malta)) == 6 * 1440 + 3 * 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "period"),
        ("period = []", "period"),
        ("[[period]", "cannot be used"),
        (b"\xff\xfe", "decode"),
        ("a = " + "[" * 5000, "recursion"),
        ("period = 3", "period"),
        ('[[period]]\nname = "all"\nwhen = []', r"period\.all\.when"),
        ('[[period]]\nname = "../x"\nwhen = ["Mo-Su 00:00-24:00"]', r"name"),
        ('[[period]]\nname = "a"\nwhen = ["Mo-Sa 00:00-24:00"]', "no period holds Su 00:00"),
        ('[[period]]\nname = "a"\nwhen = ["Mo-Su 00:01-24:00"]', "no period holds Mo 00:00"),
        ('[[period]]\nname = "a"\nwhen = ["Mo-Su 00:00-24:00", "We 10:00-11:00"]', "a overlaps a on We 10:00"),
        (ALL + '[[period]]\nname = "b"\nwhen = ["Su 23:00-01:00"]', "b overlaps all on Mo 00:00"),
        (ALL + ALL.replace("Mo-Su", "Mo"), "the same name"),
        ('[[period]]\nname = "a"\nwhen = ["Monday 10:00-11:00"]', "weekdays and hours"),
        ('[[period]]\nname = "a"\nwhen = ["Mo 24:00-25:00"]', "hours run from"),
        ('[[period]]\nname = "a"\nwhen = ["Mo 10:60-11:00"]', "hours run from"),
        ('[[period]]\nname = "a"\nwhen = ["Mo 10:00-10:00"]', "hours run from"),
        (ALL + '[period.factors]\nhighway = {factor = 1.1, source = "x"}', "'highway' is not a road class"),
        (ALL + '[period.factors_of.car]\nroads = {factor = 1.1, source = "x"}', "'roads' is not a road class"),
        (ALL + '[period.factors]\nprimary = {factor = 0.1, source = "x"}', r"period\.all\.factors\.primary\.factor"),
        (ALL + '[period.factors]\nprimary = {factor = 11, source = "x"}', r"period\.all\.factors\.primary\.factor"),
        (ALL + '[period.factors]\nprimary = {factor = nan, source = "x"}', r"period\.all\.factors\.primary\.factor"),
        (ALL + "[period.factors]\nprimary = {factor = 1.1}", "source or status"),
        (ALL + '[period.factors]\nprimary = {factor = 1.1, source = ""}', "source"),
        (ALL + '[period.factors]\nprimary = {factor = 1.1, status = "sure"}', "status"),
        (ALL + "[period.factors]\nprimary = 1.1", r"period\.all\.factors\.primary"),
        (ALL + "speed = 3", r"period\.all\.speed"),
        ("zone = 3\n" + ALL, "zone"),
        (ALL + '[calibration]\nprofile = "car"\nlow = 2.0\nhigh = 1.0\nruns = 5\nheld_out = 1', "low is above high"),
    ],
)
def test_what_is_wrong_is_named(refusal, text, said):
    assert re.search(said, refusal(text))


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(RoadDataError, match=r"none\.toml cannot be used"):
        load_periods(tmp_path / "none.toml")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
FACTORS = st.one_of(
    st.builds(Factor, st.floats(0.2, 10), TEXTS),
    st.builds(Factor, st.floats(0.2, 10), st.none(), st.just("unverified")),
)
TABLES = st.dictionaries(st.sampled_from([*ROAD_CLASSES, "*"]), FACTORS, max_size=4)


@given(TABLES, st.dictionaries(TEXTS, TABLES.filter(bool), max_size=3), st.floats(0.1, 1), st.floats(1, 10))
def test_what_is_written_is_what_is_read(tmp_path_factory, factors, factors_of, low, high):
    whole = Periods(
        (
            Period("day", ("Mo-Su 06:00-22:00",), factors, factors_of),
            Period("night", ("Mo-Su 22:00-06:00",)),
        ),
        Calibration("ambulance", low, high, 10, 2),
    )
    file = tmp_path_factory.getbasetemp() / "written.toml"
    file.write_text(whole.to_toml(), encoding="utf-8", newline="")
    assert load_periods(file) == whole
    assert Periods.from_json(whole.to_json()) == whole
