"""The hospitals of an answer: what speaks for each, what against it, and when treatment would begin there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stroke_map.protocols import chest_pain, outcome, stroke
from stroke_map.protocols.case import POSITIVE, class_for
from stroke_map.protocols.decision import Ranked
from stroke_map.protocols.options import CLOSED, LAPSED, NEVER, UNKNOWN
from stroke_map.protocols.predict import Times, times, window
from stroke_map.protocols.question import StrokeQuestion
from stroke_map.protocols.texts import Text, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stroke_map.protocols.case import Able, Case, Finding
    from stroke_map.protocols.decision import Advice
    from stroke_map.protocols.options import Option

FEWEST_OTHERS: Final = 2
MOST_OTHERS: Final = 5
_ON_SCREEN_UNTIL_MIN: Final = outcome.CURVE_ENDS_MIN
_ROUNDING: Final = 1e-9
NAMES: Final[dict[str, Text]] = {
    "thrombolysis": Text("静脉溶栓", "thrombolysis"),
    "thrombectomy": Text("取栓", "thrombectomy"),
    "primary_pci": Text("急诊介入", "primary PCI"),
    "fibrinolysis": Text("溶栓", "fibrinolysis"),
    "cardiac_surgery": Text("心脏外科", "cardiac surgery"),
    "ct_angiography": Text("CTA", "CT angiography"),
    "advanced_imaging": Text("高级影像", "advanced imaging"),
    "emergency": Text("急诊科", "an emergency department"),
}
_CLASSES: Final[dict[int, Text]] = {
    LAPSED: Text("认证近期已过期", "accreditation lapsed recently"),
    CLOSED: Text("到达时不接诊，请先电话确认", "receives nobody on arrival: telephone first"),
    UNKNOWN: Text("能否救治未知，请先电话确认", "not known whether it can: telephone first"),
}


def capable_of(case: Case) -> tuple[str, ...]:
    """What a hospital needs one of, to be any answer to this question."""
    return stroke.CAPABLE if isinstance(case.question, StrokeQuestion) else chest_pain.capable(case.question)


def order(case: Case, finding: Finding, advice: Option | None) -> list[Option]:
    """The first choice, what a doubtful rule advised, what must stand next, then the nearest of the best class."""
    wanted: Iterable[Option | None] = (finding.option, advice, *finding.also)
    listed = {option.hospital: option for option in wanted if option is not None}
    for class_, _, hospital, option in case.able(capable_of(case)):
        others = len(listed) - 1
        if others >= MOST_OTHERS or (class_ > LAPSED and others >= FEWEST_OTHERS):
            break
        listed.setdefault(hospital, option)
    return list(listed.values())[: 1 + MOST_OTHERS]


def rank(case: Case, finding: Finding, advice: Advice | None, listed: Sequence[Option]) -> tuple[Ranked, ...]:
    """Each hospital listed, with its reasons."""
    known = [_times(case, finding, option) for option in listed]
    chances = [_chance(case, option, each) for option, each in zip(listed, known, strict=True)]
    best = max((chance for chance in chances if chance is not None), default=0.0)
    near_best = (
        [chance is not None and best - chance <= case.protocol["outcome_tie"] + _ROUNDING for chance in chances]
        if any(chances)
        else [False] * len(chances)
    )
    return tuple(
        Ranked(
            hospital=option.hospital,
            class_=_class(case, finding, option),
            travel_min=option.travel_min,
            extra_min=option.travel_min - finding.option.travel_min,
            reasons=_reasons(case, finding, option),
            why_not_first=None if option is finding.option else _why_not(case, finding, advice, (option, at), known[0]),
            times=at,
            expected_outcome=chance,
            outcome_tie=tied and sum(near_best) > 1,
        )
        for option, at, chance, tied in zip(listed, known, chances, near_best, strict=True)
    )  # fmt: skip


def _times(case: Case, finding: Finding, option: Option) -> Times:
    """What can be predicted; where one goes for the airway first, nothing of a hospital that is not known to treat this."""
    if finding.rule == "airway" and class_for(option, capable_of(case)) > LAPSED:
        return Times()
    return times(case, option)


def _chance(case: Case, option: Option, at: Times) -> float | None:
    """P(mRS 0-1) of a positive LAMS, the one screen whose mix was published, and of the drugs that were studied."""
    if (
        not isinstance(case.question, StrokeQuestion)
        or case.question.scale != outcome.SCALE
        or case.screen[0] != POSITIVE
    ):
        return None
    if at.needle_min is None or at.puncture_min is None or window(case, option)[0] == "urokinase_window":
        return None
    if max(at.needle_min, at.puncture_min) >= _ON_SCREEN_UNTIL_MIN:
        return None
    return outcome.holodinsky_good_outcome(at.needle_min, at.puncture_min, "lams4plus")


def _class(case: Case, finding: Finding, option: Option) -> int:
    """For what the rule is after; else for what a hospital needs at all."""
    wanted = class_for(option, *finding.needs)
    return wanted if wanted <= UNKNOWN else class_for(option, capable_of(case))


def _reasons(case: Case, finding: Finding, option: Option) -> tuple[Text, ...]:
    reasons = list(_gives(case, option))
    if option is not finding.option:
        return tuple(reasons)
    passed = sum(
        _cannot(case, finding, other) for other in case.places.values() if other.travel_min < option.travel_min
    )
    if passed:
        plural = "hospital" if passed == 1 else "hospitals"
        reasons.append(Text(f"更近的 {passed} 家医院不能救治", f"{passed} nearer {plural} cannot treat this"))
    return (*reasons, *finding.reasons)


def _gives(case: Case, option: Option) -> Iterator[Text]:
    """The treatments it has, also those for which one has to telephone first."""
    for name in capable_of(case):
        class_ = class_for(option, (name,))
        if class_ <= LAPSED:
            yield NAMES[name]
        elif class_ == CLOSED:
            why = _CLASSES[CLOSED]
            yield Text(f"{NAMES[name].zh}（{why.zh}）", f"{NAMES[name].en} ({why.en})")


def _cannot(case: Case, finding: Finding, option: Option) -> bool:
    groups = finding.needs if finding.rule in ("airway", "dissection") else (capable_of(case),)
    return option.kind == "hospital" and class_for(option, *groups) == NEVER


def _why_not(case: Case, finding: Finding, advice: Advice | None, other: tuple[Option, Times], first: Times) -> Text:
    words: list[Text] = []
    option, at = other
    if advice is not None and advice.hospital == option.hospital:
        words.append(advice.text)
    classes = [(group, class_for(option, group)) for group in finding.needs]
    for group, class_ in classes:
        if class_ == NEVER:
            zh, en = "或".join(NAMES[n].zh for n in group), " or ".join(NAMES[n].en for n in group)
            words.append(Text(f"没有{zh}", f"has no {en}"))
    worst = max((class_ for _, class_ in classes if class_ != NEVER), default=option.class_)
    if worst in _CLASSES and worst > _class(case, finding, finding.option):
        words.append(_CLASSES[worst])
    words += _too_late(case, finding, option, at, first)
    words.append(_distance(option.travel_min - finding.option.travel_min))
    return joined(words)


def _too_late(case: Case, finding: Finding, option: Option, at: Times, first: Times) -> Iterator[Text]:
    """The windows it would miss, of those the first choice keeps; where all miss one, that is no reason."""
    protocol, rule = case.protocol, finding.rule
    if isinstance(case.question, StrokeQuestion):
        until = window(case, option)[1]
        kept = first.needle_min is not None and first.needle_min <= window(case, finding.option)[1]
        if kept and at.needle_min is not None and at.needle_min > until and at.needle_source != "reported":
            yield Text(f"用药预计 {at.needle_min:.0f} 分钟，超过 {until:g}", f"the drug would come after {at.needle_min:.0f} min, past {until:g}")  # fmt: skip
        if rule in stroke.PUNCTURE_WITHIN and at.puncture_min is not None:
            until = protocol[stroke.PUNCTURE_WITHIN[rule]]
            if at.puncture_min > until:
                yield Text(f"穿刺预计 {at.puncture_min:.0f} 分钟，超过 {until:g}", f"puncture would come after {at.puncture_min:.0f} min, past {until:g}")  # fmt: skip
    elif rule in chest_pain.WIRE_WITHIN and at.wire_min is not None and at.wire_min > protocol["pci_limit"]:
        until = protocol["pci_limit"]
        yield Text(f"导丝通过预计 {at.wire_min:.0f} 分钟，超过 {until:g}", f"the wire would pass after {at.wire_min:.0f} min, past {until:g}")  # fmt: skip


def _distance(extra_min: float) -> Text:
    if extra_min > 0:
        return Text(f"多 {extra_min:.1f} 分钟", f"{extra_min:.1f} min longer")
    if extra_min < 0:
        return Text(f"近 {-extra_min:.1f} 分钟", f"{-extra_min:.1f} min nearer")
    return Text("同样远", "just as far")


def nearest_of(able: Sequence[Able]) -> Able | None:
    """The nearest of those that need no telephone call first, else of the next class."""
    return min(able, key=lambda each: (max(each.class_, LAPSED), each.travel_min, each.hospital), default=None)
