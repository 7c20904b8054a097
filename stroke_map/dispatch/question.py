"""What may be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from datetime import datetime

#: What a condition needs where the caller does not say: any one of these.
DEFAULT_NEED: Final[dict[str, tuple[str, ...]]] = {
    "stroke": ("thrombolysis",),
    "chest_pain": ("primary_pci", "fibrinolysis"),
}
CONDITIONS: Final = tuple(DEFAULT_NEED)
NEEDS: Final = ("thrombolysis", "thrombectomy", "primary_pci", "fibrinolysis", "ct", "cardiac_surgery")
#: What makes sense for a condition. A CT does for both: bleeding in the head, dissection of the aorta.
_SENSIBLE: Final[dict[str, tuple[str, ...]]] = {
    "stroke": ("thrombolysis", "thrombectomy", "ct"),
    "chest_pain": ("primary_pci", "fibrinolysis", "cardiac_surgery", "ct"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes
    ----------
    lat, lon
        Where the patient is, degrees, WGS-84.
    at
        Leaving with the patient, with a timezone.
    asked_at
        Now, with a timezone.
    condition, need
        One of `CONDITIONS`; one of `NEEDS` or None for what the condition needs.
    profile
        `car` or `ambulance`.
    limit
        How many hospitals to list.
    all_roads
        Whether each of them comes with its road, or the first alone.
    given
        (lat, lon, crs) as the caller gave them, to be echoed; None: as above.
    """

    lat: float
    lon: float
    at: datetime
    asked_at: datetime
    condition: str = "stroke"
    need: str | None = None
    profile: str = "car"
    limit: int = 3
    all_roads: bool = False
    given: tuple[float, float, str] | None = None


def check_need(condition: str, need: str | None) -> tuple[str, ...]:
    """The capabilities asked for, any of which will do.

    Raises
    ------
    InvalidRequestError
        An unknown condition or need, or a pair without sense.
    """
    if condition not in DEFAULT_NEED:
        raise _mistake("condition", f"is not known: give one of {', '.join(CONDITIONS)}", "stroke")
    if need is None:
        return DEFAULT_NEED[condition]
    if need not in NEEDS:
        raise _mistake("need", f"is not known: give one of {', '.join(NEEDS)}", DEFAULT_NEED[condition][0])
    if need not in _SENSIBLE[condition]:
        sensible = ", ".join(_SENSIBLE[condition])
        raise _mistake(
            "need", f"does not go with condition {condition}: give one of {sensible}", _SENSIBLE[condition][0]
        )
    return (need,)


def _mistake(field: str, problem: str, example: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field} {problem}", errors=[{"field": field, "problem": problem, "example": example}])
