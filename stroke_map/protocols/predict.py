"""When treatment would probably begin at a hospital, and whether that figure is the hospital's own.

All minutes are on the clock of the case: since onset or last known well; for chest pain since first contact or the ECG.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stroke_map.protocols.case import CAPABLE, class_for
from stroke_map.protocols.options import LAPSED, UNKNOWN
from stroke_map.protocols.question import NO_ST_ELEVATION, STEMI, ChestPainQuestion, StrokeQuestion

if TYPE_CHECKING:
    from stroke_map.protocols.case import Case
    from stroke_map.protocols.options import Onward, Option

#: Whose figure it is: the hospital's own median, the delay its partner told, the protocol's default, or a time that was reported.
Source = Literal["hospital", "partner", "protocol", "reported"]
_UROKINASE = "urokinase"


@dataclass(frozen=True, slots=True)
class Plan:
    """Going on to another hospital after the first drug.

    Attributes
    ----------
    hospital, agreed
        Where to, and whether it is an agreed partner.
    leaves_min, arrives_min
        When the patient leaves the first hospital, and reaches the second.
    puncture_min
        When thrombectomy would begin there; None for chest pain.
    angiography_min
        From when to when angiography follows the drug; None for a stroke.
    leaving_source
        Whose figure the delay until leaving is.
    """

    hospital: str
    agreed: bool
    leaves_min: float
    arrives_min: float
    puncture_min: float | None
    angiography_min: tuple[float, float] | None
    leaving_source: Source


@dataclass(frozen=True, slots=True)
class Times:
    """When treatment would begin, in minutes, and whose figure each is; None where it is not given there or cannot be said."""

    needle_min: float | None = None
    needle_source: Source | None = None
    puncture_min: float | None = None
    puncture_source: Source | None = None
    wire_min: float | None = None
    wire_source: Source | None = None
    onward: Plan | None = None


def arrival(case: Case, option: Option) -> float:
    """At the door. ValueError, as of every function here but `times`, where the clock is not known."""
    if case.elapsed_min is None:
        raise ValueError("neither onset nor last known well is known")
    return case.elapsed_min + option.travel_min


def needle_key(case: Case, option: Option) -> str | None:
    """The protocol's value behind the predicted needle; None where the hospital has its own median."""
    if isinstance(case.question, StrokeQuestion):
        return "door_to_needle" if option.medians.door_to_needle_min is None else None
    return "fibrinolysis_door_to_needle"


def puncture_key(case: Case, option: Option) -> str | None:
    """The protocol's value behind the predicted puncture; None where the hospital has its own median."""
    return _puncture_key(case, option, after_transfer=case.sent_on)


def _puncture_key(case: Case, option: Option, *, after_transfer: bool) -> str | None:
    own = option.medians.door_to_puncture_min
    if after_transfer and (own is None or own > case.protocol["door_to_puncture_transfer"]):
        return "door_to_puncture_transfer"
    return "door_to_puncture" if own is None else None


def needle(case: Case, option: Option) -> float:
    """Door to needle after arrival, whether or not the patient may have the drug."""
    own = option.medians.door_to_needle_min
    key = needle_key(case, option)
    return arrival(case, option) + (own if key is None and own is not None else case.protocol[key or "door_to_needle"])


def window(case: Case, option: Option) -> tuple[str, float]:
    """Until when this hospital's drug may be given: longer where it has urokinase and nothing else."""
    only_urokinase = bool(option.agents) and set(option.agents) == {_UROKINASE}
    key = "urokinase_window" if only_urokinase else "thrombolysis_window"
    return key, case.protocol[key]


def puncture(case: Case, option: Option) -> float:
    """Door to puncture after arrival; after a transfer imaging is done, and no hospital is slower than when it has yet to be."""
    return arrival(case, option) + _door_to_puncture(case, option, after_transfer=case.sent_on)


def _door_to_puncture(case: Case, option: Option, *, after_transfer: bool) -> float:
    own, key = option.medians.door_to_puncture_min, _puncture_key(case, option, after_transfer=after_transfer)
    return own if key is None and own is not None else case.protocol[key or "door_to_puncture"]


def wire_key(option: Option) -> str | None:
    """The protocol's value behind the predicted wire; None where the hospital has its own median."""
    return "door_to_wire" if option.medians.door_to_wire_min is None else None


def wire(case: Case, option: Option) -> float:
    """Door to wire after arrival."""
    own = option.medians.door_to_wire_min
    return arrival(case, option) + (case.protocol["door_to_wire"] if own is None else own)


