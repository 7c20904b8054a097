from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.roads.units import parse_duration_s, parse_length_m, parse_speed_kph, parse_weight_t

PARSERS = (parse_speed_kph, parse_length_m, parse_weight_t, parse_duration_s)


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("50", 50),
        (" 50 ", 50),
        ("50 mph", 80.4672),
        ("50mph", 80.4672),
        ("50 km/h", 50),
        ("50kph", 50),
        ("30 knots", 55.56),
        ("５０", 50),
        ("50; 30", 30),
        ("50;signals", None),
        ("0", None),
        ("-50", None),
        ("fast", None),
        ("", None),
        ("50 furlongs", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
    ],
)
def test_speeds(text, kph):
    assert parse_speed_kph(text) == (None if kph is None else pytest.approx(kph))


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("3", 3),
        ("3.5", 3.5),
        ("3,5", 3.5),
        ("3 m", 3),
        ("3m", 3),
        ("3 meters", 3),
        ("3米", 3),
        ("300 cm", 3),
        ("6'2\"", 1.8796),
        ("6' 2\"", 1.8796),
        ("6′2″", 1.8796),
        ("6’2”", 1.8796),
        ("6'2''", 1.8796),
        ("6 ft 2 in", 1.8796),
        ("6'", 1.8288),
        ("6ft", 1.8288),
        ('74"', 1.8796),
        ("0.1 km", 100),
        ("3;2.5", 2.5),
        ("none", None),
        ("3 apples", None),
        ("'", None),
        ("3 3", None),
        ("3.", None),
    ],
)
def test_lengths(text, metres):
    assert parse_length_m(text) == (None if metres is None else pytest.approx(metres))


@pytest.mark.parametrize(
    ("text", "tonnes"),
    [
        ("3.5", 3.5),
        ("3.5t", 3.5),
        ("3.5 t", 3.5),
        ("3500 kg", 3.5),
        ("10 tons", 10),
        ("3.5 st", 3.17514659),
        ("7000 lbs", 3.17514659),
        ("10 吨", 10),
        ("6'2\"", None),
        ("heavy", None),
    ],
)
def test_weights(text, tonnes):
    assert parse_weight_t(text) == (None if tonnes is None else pytest.approx(tonnes))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20", 1200),
        ("00:20", 1200),
        ("01:30", 5400),
        ("1:30", 5400),
        ("01:30:15", 5415),
        ("100:00", 360_000),
        ("PT20M", 1200),
        ("PT1H30M", 5400),
        ("PT1H", 3600),
        ("PT90S", 90),
        ("P1DT2H", 93_600),
        ("P1W", 604_800),
        ("1 h 30 min", 5400),
        ("90 min", 5400),
        ("2h", 7200),
        ("15分钟", 900),
        ("00:00", None),
        ("00:75", None),
        ("PT", None),
        ("P", None),
        ("PT1H30", None),
        ("P9999D", None),
        ("soon", None),
        ("", None),
    ],
)
def test_durations(text, seconds):
    assert parse_duration_s(text) == seconds


@given(st.text() | st.from_regex(r"[0-9.,:;'\" ptmhkgs/]{0,80}", fullmatch=True))
def test_any_text_gives_a_positive_finite_figure_or_none(text):
    for parse in PARSERS:
        value = parse(text)
        assert value is None or 0 < value < float("inf")


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_every_notation_of_a_duration_agrees(hours, minutes, seconds):
    expected = hours * 3600 + minutes * 60 + seconds or None
    assert parse_duration_s(f"{hours:02}:{minutes:02}:{seconds:02}") == expected
    assert parse_duration_s(f"PT{hours}H{minutes}M{seconds}S") == expected


@given(st.integers(1, 40), st.integers(0, 11))
def test_feet_and_inches_are_inches(feet, inches):
    assert parse_length_m(f"{feet}'{inches}\"") == pytest.approx((feet * 12 + inches) * 0.0254)
