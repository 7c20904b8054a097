"""What the asker should know beside the answer, the gravest first. The words stand in notices.toml."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from stroke_map.protocols.case import POSITIVE
from stroke_map.protocols.options import CLOSED, LAPSED, UNKNOWN
from stroke_map.protocols.predict import may_have_drug, may_have_lysis, window
from stroke_map.protocols.question import NOT_DONE, ChestPainQuestion, StrokeQuestion
from stroke_map.protocols.stroke import PUNCTURE_WITHIN
from stroke_map.protocols.texts import Notice, notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stroke_map.protocols.case import Case, Finding
    from stroke_map.protocols.decision import Advice, Ranked

_SEVERITIES: Final = {"stop": 0, "caution": 1, "note": 2}
_CLASSES: Final = {LAPSED: "accreditation-lapsed", CLOSED: "telephone-first", UNKNOWN: "capability-unknown"}
#: Answers with the nearest capable hospital: a rule that nobody verified has overruled nothing.
_NEAREST: Final = ("nearest-capable", "both-options")


def notices(
    case: Case, finding: Finding, advice: Advice | None, first: Ranked, named: Sequence[Notice]
) -> tuple[Notice, ...]:
    """Every warning of an answer.

    Parameters
    ----------
    named
        What was contradictory in the question.
    """
    found = [*named, *_of_the_choice(case, finding, first), *_of_the_protocol(case, finding, advice)]
    if isinstance(case.question, StrokeQuestion):
        found += _of_the_drug(case, case.question, finding, first)
        found += _stroke(case, case.question, finding, first)
    else:
        found += _chest_pain(case, case.question, finding, first)
    return tuple(sorted(found, key=lambda each: _SEVERITIES[each.severity]))


def _of_the_choice(case: Case, finding: Finding, first: Ranked) -> Iterator[Notice]:
    if first.class_ in _CLASSES:
        yield notice(_CLASSES[first.class_])
    urgent = case.question.airway_not_secured or case.question.arrest_in_progress
    if urgent and finding.rule != "airway":
        yield notice("secure-before-transfer" if case.in_hospital else "no-emergency-known")
    times = first.times
    if "protocol" in (times.needle_source, times.puncture_source, times.wire_source):
        yield notice("figures-are-defaults")
    level = finding.option.level
    if level is not None and level.valid_until is not None:
        today, facts = case.question.now.date(), {"level": level.level, "day": level.valid_until}
        if today > level.valid_until:
            yield notice("level-expired", **facts)
        elif today + timedelta(days=case.protocol["level_warning"]) >= level.valid_until:
            yield notice("level-expires", **facts)


def _of_the_protocol(case: Case, finding: Finding, advice: Advice | None) -> Iterator[Notice]:
    protocol, rule = case.protocol, case.protocol.rules[finding.rule]
    if advice is not None:
        yield notice("protocol-unverified", rule=advice.rule, values=protocol.named(advice.doubtful))
    if rule.strategy not in _NEAREST and protocol.signed_by is None and not protocol.trusts(rule.status):
        yield notice("rule-unverified", rule=finding.rule)


def _of_the_drug(case: Case, question: StrokeQuestion, finding: Finding, first: Ranked) -> Iterator[Notice]:
    """Thrombolysis at the first choice: whether it comes in time, and what is still to be asked."""
    needle_min, option = first.times.needle_min, finding.option
    if needle_min is None or first.times.needle_source == "reported":
        return
    key, until = window(case, option)
    left = until - needle_min
    if left < 0:
        yield notice("window-missed", minutes=-left)
    elif left <= case.protocol["window_warning"]:
        yield notice("window-closes", minutes=left)
    if key == "urokinase_window":
        yield notice("urokinase-only")
    if left >= 0 and "unknown" in (question.thrombolysis_contraindication, question.anticoagulant):
        yield notice("contraindication-unknown")
    own, target = option.medians.door_to_needle_min, case.protocol["door_to_needle_target"]
    if own is not None and own > target:
        yield notice("hospital-slow", minutes=own, target=target)


def _stroke(case: Case, question: StrokeQuestion, finding: Finding, first: Ranked) -> Iterator[Notice]:
    protocol, puncture_min = case.protocol, first.times.puncture_min
    if not case.sent_on:
        if question.scale == NOT_DONE:
            yield notice("screen-not-done")
        if question.setting is None and finding.rule in {"lvo-bypass", "drip-and-ship"}:
            yield notice("setting-unknown")
    elif may_have_drug(question) and (case.elapsed_min or 0.0) <= protocol["thrombolysis_window"]:
        yield notice("drug-before-transfer")
    if puncture_min is not None:
        if (case.sent_on or case.screen[0] == POSITIVE) and puncture_min > protocol["thrombectomy_window"]:
            yield notice("puncture-late", minutes=puncture_min)
        left = protocol[PUNCTURE_WITHIN[finding.rule]] - puncture_min if finding.rule in PUNCTURE_WITHIN else math.inf
        if left <= protocol["window_warning"]:
            yield notice("puncture-window-closes", minutes=left)
    if first.travel_min > protocol["transport_target"]:
        yield notice("transport-long", target=protocol["transport_target"])


def _chest_pain(case: Case, question: ChestPainQuestion, finding: Finding, first: Ranked) -> Iterator[Notice]:
    protocol, wire_min = case.protocol, first.times.wire_min
    if question.suspected_dissection:
        yield notice("no-lysis")
        return
    if question.ecg == NOT_DONE:
        yield notice("ecg-not-done")
    yield from _of_the_ecg(case, question)
    if finding.rule == "pci-in-time" and wire_min is not None:
        left = protocol["pci_limit"] - wire_min
        if left <= protocol["window_warning"]:
            yield notice("window-closes", minutes=left)
        if wire_min > protocol["pci_goal"]:
            yield notice("beyond-goal", minutes=wire_min, target=protocol["pci_goal"])
    if question.lysis_contraindication == "unknown" and first.times.needle_min is not None:
        yield notice("contraindication-unknown")
    if case.sent_on and may_have_lysis(question) and (wire_min or 0.0) > protocol["pci_limit"]:
        yield notice("lysis-before-transfer")


def _of_the_ecg(case: Case, question: ChestPainQuestion) -> Iterator[Notice]:
    written = question.now if question.ecg == NOT_DONE else question.ecg_at
    if written is not None and question.first_medical_contact is not None:
        target = case.protocol["ecg_target"]
        if (written - question.first_medical_contact).total_seconds() / 60 > target:
            yield notice("ecg-late", target=target)
