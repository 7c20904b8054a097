"""The hospitals as one patient would find them: roads, registry and hours, in the words of the protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.dispatch.classes import CLOSED, LAPSED, UNKNOWN, VALID
from stroke_map.dispatch.classes import NEVER as INCAPABLE
from stroke_map.dispatch.drive import find_every_time
from stroke_map.editions.current import CurrentRanking
from stroke_map.live.statuses import TELEPHONE_FIRST
from stroke_map.protocols.options import Medians, Onward, Option, OptionLevel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.dispatch.choose import Asked
    from stroke_map.dispatch.starts import Begin
    from stroke_map.dispatch.transfers import Leg
    from stroke_map.protocols.options import Standing
    from stroke_map.registry import Hospital

#: What a protocol may ask of a hospital.
_LOOKED_AT: Final = (
    "thrombolysis", "thrombectomy", "primary_pci", "fibrinolysis", "cardiac_surgery", "emergency", "ct", "ct_angiography",
    "advanced_imaging", "ecg", "remote_ecg",
)  # fmt: skip
#: In the status of a capability table.
_YES: Final = 2
_STANDINGS: Final[dict[int, Standing]] = {VALID: "yes", LAPSED: "lapsed", CLOSED: "closed", UNKNOWN: "unknown"}
#: By class.
_WORDS: Final = np.array([_STANDINGS.get(class_, "no") for class_ in range(INCAPABLE + 1)], dtype=object)
#: The drug that is given first, and the treatment for which one is sent on.
_FIRST_THEN: Final = {"stroke": ("thrombolysis", "thrombectomy"), "chest_pain": ("fibrinolysis", "primary_pci")}


@dataclass(frozen=True, slots=True)
class Reached:
    """The drive to every hospital: float64[H] minutes by the clock, infinite where no road leads; int64[H] cost in milliseconds."""

    travel_min: np.ndarray
    cost_ms: np.ndarray

    @property
    def finite_min(self) -> np.ndarray:
        """float64[H]: the same, 0 where no road leads, so that every hospital has an hour of arrival."""
        return np.where(np.isfinite(self.travel_min), self.travel_min, 0.0)


def reach(asked: Asked, begin: Begin) -> Reached:
    """Drive to each hospital, exactly."""
    time_ms, cost_ms = find_every_time(asked.roads, begin.starts)
    return Reached(time_ms / 60_000, cost_ms)


def options(asked: Asked, reached: Reached) -> list[Option]:
    """Every hospital a road leads to, with what it can do when the patient arrives and where it can send him on to."""
    minutes = reached.finite_min
    arrival_s = asked.leaves_s + 60.0 * minutes
    standing = {name: asked.classes_for((name,), arrival_s) for name in _LOOKED_AT}
    hospitals = asked.edition.hospitals
    asking = asked.question.from_hospital
    # Whole columns at once: a thousand lookups for a hundred hospitals took a tenth of an answer.
    words = zip(*(_WORDS[classes].tolist() for classes in standing.values()), strict=True)
    able = [dict(zip(_LOOKED_AT, each, strict=True)) for each in words]
    partners = {p.id for p in hospitals[asked.prepared.column[asking]].transfer_partners} if asking else set()
    return [
        Option(
            hospital=hospitals[column].id,
            travel_min=float(minutes[column]),
            capabilities=able[column],
            class_=_class(asked, column, float(arrival_s[column])),
            agents=hospitals[column].capabilities["thrombolysis"].agents,
            kind=hospitals[column].kind,
            level=_level(hospitals[column], asked.question.condition),
            medians=_medians(hospitals[column]),
            agreed=hospitals[column].id in partners,
            onward=_onward(asked, column, float(minutes[column]), standing),
        )
        for column in np.flatnonzero(np.isfinite(reached.travel_min)).tolist()
    ]


def _class(asked: Asked, column: int, arrival_s: float) -> int:
    """The class of a hospital as a whole: one that is diverted or full is telephoned first, whatever it can do."""
    said = [] if asked.statuses is None else asked.statuses.of(column, arrival_s)
    return CLOSED if any(status.kind in TELEPHONE_FIRST for status in said) else VALID


def _onward(asked: Asked, column: int, travel_min: float, standing: dict[str, np.ndarray]) -> tuple[Onward, ...]:
    """Where a hospital that gives the drug, but cannot do what may have to follow, can send on to."""
    drug, then = _FIRST_THEN[asked.question.condition]
    if standing[drug][column] > UNKNOWN or standing[then][column] <= LAPSED:
        return ()
    hospital = asked.edition.hospitals[column]
    agreed = {asked.prepared.column[p.id]: p for p in hospital.transfer_partners if p.id in asked.prepared.column}
    # A stay that nobody tells of counts as none: it hardly moves the hour by which a department closes.
    leaves_s = asked.leaves_s + 60.0 * (travel_min + _stay_min(hospital))
    return tuple(
        Onward(
            hospital=asked.edition.hospitals[leg.column].id,
            travel_min=leg.travel_min,
            agreed=leg.column in agreed,
            transfer_delay_min=agreed[leg.column].transfer_delay_min if leg.column in agreed else None,
        )
        for leg in _legs(asked, column, then, leaves_s, tuple(agreed))
    )


def _legs(asked: Asked, column: int, then: str, leaves_s: float, partners: tuple[int, ...]) -> tuple[Leg, ...]:
    """The drives to those that can do what follows when the patient, who leaves at `leaves_s` seconds since 1970, comes there."""
    transfers = asked.roads.transfers
    there_ms = transfers.times_ms(column)
    at_s = leaves_s + np.where(np.isfinite(there_ms), there_ms / 1000, 0.0)
    wanted, unsure = asked.classes_for((then,), at_s) <= LAPSED, np.zeros(len(at_s), dtype=bool)
    if isinstance(asked.roads.ranking, CurrentRanking):
        # A bound may be hours too early: those that may be able by then are driven to, and left out if they are not.
        unsure[asked.columns_that_hang_on_the_hour((then,), leaves_s, at_s)] = True
        wanted |= unsure & (asked.prepared.capabilities[then].status == _YES)
    while True:
        legs = transfers.legs(column, wanted, partners)
        doubtful = [leg for leg in legs if unsure[leg.column]]
        for leg in doubtful:
            at_s[leg.column] = leaves_s + 60.0 * leg.travel_min
        late = _unable(asked, then, at_s, doubtful)
        if not late:
            return legs
        wanted[late] = False


def _unable(asked: Asked, then: str, at_s: np.ndarray, legs: Sequence[Leg]) -> list[int]:
    """The hospitals at the end of `legs` that cannot do it when one comes there."""
    if not legs:
        return []
    able = asked.classes_for((then,), at_s) <= LAPSED
    return [leg.column for leg in legs if not able[leg.column]]


def _stay_min(hospital: Hospital) -> float:
    return hospital.figures.door_in_door_out_min or 0.0


def _medians(hospital: Hospital) -> Medians:
    told = hospital.figures
    return Medians(
        door_to_needle_min=told.door_to_needle_min,
        door_to_puncture_min=told.door_to_puncture_min,
        door_in_door_out_min=told.door_in_door_out_min,
        door_to_wire_min=told.door_to_wire_min,
    )


def _level(hospital: Hospital, condition: str) -> OptionLevel | None:
    level = hospital.levels.get(condition)
    return None if level is None else OptionLevel(level.scheme, level.level, level.valid_until)
