"""What is measured of cases: how long it took, who was brought where, who acknowledged; plain values, no clock and no database.

A case is a set of marks, and marks are counted: by month, condition, hospital, measure and value. So a case that is deleted leaves
its counts, and medians and shares are the same before and after.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from stroke_map.live.cases import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

#: Of fewer cases than this a median or a share says little, and whoever reads it is told.
FEW: Final = 5
#: What was done to a patient, by the moment that is told of it.
TREATMENTS: Final = ("needle", "puncture", "wire")
#: From the alert until the first team had acknowledged, and until every team had; seconds.
ACKNOWLEDGED: Final = ("first_acknowledged", "all_acknowledged")


class Mark(NamedTuple):
    """One thing measured of one case.

    Attributes
    ----------
    month
        Of the case's beginning, "2026-05".
    value
        Of one of `INTERVALS` minutes, a begun one counting whole, so that "within 60 minutes" is exact; of one of `ACKNOWLEDGED`
        seconds; 0 of what is merely counted.
    """

    month: str
    condition: str
    hospital_id: str
    measure: str
    value: int


@dataclass(frozen=True, kw_only=True)
class Alerted:
    """An alert of a case: to whom, when, which teams it called, when each first acknowledged, and whether the hospital diverted it."""

    hospital_id: str
    created_at: datetime
    teams: tuple[str, ...]
    acknowledged: Mapping[str, datetime] = field(default_factory=dict)
    diverted: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is measured of a case, and nothing of the patient.

    Attributes
    ----------
    capable
        Whether the list says that the hospital can treat it, None where it does not know.
    """

    month: str
    condition: str
    hospital_id: str
    overridden: bool = False
    capable: bool | None = None
    timeline: Mapping[str, datetime] = field(default_factory=dict)
    alerts: tuple[Alerted, ...] = ()


def figures_of(facts: Facts) -> dict[str, int]:
    """Each of the older figures that a case has, with its seconds (0 for a mere count).

    A time that would be negative is a slip of the pen and no figure.
    """
    figures = {"cases": 0}
    if facts.overridden:
        figures["overridden"] = 0
    if any(alert.diverted for alert in facts.alerts):
        figures["diverted"] = 0
    for name, (first, last) in INTERVALS.items():
        if first in facts.timeline and last in facts.timeline:
            seconds = (facts.timeline[last] - facts.timeline[first]).total_seconds()
            if seconds >= 0:
                figures[name] = round(seconds)
    return figures


def marks_of(facts: Facts) -> Iterator[Mark]:
    """All that is measured of a case. What was acknowledged or diverted is the hospital's to which that alert went."""

    def mark(measure: str, value: int = 0, hospital_id: str = facts.hospital_id) -> Mark:
        return Mark(facts.month, facts.condition, hospital_id, measure, value)

    for measure, seconds in figures_of(facts).items():
        yield mark(measure, ceil(seconds / 60))
    if "door" in facts.timeline:
        yield mark("delivered")
        if facts.capable is None:
            yield mark("delivered_unsaid")
        elif facts.capable:
            yield mark("delivered_capable")
    for treatment in TREATMENTS:
        if treatment in facts.timeline:
            yield mark(treatment)
    for alert in facts.alerts:
        for measure, value in _of_alert(alert):
            yield mark(measure, value, alert.hospital_id)


def _of_alert(alert: Alerted) -> Iterator[tuple[str, int]]:
    """What is measured of an alert: measures and values."""
    yield "alerts", 0
    if alert.diverted:
        yield "diversions", 0
    waited = [alert.acknowledged[team] - alert.created_at for team in alert.teams if team in alert.acknowledged]
    waited_s = [max(0, ceil(wait.total_seconds())) for wait in waited]
    if waited_s:
        yield "first_acknowledged", min(waited_s)
    if waited_s and len(waited_s) == len(alert.teams):
        yield "all_acknowledged", max(waited_s)
