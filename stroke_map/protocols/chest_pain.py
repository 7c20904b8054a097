"""Which rules apply to chest pain, the gravest first; the last one always does.

The sentences and the numbers stand in chest_pain.toml; here is only how they follow from each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stroke_map.protocols.case import CAPABLE as CAPABLE_OF
from stroke_map.protocols.case import Finding
from stroke_map.protocols.predict import needle, wire, wire_key
from stroke_map.protocols.question import NO_ST_ELEVATION, NOT_DONE
from stroke_map.protocols.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.protocols.case import Able, Case
    from stroke_map.protocols.options import Option
    from stroke_map.protocols.question import ChestPainQuestion

#: A hospital that can treat an infarction has one of these.
CAPABLE: Final = CAPABLE_OF["chest_pain"]
PCI: Final = ("primary_pci",)
LYSIS: Final = ("fibrinolysis",)
SURGERY: Final = ("cardiac_surgery",)
#: The rules that look at whether the wire passes within its limit.
WIRE_WITHIN: Final = ("pci-in-time", "fibrinolysis-then-pci")


def capable(question: ChestPainQuestion) -> tuple[str, ...]:
    """What a hospital needs one of, to be any answer: for a dissection cardiac surgery will do as well."""
    return (*CAPABLE, *SURGERY) if question.suspected_dissection else CAPABLE


def findings(case: Case, question: ChestPainQuestion) -> Iterator[Finding]:
    """What each rule finds, in order of priority; nothing where no hospital can treat chest pain."""
    surgery = case.usable(SURGERY)
    if question.suspected_dissection and surgery:
        yield Finding("dissection", surgery[0].option, (SURGERY,))
    able = case.able(capable(question))
    if not able:
        return
    pci = case.usable(PCI)
    if case.usable(CAPABLE) and not question.suspected_dissection:
        if pci:
            yield from _pci_whatever_the_delay(case, question, pci)
        if question.ecg == NOT_DONE:
            yield Finding("ecg-first", able[0].option, (CAPABLE,), also=_first(pci))
        elif question.ecg == NO_ST_ELEVATION:
            yield Finding("no-st-elevation", able[0].option, (CAPABLE,), also=_first(pci))
        else:
            yield from _reperfusion(case, pci)
    wanted = case.able(SURGERY if question.suspected_dissection else PCI)
    why = _why_nearest(case, question)
    yield Finding("nearest", able[0].option, (capable(question),), also=_first(wanted), reasons=why)


def _why_nearest(case: Case, question: ChestPainQuestion) -> tuple[Text, ...]:
    """Why no other rule applies: nobody is left to guess."""
    if question.suspected_dissection:
        return (Text("没有已知开放的心脏外科医院", "no hospital with cardiac surgery is known and open"),)
    if not case.usable(CAPABLE):
        return (Text("没有已知可救治且开放的医院", "no hospital is known to be capable and open"),)
    if not case.usable(PCI):
        return (Text("没有已知开放的急诊介入医院", "no PCI hospital is known and open"),)
    return ()


def _first(able: list[Able]) -> tuple[Option, ...]:
    return tuple(each.option for each in able[:1])


def _pci_whatever_the_delay(case: Case, question: ChestPainQuestion, pci: list[Able]) -> Iterator[Finding]:
    near = pci[0].option
    if case.sent_on:
        best = min(pci, key=lambda p: (p.class_, p.travel_min, not p.option.agreed, p.hospital)).option
        reasons = (Text("已约定的协作医院", "an agreed transfer partner"),) if best.agreed else ()
        yield Finding("transfer", best, (PCI,), reasons=reasons)
    if question.shock:
        yield Finding("shock", near, (PCI,))
    if question.arrest_with_rosc:
        yield Finding("return-of-circulation", near, (PCI,))
    if question.ecg in {NOT_DONE, NO_ST_ELEVATION}:
        return
    if question.lysis_contraindication == "yes":
        yield Finding("lysis-contraindicated", near, (PCI,))
    if not isinstance(question.onset, str):
        since_onset = (question.now - question.onset).total_seconds() / 60
        if since_onset > case.protocol["late_pain"]:
            yield Finding("late-pain", near, (PCI,), ("late_pain",))


def _reperfusion(case: Case, pci: list[Able]) -> Iterator[Finding]:
    """STEMI: the nearest PCI hospital in time, else the drug first."""
    limit = case.protocol["pci_limit"]
    in_time = [each.option for each in pci if wire(case, each.option) <= limit]
    if in_time:
        yield Finding("pci-in-time", in_time[0], (PCI,), _wire_rests(in_time[0], pci[0].option))
    lysis = case.usable(LYSIS)
    rests = _wire_rests(*_first(pci))
    if pci and (not lysis or _no_later(case, pci[0].option, lysis[0].option)):
        yield Finding("pci-nearest", pci[0].option, (PCI,), rests)
    elif pci:
        reason = _too_late(case, pci[0].option, limit)
        yield Finding("fibrinolysis-then-pci", lysis[0].option, (LYSIS,), rests, also=_first(pci), reasons=(reason,))


def _no_later(case: Case, pci: Option, lysis: Option) -> bool:
    """Whether the PCI hospital is reached no later, or opens the vessel before the other could give the drug."""
    return pci.travel_min <= lysis.travel_min or wire(case, pci) <= needle(case, lysis)


def _wire_rests(*options: Option) -> tuple[str, ...]:
    keys = [wire_key(option) for option in options]
    return ("clock", "pci_limit", *dict.fromkeys(key for key in keys if key is not None))


def _too_late(case: Case, option: Option, limit: float) -> Text:
    at = wire(case, option)
    return Text(
        f"最近的介入医院预计 {at:.0f} 分钟才能通过导丝，时限 {limit:g}",
        f"at the nearest PCI hospital the wire would pass after {at:.0f} min, the limit is {limit:g}",
    )
