"""Why this answer, in words: Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stroke_map.dispatch.classes import CLOSED, LAPSED, UNKNOWN
from stroke_map.dispatch.statuses import counts, status_text
from stroke_map.dispatch.weigh import notice_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.dispatch.choose import Asked, Choice

Text = dict[str, str]

NEED_NAMES: Final[dict[str, Text]] = {
    "thrombolysis": {"zh": "静脉溶栓", "en": "thrombolysis"},
    "thrombectomy": {"zh": "取栓", "en": "thrombectomy"},
    "primary_pci": {"zh": "急诊介入（PCI）", "en": "primary PCI"},
    "fibrinolysis": {"zh": "溶栓", "en": "fibrinolysis"},
    "ct": {"zh": "CT", "en": "CT"},
    "cardiac_surgery": {"zh": "心脏外科", "en": "cardiac surgery"},
}
_CLASS_REASONS: Final[dict[int, Text]] = {
    LAPSED: {"zh": "认证近期已过期", "en": "accreditation lapsed recently"},
    CLOSED: {"zh": "到达时不接诊，请先电话确认", "en": "receives nobody on arrival: telephone first"},
    UNKNOWN: {"zh": "能否救治未知，请先电话确认", "en": "not known whether it can: telephone first"},
}
_DETERRED: Final[Text] = {
    "zh": "须穿过禁止通行的内部道路",
    "en": "the road leads through streets closed to through traffic",
}
_FAR_FROM_ROAD_M = 150.0
_SEVERITIES = {"stop": 0, "caution": 1, "note": 2}


def nearest_capable(needs: tuple[str, ...]) -> dict[str, Any]:
    """The rule behind an answer to which nothing was told of the patient."""
    return {
        "strategy": "nearest-capable",
        "rule": "nearest-capable",
        "text": {
            "zh": f"能做{'或'.join(NEED_NAMES[need]['zh'] for need in needs)}的医院中，行车时间最短的排在最前。",
            "en": f"Of the hospitals with {' or '.join(NEED_NAMES[need]['en'] for need in needs)}, the one reached first by road.",
        },
    }


def why_not_first(asked: Asked, choice: Choice, times_ms: Sequence[float], place: int) -> Text | None:
    """What speaks against a later choice; `times_ms` is how long each drive really takes."""
    if place == 0:
        return None
    ranked = choice.ranked
    words = _said_of(asked, choice, ranked[place].column)
    if choice.decision:
        told = choice.decision.ranking[place].why_not_first
        words += [{"zh": told.zh, "en": told.en}] if told else []
        return _joined(words) if words else None
    minutes = (times_ms[place] - times_ms[0]) / 60_000
    if ranked[place].class_ != ranked[0].class_:
        words.append(_CLASS_REASONS[ranked[place].class_])
    elif minutes < 0:
        words.append(_DETERRED)
    if minutes >= 0:
        words.append({"zh": f"多 {minutes:.1f} 分钟", "en": f"{minutes:.1f} min longer"})
    return _joined(words)


def _joined(words: Sequence[Text]) -> Text:
    return {"zh": "，".join(word["zh"] for word in words), "en": "; ".join(word["en"] for word in words)}


def _said_of(asked: Asked, choice: Choice, column: int) -> list[Text]:
    """What a hospital said of itself that matters here."""
    if asked.statuses is None:
        return []
    said = asked.statuses.of(column, float(choice.arrival_s[column]))
    return [status_text(status, asked.edition.zone) for status in said if counts(asked, status)]


def avoided_closures(asked: Asked, choice: Choice) -> list[dict[str, Any]]:
    """The closures and slow-downs that the usual roads to the hospitals listed would have met."""
    if not asked.roads.closures:
        return []
    stored = asked.prepared.profiles[asked.question.profile, asked.period].ranking
    avoided: dict[int, dict[str, Any]] = {}
    for ranked in choice.ranked:
        usual = stored.road(choice.begin.starts, ranked.column)[2]
        for closure in asked.roads.avoided(usual):
            avoided[closure.id] = {"id": closure.id, "kind": closure.kind, "reason": closure.reason}
    return list(avoided.values())


def warnings_of(asked: Asked, choice: Choice, snap_m: float) -> list[dict[str, Any]]:
    """What the asker should know, the gravest first."""
    info, first_class = asked.edition.info, choice.ranked[0].class_
    found = _warnings_of_the_roads(asked, choice, snap_m)
    if info.demo:
        found.append(_warning("demo-data", "stop", "演示数据，不可用于急救", "demonstration data, not for emergencies"))
    if asked.out_of_date:
        zh, en = f"本版名单有效期至 {info.valid_until}，已过期", f"this edition was valid until {info.valid_until}"
        found.append(_warning("edition-out-of-date", "caution", zh, en))
    elif first_class == LAPSED:
        zh, en = "首选医院的认证近期已过期", "the first choice's accreditation lapsed recently"
        found.append(_warning("accreditation-lapsed", "caution", zh, en))
    if first_class == CLOSED:
        zh, en = (
            "可救治的医院到达时均不接诊：请先打电话",
            "no capable hospital receives anybody on arrival: telephone first",
        )
        found.append(_warning("telephone-first", "stop", zh, en))
    if first_class == UNKNOWN:
        zh, en = "没有确认可救治的医院：请先打电话", "no hospital is known to be capable: telephone first"
        found.append(_warning("capability-unknown", "stop", zh, en))
    if choice.beyond and asked.question.profile == "ambulance":
        zh, en = (
            "不接诊或情况不明的医院只列出附近的",
            "of hospitals that are closed, or of which nobody knows, only near ones are listed",
        )
        found.append(_warning("near-hospitals-only", "note", zh, en))
    found += _unconfirmed(asked, choice)
    if choice.decision:
        said = {warning["code"] for warning in found}
        if asked.out_of_date:  # that is why the protocol finds it in class 2
            said.add("accreditation-lapsed")
        found += [notice_json(notice) for notice in choice.decision.warnings if notice.code not in said]
    return sorted(found, key=lambda warning: _SEVERITIES[warning["severity"]])


def _unconfirmed(asked: Asked, choice: Choice) -> list[dict[str, Any]]:
    """The first choice said something that will have run out, and nobody has said that it is over."""
    if asked.statuses is None:
        return []
    column, zone = choice.ranked[0].column, asked.edition.zone
    open_ended = asked.statuses.unconfirmed(column, float(choice.arrival_s[column]))
    texts = [status_text(status, zone) for status in open_ended if counts(asked, status)]
    return [
        _warning(
            "status-unconfirmed",
            "caution",
            f"首选医院的状态到时未确认，请先电话确认：{text['zh']}",
            f"nobody confirmed that this is over at the first choice, telephone first: {text['en']}",
        )
        for text in texts
    ]


def _warnings_of_the_roads(asked: Asked, choice: Choice, snap_m: float) -> list[dict[str, Any]]:
    found = []
    if asked.live is not None and asked.live.stale:
        zh, en = (
            "实时封路和医院状态暂时无法更新，可能不全",
            "news of closed roads and of hospitals cannot be read just now and may be incomplete",
        )
        found.append(_warning("live-state-stale", "caution", zh, en))
    if choice.begin.closed_road:
        zh, en = "最近的道路已封闭，从下一条道路出发", "the nearest road is closed: the drive begins on the next one"
        found.append(_warning("closed-road-at-origin", "caution", zh, en))
    if choice.begin.any_heading:
        zh, en = "附近没有与行驶方向一致的道路", "no road nearby leads the way you head"
        found.append(_warning("no-road-in-this-direction", "note", zh, en))
    if snap_m > _FAR_FROM_ROAD_M:
        zh, en = f"离最近的道路 {snap_m:.0f} 米", f"the nearest road is {snap_m:.0f} m away"
        found.append(_warning("far-from-road", "note", zh, en))
    return found


def _warning(code: str, severity: str, zh: str, en: str) -> dict[str, Any]:
    return {"code": code, "severity": severity, "text": {"zh": zh, "en": en}}
