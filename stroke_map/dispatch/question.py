"""What may be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from datetime import datetime

    from stroke_map.protocols.question import PatientQuestion

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


#: Kinds of road a caller is on only if he says so.
ON: Final = ("motorway", "bridge", "tunnel")


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
    on
        One of `ON` where the caller is on such a road; None: on none of them.
    level
        Only roads with this `layer`, for a city whose streets lie above each other; None: whatever `on` allows.
    bearing_deg, bearing_tolerance_deg
        Which way a moving caller heads, compass degrees; only roads in that direction, give or take, are taken.
    from_hospital
        The id of the hospital where the patient is, which asks where to send on to; None: from the scene.
    patient
        What is known of the patient, which the protocol weighs; None: nothing, and the nearest capable hospital is the answer.
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
    on: str | None = None
    level: int | None = None
    bearing_deg: float | None = None
    bearing_tolerance_deg: float = 45.0
    from_hospital: str | None = None
    patient: PatientQuestion | None = None

    def __post_init__(self) -> None:
        """Refuse what is no question, with InvalidRequestError."""
        if not abs(self.lat) <= 90:  # NaN is not either
            raise _mistake("lat", "must be -90 to 90 degrees", 29.5574)
        if not abs(self.lon) <= 180:
            raise _mistake("lon", "must be -180 to 180 degrees", 106.577)
        if self.at.tzinfo is None or self.asked_at.tzinfo is None:
            raise _mistake("at", "must have a timezone", "2026-05-01T20:30:00+08:00")
        if self.limit < 1:
            raise _mistake("limit", "must be 1 or more hospitals", 3)
        if self.on is not None and self.on not in ON:
            raise _mistake("on", f"must be one of {', '.join(ON)}", "bridge")
        if self.bearing_deg is not None and not 0 <= self.bearing_deg <= 360:
            raise _mistake("bearing", "must be 0 to 360 degrees, clockwise from north", 90)


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


def _mistake(field: str, problem: str, example: object) -> InvalidRequestError:
    return InvalidRequestError(f"{field} {problem}", errors=[{"field": field, "problem": problem, "example": example}])
