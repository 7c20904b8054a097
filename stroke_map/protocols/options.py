"""A hospital as this patient would find it on arrival."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  pydantic reads the annotations where a case is read from a file
from dataclasses import dataclass, field
from datetime import date  # noqa: TC003
from typing import Final, Literal

VALID, LAPSED, CLOSED, UNKNOWN, NEVER = 1, 2, 3, 4, 9
#: What a capability may be on arrival, and the class that makes of it. `yes`, `no` and `unknown` are what a hospital has; `lapsed` and
#: `closed` are a capability it has whose accreditation ended a short time ago, or that is not staffed at that hour.
AT_ARRIVAL: Final[dict[str, int]] = {"yes": VALID, "lapsed": LAPSED, "closed": CLOSED, "unknown": UNKNOWN, "no": NEVER}
Standing = Literal["yes", "lapsed", "closed", "unknown", "no"]


@dataclass(frozen=True, slots=True)
class Onward:
    """The road from one hospital on to another.

    Attributes
    ----------
    hospital
        The id of another option.
    travel_min
        Minutes by road.
    agreed
        Whether the two are agreed transfer partners.
    transfer_delay_min
        The partner's usual delay from call for transfer to leaving; None: not known.
    """

    hospital: str
    travel_min: float
    agreed: bool = False
    transfer_delay_min: float | None = None


@dataclass(frozen=True, slots=True)
class Medians:
    """The hospital's own medians, in minutes; None: not known."""

    door_to_needle_min: float | None = None
    door_to_puncture_min: float | None = None
    door_in_door_out_min: float | None = None
    door_to_wire_min: float | None = None


@dataclass(frozen=True, slots=True)
class OptionLevel:
    """The level shown for the condition; it never decides."""

    scheme: str
    level: str
    valid_until: date | None = None


NO_MEDIANS: Final = Medians()


@dataclass(frozen=True, slots=True)
class Option:
    """One place the patient can be taken to.

    Attributes
    ----------
    hospital
        Its id.
    travel_min
        Minutes by road from departure to the emergency entrance; infinite: no road.
    capabilities
        Each capability at the arrival time, as in `AT_ARRIVAL`; what is not named is unknown.
    class_
        The class of the hospital as a whole, 1 to 4: 3 where it is diverted or full, 2 where the edition itself is out of date. A
        capability is never in a better class than this.
    agents
        The drugs of its thrombolysis: alteplase, tenecteplase, urokinase.
    kind
        `unit`: a township or village unit, where an ECG can be written and nothing else is asked of it.
    level
        For the condition asked about.
    onward
        Where it can send the patient on to.
    agreed
        In a transfer: whether it is an agreed partner of the hospital that asks.
    """

    hospital: str
    travel_min: float
    capabilities: Mapping[str, Standing] = field(default_factory=dict)
    class_: int = VALID
    agents: tuple[str, ...] = ()
    kind: Literal["hospital", "unit"] = "hospital"
    level: OptionLevel | None = None
    medians: Medians = NO_MEDIANS
    onward: tuple[Onward, ...] = ()
    agreed: bool = False

    def __post_init__(self) -> None:
        """Refuse a word that says nothing, with ValueError: taken for "no" it would hide a hospital."""
        if not AT_ARRIVAL.keys() >= set(self.capabilities.values()):
            raise ValueError(f"a capability of {self.hospital} is none of {', '.join(AT_ARRIVAL)}")

    def class_of(self, capability: str) -> int:
        """The class for one capability: 1 to 4, or 9 where it cannot."""
        standing = AT_ARRIVAL[self.capabilities.get(capability, "unknown")]
        return max(standing, self.class_)
