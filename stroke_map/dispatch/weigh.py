"""Which hospitals, in which order, for this patient: the protocol decides, here it is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from stroke_map.dispatch.choose import Choice, Ranked
from stroke_map.dispatch.patient import options, reach
from stroke_map.protocols.deciding import decide
from stroke_map.protocols.question import StrokeQuestion
from stroke_map.protocols.texts import Notice, Text

if TYPE_CHECKING:
    from stroke_map.dispatch.choose import Asked
    from stroke_map.dispatch.starts import Begin
    from stroke_map.protocols.decision import Decision
    from stroke_map.protocols.decision import Ranked as Weighed
    from stroke_map.protocols.predict import Plan
    from stroke_map.protocols.question import PatientQuestion


_SETTINGS: Final = {"urban": "城区", "suburban": "近郊", "rural": "农村"}


def weigh(asked: Asked, begin: Begin, patient: PatientQuestion) -> Choice:
    """The hospitals as the protocol of the edition ranks them for a patient.

    Raises
    ------
    NoCapableHospitalError
        No hospital that a road leads to can treat this, or may be able to.
    """
    reached = reach(asked, begin)
    patient, assumed = _with_setting(asked, patient)
    decision = decide(patient, options(asked, reached), asked.prepared.protocols[asked.question.condition])
    decision = replace(decision, warnings=(*decision.warnings, *assumed))
    columns = [asked.prepared.column[weighed.hospital] for weighed in decision.ranking]
    ranked = [
        Ranked(weighed.class_, column, int(reached.cost_ms[column]))
        for weighed, column in zip(decision.ranking, columns, strict=True)
    ]
    arrival_s = asked.leaves_s + 60 * reached.finite_min
    return Choice(ranked, begin, reached.cost_ms, asked.classes(arrival_s), arrival_s, decision)


def _with_setting(asked: Asked, patient: PatientQuestion) -> tuple[PatientQuestion, tuple[Notice, ...]]:
    """The patient in a place of which it is known what it is like, from the roads where nobody said so."""
    if not isinstance(patient, StrokeQuestion) or patient.setting is not None:
        return patient, ()
    setting = asked.prepared.road_density.setting(asked.question.lat, asked.question.lon, asked.settings)
    zh, en = f"按周围道路密度视为{_SETTINGS[setting]}", f"taken as {setting}, by the roads around"
    return patient.model_copy(update={"setting": setting}), (Notice("setting-from-roads", "note", Text(zh, en)),)


def decision_json(decision: Decision) -> dict[str, Any]:
    """The rule that chose, what it rests on, and what would be decided otherwise."""
    advised, place, signature = decision.advised, decision.ecg_place, decision.protocol
    return {
        "strategy": decision.strategy,
        "rule": decision.rule,
        "text": _text(decision.text),
        "clock": decision.clock,
        "next_hospital": decision.next_hospital,
        "rests_on": list(decision.rests_on),
        "advised": None
        if advised is None
        else {
            "rule": advised.rule,
            "hospital": advised.hospital,
            "doubtful": list(advised.doubtful),
            "text": _text(advised.text),
        },
        "if_ecg": [
            {"ecg": each.ecg, "rule": each.rule, "hospital": each.hospital, "text": _text(each.text)}
            for each in decision.if_ecg
        ],
        "ecg_place": None
        if place is None
        else {"hospital": place.hospital, "travel_time_s": _seconds(place.travel_min)},
        "protocol": {
            "version": signature.version,
            "local_version": signature.local_version,
            "signed_by": signature.signed_by,
            "signed_on": signature.signed_on.isoformat() if signature.signed_on else None,
            "sha256": signature.sha256,
        },
    }


def predicted_json(weighed: Weighed) -> dict[str, Any]:
    """When treatment would begin at one hospital, on the clock of the decision, and whose figures these are."""
    times = weighed.times
    return {
        "needle_min": _minutes(times.needle_min),
        "needle_source": times.needle_source,
        "puncture_min": _minutes(times.puncture_min),
        "puncture_source": times.puncture_source,
        "wire_min": _minutes(times.wire_min),
        "wire_source": times.wire_source,
        "onward": None if times.onward is None else _onward(times.onward),
        "expected_outcome": None if weighed.expected_outcome is None else round(weighed.expected_outcome, 4),
        "outcome_tie": weighed.outcome_tie,
        "reasons": [_text(reason) for reason in weighed.reasons],
    }


def notice_json(notice: Notice) -> dict[str, Any]:
    """A warning of the protocol, in the shape of every other."""
    return {"code": notice.code, "severity": notice.severity, "text": _text(notice.text)}


def _onward(plan: Plan) -> dict[str, Any]:
    return {
        "hospital": plan.hospital,
        "agreed": plan.agreed,
        "leaves_min": _minutes(plan.leaves_min),
        "arrives_min": _minutes(plan.arrives_min),
        "puncture_min": _minutes(plan.puncture_min),
        "angiography_min": None if plan.angiography_min is None else [_minutes(each) for each in plan.angiography_min],
        "leaving_source": plan.leaving_source,
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _minutes(minutes: float | None) -> float | None:
    return None if minutes is None else round(minutes, 1)


def _seconds(minutes: float) -> float:
    return round(minutes * 60, 1)
