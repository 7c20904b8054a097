"""One patient, the hospitals on arrival, the protocol in force: what the rules look at."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from stroke_map.protocols import scales
from stroke_map.protocols.options import AT_ARRIVAL, LAPSED, NEVER, UNKNOWN
from stroke_map.protocols.question import NOT_DONE, PatientQuestion, StrokeQuestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stroke_map.protocols.options import Option
    from stroke_map.protocols.protocol import Protocol
    from stroke_map.protocols.texts import Text

#: A hospital that can treat this has one of these.
CAPABLE: Final = {"stroke": ("thrombolysis", "thrombectomy"), "chest_pain": ("primary_pci", "fibrinolysis")}
POSITIVE: Final = "positive"
NEGATIVE: Final = "negative"


class Able(NamedTuple):
    """A hospital that can, in the order of answers: by class, then minutes, then id, so that ties never hang on row order."""

    class_: int
    travel_min: float
    hospital: str
    option: Option


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule finds.

    Attributes
    ----------
    rule, option
        The rule's id, and the hospital it names first.
    needs
        Groups of capabilities, one of each: what the rule is after.
    rests_on
        Keys of the values it rests on. Where one of them is neither verified nor signed, it may only advise.
    also
        Hospitals that must stand next in the answer.
    reasons
        What speaks for the first.
    """

    rule: str
    option: Option
    needs: tuple[tuple[str, ...], ...] = ()
    rests_on: tuple[str, ...] = ()
    also: tuple[Option, ...] = ()
    reasons: tuple[Text, ...] = field(default=())


class Case:
    """What the rules look at.

    Attributes
    ----------
    elapsed_min
        Minutes on the clock at departure: since onset or last known well; for chest pain since first contact or the ECG. None: unknown.
    places
        The options by id that a road leads to, without the hospital that asks.
    origin
        The hospital that asks, where it stands among the options.
    screen
        `positive`, `negative` or `not done`, and the value that rests on.
    """

    def __init__(self, question: PatientQuestion, options: Iterable[Option], protocol: Protocol) -> None:
        self.question, self.protocol = question, protocol
        self.places: dict[str, Option] = {}
        self.origin: Option | None = None
        for option in options:
            if option.hospital in self.places:
                raise ValueError(f"hospital {option.hospital} stands twice among the options")
            if option.hospital == question.origin_hospital:
                self.origin = option
            elif 0 <= option.travel_min < math.inf:
                self.places[option.hospital] = option
        self.elapsed_min = _elapsed_min(question, protocol)
        self.screen = _screen(question, protocol)
        self._able: dict[tuple[tuple[str, ...], ...], list[Able]] = {}

    def asked(self, question: PatientQuestion) -> Case:
        """The same hospitals for the same place, asked another question."""
        other = copy(self)
        other.question, other.elapsed_min = question, _elapsed_min(question, self.protocol)
        other.screen = _screen(question, self.protocol)
        return other

    def able(self, *groups: tuple[str, ...]) -> list[Able]:
        """Hospitals that have one capability of each group, best first; a walk-in unit is none."""
        found = self._able.get(groups)
        if found is None:
            # Sorted as plain tuples, which takes half the time; no two have one id.
            plain = [
                (class_, option.travel_min, option.hospital, option)
                for option in self.places.values()
                if option.kind == "hospital" and (class_ := class_for(option, *groups)) <= UNKNOWN
            ]
            plain.sort()
            found = self._able[groups] = list(map(Able._make, plain))
        return found

    def usable(self, *groups: tuple[str, ...]) -> list[Able]:
        """The same, but only those that need no telephone call first: classes 1 and 2."""
        return [each for each in self.able(*groups) if each.class_ <= LAPSED]

    @property
    def sent_on(self) -> bool:
        """Whether a hospital that can treat this, or has begun to, sends the patient on; one of which nothing is known is taken for such.

        From a unit, or a hospital without the drug, the way leads where it leads from the scene: to the drug, if there is time for it.
        """
        question, origin = self.question, self.origin
        if question.origin_hospital is None:
            return False
        if origin is None or (isinstance(question, StrokeQuestion) and question.needle_at is not None):
            return True
        # Whether it is diverted does not matter to a patient who is there already.
        return any(_has(origin, name) for name in CAPABLE[question.condition])

    @property
    def in_hospital(self) -> bool:
        """Whether the patient is where an airway can be secured."""
        return self.sent_on or (self.origin is not None and _has(self.origin, "emergency"))


def _has(option: Option, name: str) -> bool:
    return AT_ARRIVAL[option.capabilities.get(name, "unknown")] <= LAPSED


def class_for(option: Option, *groups: tuple[str, ...]) -> int:
    """The class of a hospital that must have one capability of each group; 9 where it cannot."""
    # Comparisons, not min() and max(): this runs for every hospital and rule, and a call costs more than the rest of it.
    said, worst = option.capabilities, option.class_
    for group in groups:
        best = NEVER
        for name in group:
            class_ = AT_ARRIVAL[said.get(name, "unknown")]
            if class_ < best:  # noqa: PLR1730
                best = class_
        if best > worst:  # noqa: PLR1730
            worst = best
    return worst


def _elapsed_min(question: PatientQuestion, protocol: Protocol) -> float | None:
    if isinstance(question, StrokeQuestion):
        started = question.last_known_well if isinstance(question.onset, str) else question.onset
    elif protocol.clock == "ecg" and question.ecg_at is not None:
        started = question.ecg_at
    else:
        started = question.first_medical_contact or question.now
    return None if started is None else (question.now - started).total_seconds() / 60 + question.departure_min


def _screen(question: PatientQuestion, protocol: Protocol) -> tuple[str, tuple[str, ...]]:
    if not isinstance(question, StrokeQuestion) or question.scale == NOT_DONE or question.score is None:
        return NOT_DONE, ()
    result = scales.of_score(question.scale, question.score, protocol.scales)
    return POSITIVE if result.positive else NEGATIVE, (f"{question.scale}.cut_off",)
