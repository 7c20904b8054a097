"""What is known of the patient. Nothing here says who it is."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  pydantic reads the annotations when it runs
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt, TypeAdapter, ValidationError

from stroke_map.errors import InvalidRequestError

YesNo = Literal["yes", "no", "unknown"]
Ecg = Literal["STEMI", "no ST elevation", "not done"]
NOT_DONE: Final = "not done"
STEMI: Final = "STEMI"
NO_ST_ELEVATION: Final = "no ST elevation"
LONGEST_WAIT_MIN: Final = 1440
_MOST_ITEMS: Final = 20


class _Question(BaseModel):
    """What every condition asks.

    Attributes
    ----------
    now
        The moment of asking; every time has an offset.
    departure_min
        Minutes until the patient leaves.
    onset
        When it began; `unknown`.
    origin_hospital
        The id of the hospital where the patient is, when a hospital asks where to transfer; None: from the scene.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    now: AwareDatetime
    departure_min: Annotated[float, Field(ge=0, le=LONGEST_WAIT_MIN)] = 0.0
    age: Annotated[int, Field(ge=0, le=130)] | None = None
    airway_not_secured: StrictBool = False
    arrest_in_progress: StrictBool = False
    origin_hospital: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class StrokeQuestion(_Question):
    """A suspected stroke.

    Attributes
    ----------
    onset
        When it began, `unknown`, or `wake-up`.
    last_known_well
        When the patient was last seen well: the clock, where the onset is not known.
    scale, score, items
        A scale of `scales.toml` with its score or its items; `not done` is never taken for negative.
    setting
        Which limit on a bypass holds; None: the strictest.
    needle_at
        When thrombolysis began, where it has.
    """

    condition: Literal["stroke"] = "stroke"
    onset: AwareDatetime | Literal["unknown", "wake-up"] = "unknown"
    last_known_well: AwareDatetime | None = None
    scale: Annotated[str, Field(max_length=40)] = NOT_DONE
    score: StrictInt | None = None
    items: Mapping[Annotated[str, Field(max_length=40)], StrictInt] | None = Field(default=None, max_length=_MOST_ITEMS)
    anticoagulant: YesNo = "unknown"
    thrombolysis_contraindication: YesNo = "unknown"
    setting: Literal["urban", "suburban", "rural"] | None = None
    needle_at: AwareDatetime | None = None


class ChestPainQuestion(_Question):
    """Chest pain.

    Attributes
    ----------
    first_medical_contact
        When somebody with medical training first saw the patient; None: now.
    ecg, ecg_at
        What the 12-lead ECG shows, and when it did.
    arrest_with_rosc
        Arrest with return of circulation.
    """

    condition: Literal["chest_pain"] = "chest_pain"
    onset: AwareDatetime | Literal["unknown"] = "unknown"
    first_medical_contact: AwareDatetime | None = None
    ecg: Ecg = "not done"
    ecg_at: AwareDatetime | None = None
    shock: StrictBool = False
    arrest_with_rosc: StrictBool = False
    lysis_contraindication: YesNo = "unknown"
    suspected_dissection: StrictBool = False


PatientQuestion = StrokeQuestion | ChestPainQuestion
_ADAPTER: Final[TypeAdapter[PatientQuestion]] = TypeAdapter(
    Annotated[StrokeQuestion | ChestPainQuestion, Field(discriminator="condition")]
)
_EXAMPLES: Final[dict[str, Any]] = {
    "condition": "stroke",
    "now": "2026-05-01T20:30:00+08:00",
    "onset": "2026-05-01T19:40:00+08:00, unknown or wake-up",
    "scale": "LAMS",
    "items": {"facial_droop": 1, "arm_drift": 2, "grip_strength": 2},
    "ecg": "STEMI",
    "setting": "urban",
}


def read_question(table: Mapping[str, Any]) -> PatientQuestion:
    """A question from JSON-like values.

    Raises
    ------
    InvalidRequestError
        A field nobody knows, a wrong type, a word that is none of the choices, a time without an offset. Each is named; what was
        given is not repeated. What is only contradictory is accepted here: see `settle`.
    """
    try:
        return _ADAPTER.validate_python(dict(table))
    except ValidationError as error:
        found: dict[str, str] = {}
        for each in error.errors(include_url=False, include_input=False, include_context=False):
            # The branch of a union stands in the place of a field: `stroke.onset.constrained-str`.
            parts = [str(part) for part in each["loc"] if part not in ("stroke", "chest_pain")]
            field = parts[0] if parts else "condition"
            # The message about a union's tag repeats what was given.
            found.setdefault(field[:40], "must be stroke or chest_pain" if "union_tag" in each["type"] else each["msg"])
    errors = [{"field": field, "problem": problem, "example": _EXAMPLES.get(field)} for field, problem in found.items()]
    raise InvalidRequestError(f"{errors[0]['field']}: {errors[0]['problem']}", errors=errors)
