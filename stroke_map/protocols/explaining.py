"""A decision as a short text that a doctor would sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stroke_map.protocols import outcome
from stroke_map.protocols.question import NO_ST_ELEVATION, STEMI
from stroke_map.protocols.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stroke_map.protocols.decision import Decision, Ranked
    from stroke_map.protocols.predict import Source, Times

_CLOCKS: Final = {
    "onset": Text("发病", "onset"),
    "last-known-well": Text("最后正常时间", "last known well"),
    "first-contact": Text("首次医疗接触", "first medical contact"),
    "ecg": Text("心电图", "the ECG"),
}
_ECGS: Final = {STEMI: Text("示 STEMI", "STEMI"), NO_ST_ELEVATION: Text("无 ST 段抬高", "no ST elevation")}
_SOURCES: Final[dict[Source | None, Text]] = {
    "hospital": Text("该院中位数", "its own median"),
    "partner": Text("协作医院的转运延误", "its partner's delay"),
    "protocol": Text("默认值", "default"),
    "reported": Text("已用药", "reported"),
    None: Text("", ""),
}
_SEVERITIES: Final = {"stop": Text("停", "STOP"), "caution": Text("注意", "caution"), "note": Text("说明", "note")}


def explain(decision: Decision, lang: str, names: Mapping[str, str] | None = None) -> str:
    """The answer in words, a few lines.

    Parameters
    ----------
    lang
        `zh` or `en`.
    names
        What each hospital is called; its id where there is none.
    """
    return "\n".join(_lines(decision, "zh" if lang == "zh" else "en", names or {}))


def _lines(decision: Decision, lang: str, names: Mapping[str, str]) -> Iterator[str]:
    zh, first = lang == "zh", decision.first
    name = names.get(first.hospital, first.hospital)
    yield (
        f"送往 {name}：行车 {first.travel_min:.0f} 分钟。"
        if zh
        else f"To {name}: a drive of {first.travel_min:.0f} min."
    )
    if decision.next_hospital is not None:
        onward = names.get(decision.next_hospital, decision.next_hospital)
        yield f"随后转往 {onward}。" if zh else f"Then on to {onward}."
    yield f"规则 {decision.rule}：{decision.text.zh}" if zh else f"Rule {decision.rule}: {decision.text.en}"
    reasons = ("；" if zh else "; ").join(reason.of(lang) for reason in first.reasons)
    if reasons:
        yield f"理由：{reasons}。" if zh else f"Reasons: {reasons}."
    if decision.clock is not None:
        since = _CLOCKS[decision.clock].of(lang)
        predicted = _times(decision, first, lang, names)
        yield f"预计（{since}后分钟）：{predicted}。" if zh else f"Predicted, minutes after {since}: {predicted}."
    if decision.ecg_place is not None:
        at, minutes = (
            names.get(decision.ecg_place.hospital, decision.ecg_place.hospital),
            decision.ecg_place.travel_min,
        )
        yield (
            f"最近的心电图点：{at}，{minutes:.0f} 分钟。"
            if zh
            else f"The nearest place for an ECG: {at}, {minutes:.0f} min."
        )
    for each in decision.if_ecg:
        to = names.get(each.hospital, each.hospital)
        shown = _ECGS[each.ecg].of(lang)
        yield f"若心电图{shown}：{to}（{each.rule}）" if zh else f"If the ECG shows {shown}: {to} ({each.rule})"
    for place, other in enumerate(decision.ranking[1:], start=2):
        name, told = names.get(other.hospital, other.hospital), _other(decision, other, lang, names)
        yield f"{place}. {name}{'：' if zh else ': '}{told}"
    for warning in decision.warnings:
        yield f"[{_SEVERITIES[warning.severity].of(lang)}] {warning.text.of(lang)}"
    yield _signature(decision, lang)


def _other(decision: Decision, other: Ranked, lang: str, names: Mapping[str, str]) -> str:
    against = [other.why_not_first] if other.why_not_first else []
    why = ("；" if lang == "zh" else "; ").join(text.of(lang) for text in (*other.reasons, *against))
    predicted = _times(decision, other, lang, names) if decision.clock is not None else ""
    return f"{why}{_beside(predicted, lang)}" if predicted else why


def _beside(words: str, lang: str) -> str:
    return f"（{words}）" if lang == "zh" else f" ({words})"


def _times(decision: Decision, ranked: Ranked, lang: str, names: Mapping[str, str]) -> str:
    parts = list(_treatments(ranked.times, lang))
    plan = ranked.times.onward
    if plan is not None:
        to = names.get(plan.hospital, plan.hospital)
        partner = ("（已约定）" if lang == "zh" else ", agreed partner") if plan.agreed else ""
        moves = f"{plan.leaves_min:.0f} → {plan.arrives_min:.0f}"
        parts.append(f"转往 {to} {moves}{partner}" if lang == "zh" else f"on to {to} {moves}{partner}")
        if plan.angiography_min is not None:
            begins, ends = plan.angiography_min
            word = "造影" if lang == "zh" else "angiography"
            parts.append(f"{word} {begins:.0f}-{ends:.0f}")
    if decision.condition == "stroke":
        parts.append(_chance(ranked, lang))
    return (("，" if lang == "zh" else ", ").join(part for part in parts if part)) or ("无" if lang == "zh" else "none")


def _treatments(times: Times, lang: str) -> Iterator[str]:
    words = (
        (Text("用药", "needle"), times.needle_min, times.needle_source),
        (Text("穿刺", "puncture"), times.puncture_min, times.puncture_source),
        (Text("导丝通过", "wire"), times.wire_min, times.wire_source),
    )
    for word, minutes, source in words:
        if minutes is not None:
            yield f"{word.of(lang)} {minutes:.0f}{_beside(_SOURCES[source].of(lang), lang)}"


def _chance(ranked: Ranked, lang: str) -> str:
    label = "mRS 0-1 概率" if lang == "zh" else "P(mRS 0-1)"
    if ranked.expected_outcome is None:
        return f"{label}{'：模型不适用' if lang == 'zh' else ' not modelled'}"
    tie = ("，并列" if lang == "zh" else ", a tie") if ranked.outcome_tie else ""
    return f"{label} {ranked.expected_outcome:.3f}{tie}"


def _signature(decision: Decision, lang: str) -> str:
    made = decision.protocol
    local = f" + {made.local_version}" if made.local_version else ""
    if made.signed_by:
        signed = (
            f"{made.signed_by} {made.signed_on} 签署"
            if lang == "zh"
            else f"signed by {made.signed_by}, {made.signed_on}"
        )
    else:
        signed = "未签署" if lang == "zh" else "not signed"
    name = "规则" if lang == "zh" else "Protocol"
    source = outcome.SOURCE if any(each.expected_outcome is not None for each in decision.ranking) else ""
    return ("；" if lang == "zh" else "; ").join(
        part
        for part in (f"{name} {decision.condition} {made.version}{local}, {signed}, sha256 {made.sha256[:12]}", source)
        if part
    )
