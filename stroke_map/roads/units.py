"""Speeds, lengths, weights and durations in every notation mappers use.

Each function returns None for what it does not understand, and for what cannot be: zero, or too much to be meant.
Notations: https://wiki.openstreetmap.org/wiki/Map_features/Units and Key:duration.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST: Final = 64  # characters; no real value is longer
_NUMBER: Final = r"[0-9]{1,9}(?:[.,][0-9]{1,9})?"
_WITH_UNIT: Final = re.compile(rf"({_NUMBER})\s*([^0-9\s.,][^0-9]*)?")
_FEET_AND_INCHES: Final = re.compile(rf"({_NUMBER})\s*(?:'|ft|feet|foot)\s*({_NUMBER})\s*(?:\"|''|in|inch|inches)?")
_CLOCK: Final = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?")
_ISO_DURATION: Final = re.compile(
    rf"p(?:({_NUMBER})w)?(?:({_NUMBER})d)?(?:t(?=[0-9])(?:({_NUMBER})h)?(?:({_NUMBER})m)?(?:({_NUMBER})s)?)?"
)
_SPOKEN_DURATION: Final = re.compile(
    rf"(?:({_NUMBER})\s*(?:h|hr|hrs|hour|hours|小时))?\s*(?:({_NUMBER})\s*(?:m|min|mins|minute|minutes|分钟|分))?"
)
_QUOTES: Final = str.maketrans({"’": "'", "‘": "'", "′": "'", "”": '"', "“": '"', "″": '"'})

_KPH: Final = {
    "": 1.0,
    "km/h": 1.0,
    "kmh": 1.0,
    "kph": 1.0,
    "km/hr": 1.0,
    "公里/小时": 1.0,
    "mph": 1.609344,
    "knots": 1.852,
    "knot": 1.852,
    "kn": 1.852,
    "kt": 1.852,
    "m/s": 3.6,
}
_METRES: Final = {
    "": 1.0,
    "m": 1.0,
    "meter": 1.0,
    "meters": 1.0,
    "metre": 1.0,
    "metres": 1.0,
    "米": 1.0,
    "cm": 0.01,
    "mm": 0.001,
    "km": 1000.0,
    "mi": 1609.344,
    "yd": 0.9144,
    "yds": 0.9144,
    "'": 0.3048,
    "ft": 0.3048,
    "feet": 0.3048,
    "foot": 0.3048,
    '"': 0.0254,
    "''": 0.0254,
    "in": 0.0254,
    "inch": 0.0254,
    "inches": 0.0254,
}
_TONNES: Final = {
    "": 1.0,
    "t": 1.0,
    "ton": 1.0,
    "tons": 1.0,
    "tonne": 1.0,
    "tonnes": 1.0,
    "mt": 1.0,
    "吨": 1.0,
    "kg": 0.001,
    "kgs": 0.001,
    "st": 0.90718474,
    "lt": 1.0160469088,
    "cwt": 0.05080234544,
    "lb": 0.00045359237,
    "lbs": 0.00045359237,
    "lbf": 0.00045359237,
}
_WEEK_S, _DAY_S, _HOUR_S, _MINUTE_S = 604_800.0, 86_400.0, 3600.0, 60.0
_LONGEST_DURATION_S: Final = 4 * _WEEK_S


def parse_speed_kph(text: str) -> float | None:
    """Speed in km/h: `50`, `50 mph`, `30 knots`; of several (`50; 30`) the lowest."""
    return _lowest(text, _KPH)


def parse_length_m(text: str) -> float | None:
    """Length in metres: `3`, `3.5 m`, `300 cm`, `6'2"`, `6 ft`; of several the lowest."""
    return _lowest(text, _METRES)


def parse_weight_t(text: str) -> float | None:
    """Weight in tonnes: `3.5`, `3.5t`, `3500 kg`, `10 st` (short tons), `7000 lbs`; of several the lowest."""
    return _lowest(text, _TONNES)


def parse_duration_s(text: str) -> float | None:
    """Duration in seconds: `MM`, `HH:MM`, `HH:MM:SS`, `PT1H30M`, `1 h 30 min`."""
    text = _normalised(text)
    seconds: float | None = None
    if found := _CLOCK.fullmatch(text):
        hours, minutes, rest = found.groups(default="0")
        seconds = int(hours) * _HOUR_S + int(minutes) * _MINUTE_S + int(rest)
    elif re.fullmatch(_NUMBER, text):
        seconds = _number(text) * _MINUTE_S
    elif text and (found := _ISO_DURATION.fullmatch(text)):
        seconds = _summed(found, (_WEEK_S, _DAY_S, _HOUR_S, _MINUTE_S, 1.0))
    elif text and (found := _SPOKEN_DURATION.fullmatch(text)):
        seconds = _summed(found, (_HOUR_S, _MINUTE_S))
    return seconds if seconds is not None and 0 < seconds <= _LONGEST_DURATION_S else None


def _normalised(text: str) -> str:
    """Lower case, full-width digits and typographic quotes made plain; empty where it is too long to be a value."""
    if len(text) > _LONGEST:
        return ""
    return unicodedata.normalize("NFKC", text.translate(_QUOTES)).strip().lower()


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _summed(found: re.Match[str], units_s: tuple[float, ...]) -> float:
    return sum(_number(count) * unit_s for count, unit_s in zip(found.groups(default="0"), units_s, strict=True))


def _lowest(text: str, units: Mapping[str, float]) -> float | None:
    values = [_one(part.strip(), units) for part in _normalised(text).split(";")]
    known = [value for value in values if value is not None]
    return min(known) if len(known) == len(values) else None


def _one(text: str, units: Mapping[str, float]) -> float | None:
    if "'" in units and (found := _FEET_AND_INCHES.fullmatch(text)):
        value = _number(found[1]) * units["ft"] + _number(found[2]) * units["in"]
    elif (found := _WITH_UNIT.fullmatch(text)) and (found[2] or "").strip().rstrip(".") in units:
        value = _number(found[1]) * units[(found[2] or "").strip().rstrip(".")]
    else:
        return None
    # 190 cm are 1.9 m, not 1.9000000000000001 m: limits are compared exactly.
    return round(value, 6) or None
