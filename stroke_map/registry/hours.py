"""When a capability is there: `24/7`, or an OpenStreetMap opening_hours text.

The syntax is https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification, evaluated by opening-hours-py.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, validate

if TYPE_CHECKING:
    from datetime import datetime

ALWAYS: Final = "24/7"
HOURS_EXAMPLE: Final = "24/7, or opening hours such as Mo-Fr 08:00-18:00"

# What Chinese lists write for 24/7, which the opening_hours syntax does not know.
_SAID_FOR_ALWAYS = re.compile(
    r"(24|二十四)\s*(小时|h|hours?)\s*(全天|开放|值班|服务)?|(全年)?全天(候|24小时|开放)?", re.IGNORECASE
)
_CHINESE_WEEKDAYS = dict(zip("一二三四五六日天", ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "Su"), strict=True))
_CHINESE_WEEKDAY = re.compile(f"(?:周|星期)([{''.join(_CHINESE_WEEKDAYS)}])")
_PUBLIC_HOLIDAY = re.compile(r"\b(PH|SH)\b")
_MAX_CHARACTERS = 255  # the longest value an OpenStreetMap tag can have


def tidy_hours(text: str) -> str:
    """Bring hours to the one form that is stored: `24/7` for 24小时 and 全天, half-width digits, single spaces.

    Raises
    ------
    ValueError
        Hours nobody could evaluate, with what would be right.
    """
    if text == ALWAYS:
        return text
    tidied = " ".join(unicodedata.normalize("NFKC", text).split())
    if not tidied or _SAID_FOR_ALWAYS.fullmatch(tidied):
        return ALWAYS
    tidied = _CHINESE_WEEKDAY.sub(lambda found: _CHINESE_WEEKDAYS[found[1]], tidied)
    tidied = re.sub(r"(?<=\d)\s*[~至]\s*(?=\d)|(?<=[a-z])[~至](?=[A-Z])", "-", tidied)
    parse_hours(tidied)
    return tidied


@lru_cache(maxsize=4096)
def parse_hours(text: str) -> OpeningHours:
    """Parse hours in their stored form (see `tidy_hours`); each text only once.

    Raises
    ------
    ValueError
        Hours nobody could evaluate, with what would be right.
    """
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"hours of over {_MAX_CHARACTERS} characters cannot be read; give {HOURS_EXAMPLE}")
    if not validate(text):
        raise ValueError(f"hours that cannot be read; give {HOURS_EXAMPLE}")
    # Looking no further than a year keeps hostile texts cheap; the library would guess country and timezone.
    return OpeningHours(text, auto_country=False, auto_timezone=False, max_interval_days=366)


def hours_caution(text: str) -> str | None:
    """Say what of readable hours will not be evaluated as written: public and school holidays; None where all will."""
    found = _PUBLIC_HOLIDAY.search(text)
    if found is None:
        return None
    return f"holidays ({found[1]}) are not known here: they count as ordinary days"


def is_open(text: str, when: datetime) -> bool:
    """Tell whether a capability with these hours is there.

    Parameters
    ----------
    text
        Hours in their stored form.
    when
        The moment in the hospital's own timezone, as a `zoneinfo.ZoneInfo` datetime: opening hours are local, and a
        fixed offset names no place.

    Returns
    -------
    bool
        False also where the hours themselves say "unknown".

    Raises
    ------
    TypeError
        A datetime that is naive or of another timezone class.
    ValueError
        Unreadable hours.
    """
    if not isinstance(when.tzinfo, ZoneInfo):
        raise TypeError("give a datetime of the hospital's timezone: when.astimezone(ZoneInfo('Asia/Shanghai'))")
    return text == ALWAYS or parse_hours(text).is_open(when)