def plan(case: Case, option: Option) -> Plan | None:
    """The hospital to go on to that treats soonest: by road, and by how soon the patient leaves; of two as soon the agreed partner."""
    is_stroke = isinstance(case.question, StrokeQuestion)
    needs = ("thrombectomy",) if is_stroke else ("primary_pci",)
    given, at = needle(case, option), arrival(case, option)
    best: tuple[float, bool, str, float, float, Source] | None = None
    for onward in option.onward:
        target = case.places.get(onward.hospital)
        if target is None or target is option or target.kind != "hospital" or class_for(target, needs) > LAPSED:
            continue
        leaves, source = (
            _leaving(case, option, onward, at, given) if is_stroke else _leaving_at_once(option, onward, given)
        )
        arrives = leaves + onward.travel_min
        treated = arrives + _door_to_puncture(case, target, after_transfer=True) if is_stroke else arrives
        this = (treated, not onward.agreed, onward.hospital, leaves, arrives, source)
        best = this if best is None else min(best, this)
    if best is None:
        return None
    treated, strange, hospital, leaves, arrives, source = best
    since = (
        None if is_stroke else (given + case.protocol["angiography_from"], given + case.protocol["angiography_until"])
    )
    return Plan(hospital, not strange, leaves, arrives, treated if is_stroke else None, since, source)


def _leaving(case: Case, option: Option, onward: Onward, at: float, given: float) -> tuple[float, Source]:
    """Door in, door out: the hospital's own median; else the partner's delay after the drug; else the protocol's. Never before the drug."""
    own = option.medians.door_in_door_out_min
    if own is not None:
        return max(at + own, given), "hospital"
    if onward.transfer_delay_min is not None:
        return given + onward.transfer_delay_min, "partner"
    return max(at + case.protocol["door_in_door_out"], given), "protocol"


def _leaving_at_once(option: Option, onward: Onward, given: float) -> tuple[float, Source]:
    """After fibrinolysis a patient leaves at once, or when the partner's usual delay is over.

    Where that is known of one and not of another, nobody is thought to leave sooner for the other: a partner that tells its delay
    would lose the patient to one that does not.
    """
    delay = onward.transfer_delay_min
    if delay is None:
        delay = max((o.transfer_delay_min for o in option.onward if o.transfer_delay_min is not None), default=None)
    return (given, "protocol") if delay is None else (given + delay, "partner")


def times(case: Case, option: Option) -> Times:
    """Every time that can be predicted for a patient taken there first."""
    if case.elapsed_min is None:
        return Times()
    if isinstance(case.question, StrokeQuestion):
        return _stroke_times(case, case.question, option)
    return _chest_pain_times(case, case.question, option)


def _stroke_times(case: Case, question: StrokeQuestion, option: Option) -> Times:
    needle_min: float | None = None
    needle_source: Source | None = None
    if question.needle_at is not None and case.elapsed_min is not None:
        until_leaving = (question.now - question.needle_at).total_seconds() / 60 + question.departure_min
        needle_min, needle_source = case.elapsed_min - until_leaving, "reported"
    elif may_have_drug(question) and _gives(case, option, "thrombolysis"):
        needle_min, needle_source = needle(case, option), _source(needle_key(case, option))
    if _gives(case, option, "thrombectomy"):
        return Times(needle_min, needle_source, puncture(case, option), _source(puncture_key(case, option)))
    onward = plan(case, option)
    if onward is None:
        return Times(needle_min, needle_source)
    key = _puncture_key(case, case.places[onward.hospital], after_transfer=True)
    source = onward.leaving_source if key is None else _source(key)
    return Times(needle_min, needle_source, onward.puncture_min, source, onward=onward)


def _chest_pain_times(case: Case, question: ChestPainQuestion, option: Option) -> Times:
    if question.suspected_dissection or question.ecg == NO_ST_ELEVATION:
        return Times()
    if _gives(case, option, "primary_pci"):
        return Times(wire_min=wire(case, option), wire_source=_source(wire_key(option)))
    if _gives(case, option, "fibrinolysis") and may_have_lysis(question):
        return Times(needle(case, option), "protocol", onward=plan(case, option))
    return Times()


def _gives(case: Case, option: Option, name: str) -> bool:
    """Whether to reckon with a treatment at a hospital: it is known to be had there, or nothing is and one has to telephone anyhow.

    A hospital that gives the drug is not credited with a thrombectomy or a cath lab that is closed, or of which nobody knows.
    """
    class_ = class_for(option, (name,))
    return class_ <= LAPSED or (class_ <= UNKNOWN and class_for(option, CAPABLE[case.question.condition]) > LAPSED)


def may_have_drug(question: StrokeQuestion) -> bool:
    """Whether nothing is known that forbids thrombolysis of a stroke; the windows are another question."""
    return "yes" not in (question.thrombolysis_contraindication, question.anticoagulant) and question.needle_at is None


def may_have_lysis(question: ChestPainQuestion) -> bool:
    """Whether fibrinolysis of an infarction is known to be right but for its delay."""
    return question.ecg == STEMI and question.lysis_contraindication != "yes" and not question.suspected_dissection


def _source(key: str | None) -> Source:
    return "hospital" if key is None else "protocol"
