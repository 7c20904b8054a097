"""The order of answers: into which class each hospital falls, so that nobody is left without one.

1 can, accredited, open at arrival; 2 the same, but the accreditation lapsed a short time ago or the edition itself is out of date;
3 can, but is closed: telephone first; 4 nobody knows. A hospital that cannot is in no class; nor is a township or village unit of
which nobody knows: a telephone call may settle it for a hospital, but a unit is no destination unless somebody vouches for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.registry import is_open
from stroke_map.registry.hours import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from stroke_map.registry import Hospital

VALID, LAPSED, CLOSED, UNKNOWN, NEVER = 1, 2, 3, 4, 9
_STATUS: Final = {"no": 0, "unknown": 1, "yes": 2}


@dataclass(frozen=True)
class CapabilityTable:
    """One capability of every hospital, as arrays.

    Attributes
    ----------
    status
        int8[H]: 0 no, 1 unknown, 2 yes.
    begins, ends
        float64[H] seconds since 1970: from the beginning of the first to the end of the last day of accreditation.
    timed
        (column, hours) of those that are not always open.
    unsaid
        int8[H]: the class where nobody vouches for it: 4, and none for a unit.
    """

    status: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    timed: tuple[tuple[int, str], ...]
    unsaid: np.ndarray


def end_of_day_s(day: date, zone: ZoneInfo) -> float:
    """Seconds since 1970 at which a day is over; infinite for 9999-12-31, which people write for "no end"."""
    if day == date.max:
        return math.inf
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=zone).timestamp()


def capability_table(hospitals: Sequence[Hospital], name: str, zone: ZoneInfo) -> CapabilityTable:
    """Read one capability of every hospital."""
    said = [hospital.capabilities[name] for hospital in hospitals]
    midnight = time(0, tzinfo=zone)
    return CapabilityTable(
        status=np.array([_STATUS[c.status] for c in said], dtype=np.int8),
        begins=np.array(
            [datetime.combine(c.valid_from, midnight).timestamp() if c.valid_from else -np.inf for c in said]
        ),
        ends=np.array([end_of_day_s(c.valid_until, zone) if c.valid_until else np.inf for c in said]),
        timed=tuple((i, c.hours) for i, c in enumerate(said) if c.status == "yes" and c.hours != ALWAYS),
        unsaid=np.array([NEVER if hospital.kind == "unit" else UNKNOWN for hospital in hospitals], dtype=np.int8),
    )


def said_to_treat(hospital: Hospital, needs: Sequence[str]) -> bool | None:
    """Whether the list says that a hospital has any of these capabilities, whatever the hour; None: it does not know."""
    said = {hospital.capabilities[need].status for need in needs}
    return True if "yes" in said else None if "unknown" in said else False


def classify(
    tables: Sequence[CapabilityTable], arrival_s: np.ndarray, *, zone: ZoneInfo, grace_s: float, out_of_date: bool
) -> np.ndarray:
    """int8[H]: the class of every hospital at its own arrival time.

    Parameters
    ----------
    tables
        The capabilities asked for; the best class any of them gives counts.
    arrival_s
        float64[H] seconds since 1970; infinite where no road leads.
    grace_s
        How long after its end an accreditation still counts, marked.
    out_of_date
        Whether the edition itself is past its end.
    """
    best = np.full(len(arrival_s), NEVER, dtype=np.int8)
    for table in tables:
        able = table.status == 2
        # Not accredited yet, or no longer for long: nobody vouches for it, and nobody says it cannot.
        of_this = np.where(able | (table.status == 1), table.unsaid, np.int8(NEVER))
        vouched = able & (table.begins <= arrival_s)
        of_this[vouched & (arrival_s < table.ends + grace_s)] = LAPSED
        if not out_of_date:
            of_this[vouched & (arrival_s < table.ends)] = VALID
        for column, hours in table.timed:
            if of_this[column] < CLOSED and not is_open(hours, datetime.fromtimestamp(arrival_s[column], tz=zone)):
                of_this[column] = CLOSED
        np.minimum(best, of_this, out=best)
    return best
