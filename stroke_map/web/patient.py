"""What may be told of the patient: by who may, in a body, and never in an address."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo

from stroke_map.moments import read_moment
from stroke_map.protocols import ChestPainQuestion, StrokeQuestion, read_question
from stroke_map.protocols.question import LONGEST_WAIT_MIN
from stroke_map.web.questions import Common, RouteBody, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from stroke_map.protocols import PatientQuestion

#: What each field means, and an example, for the document. What it may be stands in the room `protocols`.
_MEANING: Final[dict[str, tuple[str, Any]]] = {
    "departure_min": ("Minutes until the patient leaves, instead of `at`.", 5),
    "age": ("Years.", 70),
    "airway_not_secured": ("The airway is not secured.", False),
    "arrest_in_progress": ("The heart stands still.", False),
    "onset": ("When it began: RFC 3339, `unknown`, or for a stroke `wake-up`.", "2026-05-01T19:40:00+08:00"),
    "last_known_well": ("When the patient was last seen well.", "2026-05-01T19:40:00+08:00"),
    "scale": ("The screening scale, such as LAMS; `not done` is never taken for negative.", "LAMS"),
    "score": ("Its score.", 5),
    "items": (
        "Its items and their points, instead of the score.",
        {"facial_droop": 1, "arm_drift": 2, "grip_strength": 2},
    ),
    "anticoagulant": ("Takes an anticoagulant.", "no"),
    "thrombolysis_contraindication": ("Something forbids thrombolysis of a stroke.", "no"),
    "setting": ("What the place is like: which limit on a bypass holds; the strictest when left out.", "urban"),
    "needle_at": ("When thrombolysis began, where it has.", "2026-05-01T20:20:00+08:00"),
    "first_medical_contact": (
        "When somebody with medical training first saw the patient; now when left out.",
        "2026-05-01T20:10:00+08:00",
    ),
    "ecg": ("What the 12-lead ECG shows.", "STEMI"),
    "ecg_at": ("When it did.", "2026-05-01T20:15:00+08:00"),
    "shock": ("Cardiogenic shock.", False),
    "arrest_with_rosc": ("Arrest with return of circulation.", False),
    "lysis_contraindication": ("Something forbids fibrinolysis of an infarction.", "no"),
    "suspected_dissection": ("Pain as of a torn aorta.", False),
}
_LONGEST_WAIT: Final = timedelta(minutes=LONGEST_WAIT_MIN)
_TIMES: Final = ("onset", "last_known_well", "needle_at", "first_medical_contact", "ecg_at")
_WORDS_FOR_TIMES: Final = ("unknown", "wake-up")
#: Told by nobody who needs an answer. Refused on the public side like everything else about a patient, and never taken.
_NEVER_TAKEN: Final = frozenset(
    ("name", "patient", "sex", "age_band", "blood_pressure", "glucose", "vehicle", "call_back")
)
PATIENT_FIELDS: Final = frozenset(_MEANING) | _NEVER_TAKEN


def _documented(base: type[BaseModel], name: str, doc: str) -> type[BaseModel]:
    """`base` with every field about the patient, as the protocols room takes it."""
    fields: dict[str, Any] = {}
    for source in (StrokeQuestion, ChestPainQuestion):
        for field, info in source.model_fields.items():
            if field in _MEANING and field not in fields:
                words, example = _MEANING[field]
                meaning = Field(default=info.default, description=words, json_schema_extra={"example": example})
                fields[field] = (info.annotation, FieldInfo.merge_field_infos(info, meaning))
    return create_model(name, __base__=base, __doc__=doc, **fields)


class TransferBody(Common):
    """From which hospital a patient is to be sent on."""

    hospital: str = Field(
        description="The id of the hospital where the patient is.", json_schema_extra={"example": "cq-001"}
    )


ClinicalBody = _documented(RouteBody, "ClinicalBody", "The question, with what is known of the patient.")
ClinicalTransferBody = _documented(TransferBody, "ClinicalTransferBody", "Who is to be sent on, and from where.")


def read_patient(
    told: Mapping[str, Any], *, condition: str, at: datetime | None, zone: ZoneInfo, from_hospital: str | None = None
) -> tuple[PatientQuestion, datetime]:
    """What was told of the patient, and when he leaves.

    Parameters
    ----------
    told
        The fields about the patient; times without an offset are in `zone`.
    at
        Leaving with the patient; None: now, or as `departure_min` says. A moment that is past is taken for the present, so that
        a question can be asked again as it was.

    Raises
    ------
    InvalidRequestError
        Every mistake is named, and no value that was sent is repeated.
    """
    now = datetime.now(zone)
    fields = {name: _time(name, value, zone) if name in _TIMES else value for name, value in told.items()}
    if at is not None and "departure_min" in told:
        raise invalid([{"field": "departure_min", "problem": "says the same as `at`: give one of them", "example": 5}])
    if at is not None:
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        now = min(now, at).astimezone(zone)
        if at - now > _LONGEST_WAIT:
            raise invalid([{"field": "at", "problem": "is more than a day ahead", "example": None}])
        fields["departure_min"] = (at - now).total_seconds() / 60
    question = read_question(fields | {"condition": condition, "now": now, "origin_hospital": from_hospital})
    return question, now + timedelta(minutes=question.departure_min)


def moment_or_none(told: Any, zone: ZoneInfo) -> datetime | None:
    """When something was, where a time was told of it and not a word such as `unknown`; without an offset in `zone`.

    Raises
    ------
    InvalidRequestError
        It is neither.
    """
    time = _time("onset", told, zone)
    return time if isinstance(time, datetime) else None


def _time(name: str, value: Any, zone: ZoneInfo) -> Any:
    if value is None or value in _WORDS_FOR_TIMES:
        return value
    try:
        time = read_moment(value)
    except ValueError as error:
        raise invalid([{"field": name, "problem": str(error), "example": "2026-05-01T19:40:00+08:00"}]) from None
    return time if time.tzinfo else time.replace(tzinfo=zone)
