"""Who may be given, stated again: hours, accreditation and what hospitals say of themselves, hospital by hospital and need by need."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from stroke_map.live.statuses import HospitalStatus
    from stroke_map.registry import Hospital

VALID, LAPSED, CLOSED, UNKNOWN, NONE = 1, 2, 3, 4, 9
SENSIBLE: Final = {
    "stroke": ("thrombolysis", "thrombectomy", "ct"),
    "chest_pain": ("primary_pci", "fibrinolysis", "cardiac_surgery", "ct"),
}
USUAL: Final = {"stroke": ("thrombolysis",), "chest_pain": ("primary_pci", "fibrinolysis")}
#: By the kind of status, the needs that it takes away; the others are telephoned first.
LOST: Final = {
    "ct_down": ("thrombolysis", "thrombectomy", "ct"),
    "cath_lab_down": ("primary_pci", "thrombectomy"),
    "diversion": (),
    "full": (),
}
EARLIER: Final = timedelta(minutes=5)
STILL_SHOWN: Final = timedelta(hours=12)
_DAYS: Final = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
_DAY, _WEEK = 1440, 10_080
_SPAN = r"\d\d:\d\d-\d\d:\d\d"
_HOURS: Final = re.compile(rf"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))? ({_SPAN}(?:,{_SPAN})*)")


def is_within(text: str, local: datetime) -> bool:
    """Whether hours such as `Mo-Fr 08:00-12:00,14:00-20:00` hold at a local time; those this oracle does not read are a ValueError."""
    if text == "24/7":
        return True
    found = _HOURS.fullmatch(text)
    if found is None:
        raise ValueError(f"the oracle cannot read the hours {text!r}")
    first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
    minute = local.weekday() * _DAY + local.hour * 60 + local.minute
    for span in found[3].split(","):
        begins, ends = (int(end[:2]) * 60 + int(end[3:]) for end in span.split("-"))
        length = (ends - begins) % _DAY or _DAY
        days = [(first + more) % 7 for more in range((last - first) % 7 + 1)]
        if any((minute - day * _DAY - begins) % _WEEK < length for day in days):
            return True
    return False


def day_ends(day: date, zone: ZoneInfo) -> float:
    """Seconds since 1970 when a day is over; the last of all days never is."""
    if day == date.max:
        return math.inf
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=zone).timestamp()


def class_of(
    hospital: Hospital,
    needs: Sequence[str],
    arrives_s: float,
    statuses: Iterable[HospitalStatus],
    *,
    zone: ZoneInfo,
    grace_days: int,
    edition_over: bool,
) -> int:
    """The class of one hospital for a patient who arrives then and needs one of `needs`: the best that one of them gives."""
    found = NONE
    for need in needs:
        usual = _usual_class(hospital, need, arrives_s, zone, grace_days, edition_over=edition_over)
        for status in statuses:
            if holds(status, hospital, arrives_s):
                usual = NONE if need in LOST[status.kind] else usual
                usual = max(usual, CLOSED) if status.kind in {"diversion", "full"} else usual
        found = min(found, usual)
    return found


def holds(status: HospitalStatus, hospital: Hospital, arrives_s: float) -> bool:
    """Whether a status is of this hospital, and of the moment of arrival."""
    if status.hospital_id != hospital.id or status.ended_at is not None:
        return False
    return (status.created_at - EARLIER).timestamp() <= arrives_s < status.until.timestamp()


def _usual_class(
    hospital: Hospital, need: str, arrives_s: float, zone: ZoneInfo, grace_days: int, *, edition_over: bool
) -> int:
    said = hospital.capabilities[need]
    if said.status == "no":
        return NONE
    unsaid = NONE if hospital.kind == "unit" else UNKNOWN
    if said.status == "unknown":
        return unsaid
    begin = said.valid_from and datetime(said.valid_from.year, said.valid_from.month, said.valid_from.day, tzinfo=zone)
    if begin and arrives_s < begin.timestamp():
        return unsaid
    ends_s = day_ends(said.valid_until, zone) if said.valid_until else math.inf
    if arrives_s >= ends_s + grace_days * 86_400:
        return unsaid
    if not is_within(said.hours, datetime.fromtimestamp(arrives_s, tz=zone)):
        return CLOSED
    return LAPSED if arrives_s >= ends_s or edition_over else VALID
