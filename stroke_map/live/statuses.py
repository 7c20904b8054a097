"""What a hospital said of itself for the next hours: plain values, no clock and no database."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stroke_map.settings import Settings

#: Why a hospital cannot take patients as usual; "open" is said to end them.
Trouble = Literal["diversion", "full", "ct_down", "cath_lab_down"]
TROUBLES: Final[tuple[Trouble, ...]] = get_args(Trouble)
#: What each takes away. No drug is given to a stroke before bleeding is ruled out, and no vessel opened without its angiography suite.
TAKES_AWAY: Final[Mapping[str, frozenset[str]]] = {
    "ct_down": frozenset({"thrombolysis", "thrombectomy", "ct", "ct_angiography", "advanced_imaging"}),
    "cath_lab_down": frozenset({"primary_pci", "thrombectomy"}),
}
#: It can still treat, but one telephones first: class 3.
TELEPHONE_FIRST: Final = frozenset({"diversion", "full"})
#: For how long one that ran out at its longest duration is shown as not confirmed: a shift.
UNCONFIRMED_FOR: Final = timedelta(hours=12)
#: Two machines may disagree by so much about the time, and the patient next door arrives within a minute.
CLOCK_SKEW: Final = timedelta(minutes=5)
_MOST_HOURS = 365 * 24.0


@dataclass(frozen=True, kw_only=True, slots=True)
class NewStatus:
    """What someone says of a hospital.

    Attributes
    ----------
    hospital_id
        As in the edition.
    until
        Aware: when it ends by itself.
    open_ended
        Nobody said until when, so that `until` is the longest it may hold without being said again.
    reason, author
        Why, and who says so.
    """

    hospital_id: str
    kind: Trouble
    until: datetime
    open_ended: bool = False
    reason: str
    author: str

    def turns_at(self, after: datetime) -> datetime | None:
        """When it runs out, or is no longer shown as not confirmed, the next such moment after this one; None: it does not any more."""
        moments = (self.until, self.until + UNCONFIRMED_FOR) if self.open_ended else (self.until,)
        return min((at for at in moments if at > after), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class HospitalStatus(NewStatus):
    """A status as it was recorded. What it says never changes; it is ended, or said again by another.

    Attributes
    ----------
    id
        Counts from 1 and is never given twice.
    created_at, ended_at
        Aware. `ended_at` None: nobody has ended it.
    ended_by, end_reason
        Who did and why; empty while nobody has.
    """

    id: int
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""
    end_reason: str = ""

    @property
    def span_s(self) -> tuple[float, float]:
        """Seconds since 1970: it counts for whoever arrives from the first on and before the second."""
        if self.ended_at is not None:
            return math.inf, -math.inf
        return (self.created_at - CLOCK_SKEW).timestamp(), self.until.timestamp()

    def is_unconfirmed(self, at: datetime) -> bool:
        """Whether it ran out a short time ago, and nobody said whether it is over."""
        return self.ended_at is None and self.open_ended and timedelta(0) <= at - self.until < UNCONFIRMED_FOR

    def is_gone(self, at: datetime) -> bool:
        """Whether it says nothing any more at that moment and later."""
        last = self.until + UNCONFIRMED_FOR if self.open_ended else self.until
        return self.ended_at is not None or at >= last

    def state(self, at: datetime) -> str:
        """`active`, `unconfirmed`, `ended` by somebody, or `over` by itself."""
        if self.ended_at is not None:
            return "ended"
        if at < self.until:
            return "active"
        return "unconfirmed" if self.is_unconfirmed(at) else "over"

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Its members as the API and the command line show them; `state` is told for `now`."""
        return {
            "id": self.id,
            "hospital_id": self.hospital_id,
            "kind": self.kind,
            "state": self.state(now),
            "until": self.until,
            "open_ended": self.open_ended,
            "reason": self.reason,
            "author": self.author,
            "created_at": self.created_at,
            "ended_at": self.ended_at,
            "ended_by": self.ended_by or None,
            "end_reason": self.end_reason or None,
        }


def longest(kind: Trouble, settings: Settings) -> timedelta:
    """How long a status of a kind may hold before someone must say it again."""
    hours: float = getattr(settings, f"longest_{kind}_h")
    return timedelta(hours=min(hours, _MOST_HOURS))
