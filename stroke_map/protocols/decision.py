"""The answer: which hospital, by which rule, what each other one costs, and what to look out for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from stroke_map.protocols.predict import Times
    from stroke_map.protocols.texts import Notice, Text


@dataclass(frozen=True, slots=True)
class Ranked:
    """One hospital of the answer.

    Attributes
    ----------
    class_
        1 to 4 for what the patient needs there.
    travel_min, extra_min
        Minutes of the drive, and how many more than to the first (negative: it is nearer).
    reasons, why_not_first
        What speaks for it; what speaks against it, None for the first.
    times
        When treatment would begin, and whose figures these are.
    expected_outcome
        P(mRS 0-1) by the published model for this screen; None where it is not modelled, and from 270 min on.
    outcome_tie
        Whether it is as good as the best of the answer, within the protocol's margin.
    """

    hospital: str
    class_: int
    travel_min: float
    extra_min: float
    reasons: tuple[Text, ...]
    why_not_first: Text | None
    times: Times
    expected_outcome: float | None = None
    outcome_tie: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What a rule would have advised, had its values been verified or signed."""

    rule: str
    hospital: str
    doubtful: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class IfEcg:
    """What the answer would be with this ECG."""

    ecg: str
    rule: str
    hospital: str
    text: Text


@dataclass(frozen=True, slots=True)
class Place:
    """Where an ECG can be had sooner than at the first choice: a walk-in unit, or a hospital that is no destination."""

    hospital: str
    travel_min: float


@dataclass(frozen=True, slots=True)
class Signature:
    """Which protocol decided: its version, that of the region's own values, who signed those, and the digest of all of it."""

    version: str
    local_version: str | None
    signed_by: str | None
    signed_on: date | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one patient.

    Attributes
    ----------
    strategy, rule, text
        What kind of answer, which rule gave it, and the rule in words.
    clock
        From where minutes are counted: onset, last-known-well, first-contact, ecg; None: unknown.
    ranking
        The first choice, then two to five others where there are as many.
    next_hospital
        Where to go on to from the first choice; None: nowhere.
    rests_on
        Keys of the protocol's values behind the rule.
    advised
        What a rule with doubtful values would have answered instead.
    """

    condition: str
    strategy: str
    rule: str
    text: Text
    clock: str | None
    ranking: tuple[Ranked, ...]
    next_hospital: str | None
    rests_on: tuple[str, ...]
    advised: Advice | None
    if_ecg: tuple[IfEcg, ...]
    ecg_place: Place | None
    warnings: tuple[Notice, ...]
    protocol: Signature

    @property
    def first(self) -> Ranked:
        """The first choice."""
        return self.ranking[0]
