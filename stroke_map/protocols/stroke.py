"""Which rules apply to a suspected stroke, the gravest first; the last one always does.

The sentences and the numbers stand in stroke.toml; here is only how they follow from each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stroke_map.protocols.case import CAPABLE as CAPABLE_OF
from stroke_map.protocols.case import NEGATIVE, POSITIVE, Finding
from stroke_map.protocols.predict import may_have_drug, needle, needle_key, puncture, puncture_key, window
from stroke_map.protocols.question import NOT_DONE
from stroke_map.protocols.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.protocols.case import Able, Case
    from stroke_map.protocols.options import Option
    from stroke_map.protocols.question import StrokeQuestion

#: A hospital that can treat a stroke has one of these.
CAPABLE: Final = CAPABLE_OF["stroke"]
DRUG: Final = ("thrombolysis",)
THROMBECTOMY: Final = ("thrombectomy",)
IMAGING: Final = ("ct_angiography", "advanced_imaging")
#: Thrombectomy for those whom only imaging can select.
SELECTION: Final = (THROMBECTOMY, IMAGING)
#: The window that puncture must keep, for the rules that send to thrombectomy alone.
PUNCTURE_WITHIN: Final = {
    "ineligible-to-thrombectomy": "thrombectomy_window",
    "late-window": "thrombectomy_late_window",
    "wake-up": "thrombectomy_late_window",
}


def findings(case: Case, question: StrokeQuestion) -> Iterator[Finding]:
    """What each rule finds, in order of priority; nothing where no hospital can treat a stroke."""
    capable = case.able(CAPABLE)
    if not capable:
        return
    treating, thrombectomy = case.usable(CAPABLE), case.usable(THROMBECTOMY)
    if case.sent_on:
        yield from _transfer(thrombectomy)
    elif treating:
        reached = _in_window(case, question)
        if reached:
            yield from _with_drug(case, question, reached, thrombectomy)
        else:
            yield from _without_drug(case, question, treating, thrombectomy)
    why = _why_nearest(case, question, treating, thrombectomy)
    yield Finding("nearest", capable[0].option, (CAPABLE,), also=_first(case.able(THROMBECTOMY)), reasons=why)


def _why_nearest(
    case: Case, question: StrokeQuestion, treating: list[Able], thrombectomy: list[Able]
) -> tuple[Text, ...]:
    """Why no other rule applies: nobody is left to guess."""
    dated, negative = case.elapsed_min is not None, case.screen[0] == NEGATIVE
    reasons = (
        (not treating, "没有已知可救治且开放的医院", "no hospital is known to be capable and open"),
        (not thrombectomy, "没有已知开放的取栓医院", "no thrombectomy hospital is known and open"),
        (
            not (dated or negative or case.usable(*SELECTION)),
            "没有已知开放且有影像筛查的取栓医院",
            "no thrombectomy hospital with imaging is known and open",
        ),
        (not dated, "发病时间未知", "the time of onset is not known"),
        (negative, "大血管闭塞筛查阴性", "the screen for large-vessel occlusion is negative"),
        (not may_have_drug(question), "不能溶栓或已溶栓", "thrombolysis is not possible, or has been given"),
    )
    return next(((Text(zh, en),) for holds, zh, en in reasons if holds), ())


def _first(able: list[Able]) -> tuple[Option, ...]:
    return tuple(each.option for each in able[:1])


def _transfer(thrombectomy: list[Able]) -> Iterator[Finding]:
    if thrombectomy:
        best = min(thrombectomy, key=lambda t: (t.class_, t.travel_min, not t.option.agreed, t.hospital)).option
        reasons = (Text("已约定的协作医院", "an agreed transfer partner"),) if best.agreed else ()
        yield Finding("transfer", best, (THROMBECTOMY,), reasons=reasons)


def _in_window(case: Case, question: StrokeQuestion) -> list[Able]:
    """The hospitals that can probably still give the drug within their own window."""
    if case.elapsed_min is None or not may_have_drug(question):
        return []
    return [each for each in case.usable(DRUG) if _keeps_window(case, each.option)]


def _keeps_window(case: Case, option: Option) -> bool:
    return needle(case, option) <= window(case, option)[1]


def _needle_rests(case: Case, *options: Option) -> tuple[str, ...]:
    keys = [key for option in options for key in (window(case, option)[0], needle_key(case, option))]
    return tuple(dict.fromkeys(key for key in keys if key is not None))


def _with_drug(
    case: Case, question: StrokeQuestion, reached: list[Able], thrombectomy: list[Able]
) -> Iterator[Finding]:
    """The drug can be given in time: the question is whether to drive past the nearest hospital that gives it."""
    near = reached[0].option
    # What is nearer but misses its window is passed on the strength of the same values.
    rests = _needle_rests(case, near, case.usable(DRUG)[0].option)
    screen, screen_rests = case.screen
    others = [each.option for each in thrombectomy if each.option is not near]
    if screen == POSITIVE and thrombectomy:
        if len(others) < len(thrombectomy):
            yield Finding("does-both", near, (DRUG, THROMBECTOMY), rests)
        else:
            for far in others:
                if not (against := _against_bypass(case, question, near, far)):
                    yield _bypass(case, question, near, far, screen_rests)
                    break
            against = _against_bypass(case, question, near, others[0]) or (_NOT_ALLOWED,)
            yield Finding("drip-and-ship", near, (DRUG,), rests, also=(others[0],), reasons=against)
    elif screen == NOT_DONE and others and len(others) == len(thrombectomy):
        yield Finding("screen-not-done", near, (DRUG,), rests, also=(others[0],))
    yield Finding("nearest-in-window", near, (DRUG,), rests, also=tuple(others[:1]))


_NOT_ALLOWED = Text("绕行所依据的数值未经核实或签署", "the values a bypass rests on are neither verified nor signed")


def _total_limit(question: StrokeQuestion) -> str:
    """The key of the limit on the whole drive; the strictest where nobody says what the place is like."""
    return f"bypass_total_{question.setting or 'urban'}"


def _against_bypass(case: Case, question: StrokeQuestion, near: Option, far: Option) -> tuple[Text, ...]:
    """What forbids driving past `near` to `far`; nothing where it is within every limit."""
    limit, total_key = case.protocol["bypass_extra_limit"], _total_limit(question)
    extra, total = far.travel_min - near.travel_min, case.protocol[total_key]
    against = []
    if extra > limit:
        against.append(
            Text(
                f"取栓医院要多花 {extra:.0f} 分钟，上限 {limit:g}",
                f"thrombectomy is {extra:.0f} min farther, at most {limit:g} are allowed",
            )
        )
    if far.travel_min > total:
        against.append(
            Text(
                f"总行车 {far.travel_min:.0f} 分钟，上限 {total:g}",
                f"the whole drive is {far.travel_min:.0f} min, at most {total:g} are allowed",
            )
        )
    gives_drug = any(each.option is far for each in case.usable(DRUG))
    if not (gives_drug and _keeps_window(case, far)):
        against.append(Text("会错过溶栓时间窗", "the thrombolysis window would be lost"))
    return tuple(against)


def _bypass(case: Case, question: StrokeQuestion, near: Option, far: Option, screen_rests: tuple[str, ...]) -> Finding:
    extra = far.travel_min - near.travel_min
    reason = Text(
        f"比最近的溶栓医院多 {extra:.0f} 分钟，总行车 {far.travel_min:.0f} 分钟",
        f"{extra:.0f} min more than the nearest thrombolysis hospital, a drive of {far.travel_min:.0f} min in all",
    )
    rests = ("bypass_extra_limit", _total_limit(question), *_needle_rests(case, near, far), *screen_rests)
    return Finding("lvo-bypass", far, (DRUG, THROMBECTOMY), rests, also=(near,), reasons=(reason,))


def _without_drug(
    case: Case, question: StrokeQuestion, treating: list[Able], thrombectomy: list[Able]
) -> Iterator[Finding]:
    """The drug is forbidden, too late, or nobody knows: what remains is thrombectomy, by time and by imaging."""
    nearest, (screen, screen_rests) = treating[0].option, case.screen
    imaging = case.usable(*SELECTION)
    early_end, late_end = case.protocol["thrombectomy_window"], case.protocol["thrombectomy_late_window"]
    if case.elapsed_min is None:
        if screen != NEGATIVE and imaging:
            rests = ("thrombectomy_late_window", *screen_rests)
            yield Finding("wake-up", imaging[0].option, SELECTION, rests, also=(nearest,))
        return
    punctures = {each.hospital: puncture(case, each.option) for each in thrombectomy}
    if punctures and min(punctures.values()) > late_end:
        yield Finding("beyond-late-window", nearest, (CAPABLE,))
        return
    early = [each.option for each in thrombectomy if punctures[each.hospital] <= early_end]
    late = [each.option for each in imaging if punctures[each.hospital] <= late_end]
    if screen == POSITIVE and early:
        rests = (*_puncture_rests(case, "thrombectomy_window", early[0]), *screen_rests)
        if may_have_drug(question):
            rests += _needle_rests(case, nearest)
        yield Finding("ineligible-to-thrombectomy", early[0], (THROMBECTOMY,), rests, also=(nearest,))
    elif screen == NOT_DONE and early:
        yield Finding("screen-not-done", nearest, (CAPABLE,), also=(early[0],))
    elif screen != NEGATIVE and late:
        rule = "wake-up" if isinstance(question.onset, str) else "late-window"
        rests = (
            *_puncture_rests(case, "thrombectomy_window", late[0]),
            "thrombectomy_late_window",
            *screen_rests,
        )
        yield Finding(rule, late[0], SELECTION, rests, also=(nearest,))
    if may_have_drug(question):
        yield Finding("window-missed", nearest, (CAPABLE,), also=_first(thrombectomy))


def _puncture_rests(case: Case, key: str, option: Option) -> tuple[str, ...]:
    default = puncture_key(case, option)
    return (key,) if default is None else (key, default)
