"""One patient, one answer. Pure: no clock, no files; the same question and options give the same answer in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stroke_map.errors import NoCapableHospitalError
from stroke_map.protocols import chest_pain, stroke
from stroke_map.protocols.case import Case, Finding, class_for
from stroke_map.protocols.decision import Advice, Decision, IfEcg, Place, Signature
from stroke_map.protocols.notices import notices
from stroke_map.protocols.options import LAPSED
from stroke_map.protocols.question import NO_ST_ELEVATION, NOT_DONE, STEMI, StrokeQuestion
from stroke_map.protocols.ranking import capable_of, nearest_of, order, rank
from stroke_map.protocols.settling import settle
from stroke_map.protocols.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stroke_map.protocols.decision import Ranked
    from stroke_map.protocols.options import Option
    from stroke_map.protocols.protocol import Protocol
    from stroke_map.protocols.question import PatientQuestion

_EMERGENCY: Final = ("emergency",)
_ECG: Final = ("ecg", "remote_ecg")
_WANTS_ECG: Final = ("ecg-first", "nearest")
_GO_ON: Final = ("drip-and-ship", "fibrinolysis-then-pci")


def decide(question: PatientQuestion, options: Iterable[Option], protocol: Protocol) -> Decision:
    """Which hospital for this patient, why, and what every other choice costs.

    Parameters
    ----------
    question
        See `read_question`. What it contradicts is settled and named in the warnings.
    options
        Every place a road leads to, each once; the order does not matter.
    protocol
        The one in force for the question's condition.

    Raises
    ------
    NoCapableHospitalError
        None of the options can treat this, nor may be able to.
    ValueError
        The protocol is for another condition, or a hospital stands twice.
    """
    if question.condition != protocol.condition:
        raise ValueError(f"a question about {question.condition} and a protocol for {protocol.condition}")
    settled, named = settle(question, protocol)
    case = Case(settled, options, protocol)
    chosen, advice = _choose(case)
    chosen = _emergency_first(case, chosen)
    if chosen is None:
        raise NoCapableHospitalError(f"none of the options has {' or '.join(capable_of(case))}")
    if advice is not None and advice.hospital == chosen.option.hospital:
        advice = None
    advised = None if advice is None else case.places[advice.hospital]
    ranking = rank(case, chosen, advice, order(case, chosen, advised))
    rule = protocol.rules[chosen.rule]
    return Decision(
        condition=protocol.condition,
        strategy=rule.strategy,
        rule=chosen.rule,
        text=protocol.sentences[chosen.rule],
        clock=_clock(case),
        ranking=ranking,
        next_hospital=_next(chosen, ranking[0]),
        rests_on=chosen.rests_on,
        advised=advice,
        if_ecg=_if_ecg(case, protocol),
        ecg_place=_ecg_place(case, chosen),
        warnings=notices(case, chosen, advice, ranking[0], named),
        protocol=Signature(
            protocol.version, protocol.local_version, protocol.signed_by, protocol.signed_on, protocol.sha256
        ),
    )


def _choose(case: Case) -> tuple[Finding | None, Advice | None]:
    """The first finding that may decide, and the first that may not: a doubtful value does not overrule the nearest capable hospital."""
    capable = case.able(capable_of(case))
    advice: Advice | None = None
    question = case.question
    found = (
        stroke.findings(case, question) if isinstance(question, StrokeQuestion) else chest_pain.findings(case, question)
    )
    for finding in found:
        doubtful = tuple(key for key in finding.rests_on if key in case.protocol.doubtful)
        if not doubtful or (capable and finding.option is capable[0].option):
            return finding, advice
        advice = advice or _advice(finding, doubtful, case.protocol.named(doubtful))
    return None, None


def _advice(finding: Finding, doubtful: tuple[str, ...], values: Text) -> Advice:
    text = Text(
        f"规则 {finding.rule} 建议首选这家医院，但其依据的{values.zh}未经核实或签署",
        f"rule {finding.rule} would put it first, but rests on values that are neither verified nor signed ({values.en})",
    )
    return Advice(finding.rule, finding.option.hospital, doubtful, text)


def _emergency_first(case: Case, chosen: Finding | None) -> Finding | None:
    """An airway that is not secured, or an arrest, comes before any other rule; where to go on to stays in the answer.

    Not in a hospital that can see to it: nobody is driven elsewhere for that.
    """
    if case.in_hospital or not (case.question.airway_not_secured or case.question.arrest_in_progress):
        return chosen
    nearest = nearest_of(case.able(_EMERGENCY))
    if nearest is None:
        return chosen
    next_ = () if chosen is None else (chosen.option, *chosen.also)
    return Finding("airway", nearest.option, (_EMERGENCY,), also=next_)


def _clock(case: Case) -> str | None:
    question = case.question
    if case.elapsed_min is None:
        return None
    if isinstance(question, StrokeQuestion):
        return "last-known-well" if isinstance(question.onset, str) else "onset"
    return "ecg" if case.protocol.clock == "ecg" and question.ecg_at is not None else "first-contact"


def _next(chosen: Finding, first: Ranked) -> str | None:
    """Where to go on to: the stroke or chest-pain hospital after an emergency department, the second hospital after the drug."""
    if chosen.rule == "airway":
        others = [option.hospital for option in chosen.also[:1]]
        return next((hospital for hospital in others if hospital != chosen.option.hospital), None)
    if chosen.rule not in _GO_ON:
        return None
    return first.times.onward.hospital if first.times.onward else chosen.also[0].hospital


def _if_ecg(case: Case, protocol: Protocol) -> tuple[IfEcg, ...]:
    """What the answer would be for each ECG, as if it were written now."""
    question = case.question
    if isinstance(question, StrokeQuestion) or question.ecg != NOT_DONE or question.suspected_dissection:
        return ()
    answers = []
    for ecg in (STEMI, NO_ST_ELEVATION):
        finding, _ = _choose(case.asked(question.model_copy(update={"ecg": ecg, "ecg_at": question.now})))
        if finding is not None:
            answers.append(IfEcg(ecg, finding.rule, finding.option.hospital, protocol.sentences[finding.rule]))
    return tuple(answers)


def _ecg_place(case: Case, chosen: Finding) -> Place | None:
    """The nearest place, nearer than the first choice, where an ECG can be had; none where nothing hangs on it."""
    question = case.question
    if isinstance(question, StrokeQuestion) or question.ecg != NOT_DONE or question.suspected_dissection:
        return None
    if chosen.rule not in _WANTS_ECG:
        return None
    places = [
        Place(option.hospital, option.travel_min)
        for option in case.places.values()
        if option.travel_min < chosen.option.travel_min and class_for(option, _ECG) <= LAPSED
    ]
    return min(places, key=lambda place: (place.travel_min, place.hospital), default=None)
