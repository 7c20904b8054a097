"""What a cell says: statuses, dates, numbers and lists as people write them; ValueError says what would be right."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import Final, Literal, TypeVar

from stroke_map.coordinates import BD_09, GCJ_02, WGS_84

DATE_EXAMPLE: Final = "year-month-day, such as 2026-12-31"
STATUS_EXAMPLE: Final = "yes | no | unknown (是, 否, 未知)"
NUMBER_EXAMPLE: Final = "a number, such as 45 or 1234.5"
CRS_EXAMPLE: Final = "WGS-84 | GCJ-02 | BD-09"

_T = TypeVar("_T", bound=str)


def _all(words: str, meaning: _T) -> dict[str, _T]:
    return dict.fromkeys(words.split(), meaning)


_STATUSES: Final[dict[str, Literal["yes", "no", "unknown"]]] = {
    **_all("是 有 能 可 具备 开展 已开展 有效 √ ✓ ✔ ☑ ✅ y yes true 1", "yes"),
    **_all("否 无 没有 不能 不具备 未开展 × ✗ ✘ x ☒ ❌ n no false 0", "no"),
    **_all("未知 不详 不明 待定 待确认 不清楚 ? unknown u n/a na", "unknown"),
}
_SYSTEMS: Final = {
    **_all("wgs84 wgs1984 gps epsg4326 4326 cgcs2000 天地图 国家2000 国家大地2000 openstreetmap osm", WGS_84),
    **_all("gcj02 gcj 火星 火星坐标 火星坐标系 国测局 高德 高德地图 腾讯 腾讯地图 amap tencent", GCJ_02),
    **_all("bd09 bd09ll 百度 百度地图 百度坐标 百度坐标系 baidu", BD_09),
}
# 2026-12-31, 2026/12/31, 2026.12.31, 2026年12月31日, each with or without a time of midnight behind it.
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]0?0:00(?::00)?(?:\.0+)?)?", re.ASCII
)
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
# Excel counts days from here (its 1900 has a 29 February, so 1 March 1900 is day 61). A smaller number is no date
# anybody meant: 2026 is a year, 45 a count.
_DAY_0 = date(1899, 12, 30)
_SERIALS = range((date(1990, 1, 1) - _DAY_0).days, (date(2100, 1, 1) - _DAY_0).days)
_1904_IS_LATER_BY: Final = 1462


def tidy_value(text: str) -> str:
    """Half-width, without white space (no-break and full-width spaces too) around it."""
    return unicodedata.normalize("NFKC", text).strip()


def read_status(text: str) -> Literal["yes", "no", "unknown"]:
    """Read `yes`, `no` or `unknown` in Chinese, English or ticks; blank is unknown."""
    tidied = tidy_value(text).casefold()
    if tidied not in _STATUSES and tidied:
        raise ValueError(f"is unknown; give {STATUS_EXAMPLE}")
    return _STATUSES[tidied] if tidied else "unknown"


def read_crs(text: str) -> str:
    """Read a coordinate system by its code or by whose map the coordinates were taken from."""
    system = _SYSTEMS.get(re.sub(r"[\s_-]", "", tidy_value(text)).casefold())
    if system is None:
        raise ValueError(f"is no coordinate system; give {CRS_EXAMPLE}")
    return system


def read_date(text: str) -> date:
    """Read a day: 2026-12-31, 2026/12/31, 2026年12月31日, 20261231, or Excel's number for it (46387).

    Numbers are those of the 1900 system; see `serial_day` for workbooks of the other.
    """
    tidied = tidy_value(text)
    found = _DATE.fullmatch(tidied) or _COMPACT_DATE.fullmatch(tidied)
    try:
        if found:
            return date(*map(int, found.groups()))
        day = serial_day(float(tidied)) if re.fullmatch(r"\d{5}(\.0+)?", tidied, re.ASCII) else None
    except ValueError:
        raise ValueError(f"is a day no calendar has; give {DATE_EXAMPLE}") from None
    if day is None:
        raise ValueError(f"is no date; give {DATE_EXAMPLE}")
    return day


def serial_day(number: float, *, epoch_1904: bool = False) -> date | None:
    """Turn Excel's number of a day into the day, None where it is none between 1990 and 2099; hours are cut off."""
    days = int(number) + (_1904_IS_LATER_BY if epoch_1904 else 0)
    return _DAY_0 + timedelta(days) if days in _SERIALS else None


def read_number(text: str) -> float:
    """Read a finite number; full-width digits and thousands in groups (1,234.5) are understood."""
    tidied = tidy_value(text)
    if _THOUSANDS.fullmatch(tidied):
        tidied = tidied.replace(",", "")
    # float() would also take 1_0, infinity and digits of any script.
    if not _NUMBER.fullmatch(tidied):
        raise ValueError(f"is no number; give {NUMBER_EXAMPLE}")
    number = float(tidied)
    if abs(number) == float("inf"):
        raise ValueError(f"is too large a number; give {NUMBER_EXAMPLE}")
    return number


def read_whole(text: str) -> int:
    """Read a number without a fraction; 12.0 is 12."""
    number = read_number(text)
    if number != int(number):
        raise ValueError("is no whole number; give one such as 45")
    return int(number)


def read_list(text: str) -> list[str]:
    """Split what stands with `;` between (、 and ； are understood), blanks left out."""
    return [part.strip() for part in re.split(r"[;；、\n]", text) if part.strip()]
